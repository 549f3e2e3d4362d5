import { describeError, errorCode, knownError, remedyOf } from '../errors/reports-error.js';
import { tablesWithRejects } from '../warehouse/ledger/ledger-entry.js';
import type { LedgerEntry } from '../warehouse/types.js';

/**
 * The result of a run, for people and machines. A run may commit as many documents as the ledger
 * has, so only those that a person should look at are named.
 */
export interface WorkSummary {
  outcomes: Partial<Record<Outcome, number>>;
  /** How many documents were committed. */
  committed: number;
  /** What they loaded, by table. */
  tables: Map<string, TableSum>;
  /** Committed documents with warnings or failed checks, or without rows for a reason. */
  notable: NotableDocument[];
  /** Retryable failures: the report stays where it came from. */
  failures: Failure[];
}

export interface TableSum {
  documents: number;
  rows: number;
  /** Rejected values. */
  rejects: number;
}

export type NotableDocument = Pick<
  LedgerEntry,
  'key' | 'status' | 'documentId' | 'reportId' | 'reportType' | 'reasonCode' | 'reason' | 'warnings'
> & { failedChecks: LedgerEntry['checks'] };

export function emptySummary(): WorkSummary {
  return { outcomes: {}, committed: 0, tables: new Map(), notable: [], failures: [] };
}

/** Adds a committed document to a summary, except to its outcomes. */
export function addCommitted(summary: WorkSummary, entry: LedgerEntry): void {
  const { tables, notable } = summary;
  summary.committed += 1;
  for (const { name, rows, rejects } of tablesWithRejects(entry)) {
    const sum = tables.get(name) ?? { documents: 0, rows: 0, rejects: 0 };
    tables.set(name, {
      documents: sum.documents + 1,
      rows: sum.rows + rows,
      rejects: sum.rejects + rejects,
    });
  }
  const { key, status, documentId, reportId, reportType, reasonCode, reason, warnings, checks } = entry;
  const failedChecks = checks.filter(({ ok }) => !ok);
  if (isSetAside(entry) || warnings.length + failedChecks.length > 0) {
    const ids = { key, documentId, reportId, reportType };
    notable.push({ ...ids, status, reasonCode, reason, warnings, failedChecks });
  }
}

/** Whether a document was committed without its rows. */
export function isSetAside({ status }: Pick<LedgerEntry, 'status'>): boolean {
  return status !== 'loaded' && status !== 'empty';
}

export interface Failure {
  /** What failed: a ledger key, a request, a seller or a queue. */
  key: string;
  /** The seller whose work failed; null if it is not the work of one seller. */
  sellerId: string | null;
  code: string;
  message: string;
  /** What to do about it; absent if the error is not in the catalogue. */
  remedy?: string;
}

export function failureOf({ key, sellerId }: Pick<Failure, 'key' | 'sellerId'>, thrown: unknown): Failure {
  const error = knownError(thrown);
  return { key, sellerId, code: errorCode(error), message: describeError(error), remedy: remedyOf(error) };
}

/** What became of one message or report. */
export type Outcome =
  | 'loaded'
  | 'empty'
  | 'quarantined'
  | 'fatal'
  | 'cancelled'
  | 'skipped'
  /** Taken away by a person. */
  | 'unloaded'
  /** The ledger had it already. */
  | 'duplicate'
  /** The quota doesn't allow it in this drain; it stays on the queue. */
  | 'deferred'
  /** A retryable failure; it stays on the queue. */
  | 'failed';
