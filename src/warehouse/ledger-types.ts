import type { FileDigest } from '../files/file-digest.js';
import type { Warning } from '../errors/warnings.js';
import type { CheckResult } from '../schema/document-checks.js';
import type { TableDrift } from '../schema/drift.js';
import type { Decision } from '../schema/findings.js';

/**
 * `unloaded`: a person took the document's rows away. Nothing loads it again by itself.
 */
export type LoadStatus = 'loaded' | 'empty' | 'quarantined' | 'fatal' | 'cancelled' | 'skipped' | 'unloaded';

/** One row of the ledger, the table `_loads`. Times are ISO 8601 in UTC. */
export interface LedgerEntry {
  /**
   * Unique: `<seller>/<document>`, otherwise `<seller>/report/<report>` or `message/<id>`. See
   * `ledgerKey`.
   */
  key: string;
  status: LoadStatus;
  sellerId: string | null;
  documentId: string | null;
  reportId: string | null;
  reportType: string | null;
  marketplaceIds: string[];
  dataStart: string | null;
  dataEnd: string | null;
  reportCreatedAt: string | null;
  /** The error code of quarantined, fatal and cancelled entries. */
  reasonCode: string | null;
  reason: string | null;
  /** Schema drift and other findings that a person may want to see. */
  notes: string[];
  /** What a person should look at although the document was loaded. */
  warnings: Warning[];
  /** What was decided for the document as a whole, and why. */
  decisions: Decision[];
  /**
   * Rows per table, as parsed: 0 for a document with a header only, no table for one without any
   * text. `rejects` counts the rejected values of the table, if there are any. The warehouse adds
   * the drift and `superseded`: how many of the rows were left out because a newer report has them.
   */
  tables: LedgerTable[];
  /** Rejected values of all tables. */
  rejects: number;
  /** Totals that the document states, compared with its rows; failed checks come first. */
  checks: CheckResult[];
  rawPath: string | null;
  rawBytes: number | null;
  /**
   * SHA-256 of the raw bytes as they were written; null for those from before hashes were recorded.
   */
  rawSha256: string | null;
  /** Its Parquet files as they were written; empty for a load from before hashes were recorded. */
  files: LakeFile[];
  textBytes: number | null;
  charset: string | null;
  dialect: Record<string, unknown> | null;
  engine: string | null;
  pipeline: string | null;
  /** The message body, if nothing else would keep it: unreadable notifications, unknown sellers. */
  body: string | null;
  durationMs: number | null;
}

/** What a document loaded into one table. */
export interface LedgerTable extends TableDrift {
  name: string;
  rows: number;
  rejects?: number;
  superseded?: number;
  /** Numeric columns with a header in which every value is NULL or zero. */
  emptyMeasures?: string[];
  /** Whether these are all the numeric columns. */
  allMeasuresEmpty?: true;
}

/** A Parquet file of the lake. */
export interface LakeFile extends FileDigest {
  /** Relative to the lake folder, with `/` on every system. */
  path: string;
}

/** An entry as read back from the ledger. */
export interface LedgerRow extends LedgerEntry {
  loadedAt: string;
}

export interface LedgerFilter {
  statuses?: LoadStatus[];
  reportType?: string;
  sellerId?: string;
  /** Document id, report id or table name. */
  documentOrTable?: string;
  /** Keeps documents with at least one warning. */
  withWarnings?: boolean;
  /**
   * Keeps documents whose data ends at this time or later, ISO 8601. Drops those without a data
   * end.
   */
  dataEndSince?: string;
  /**
   * Keeps documents whose report was created at this time or later, ISO 8601. Drops documents from
   * disk without a creation time.
   */
  createdSince?: string;
  /**
   * Keeps documents whose report was created before this time, ISO 8601, or that were loaded before
   * it if nothing says when.
   */
  madeBefore?: string;
  /** Keeps rows that were loaded before this time, ISO 8601. */
  loadedBefore?: string;
  /** Keeps rows that were loaded at this time or later, ISO 8601. */
  loadedSince?: string;
  /**
   * Keeps rows that were loaded after this one, and sorts the oldest load first: the last row of a
   * page is where the next one starts. Rows of one time are sorted by key.
   */
  after?: Pick<LedgerRow, 'loadedAt' | 'key'>;
  limit?: number;
}

/** The fields that can be read without the others. */
export type LedgerField = keyof LedgerRow;

/**
 * The ledger's key of a document, or of a report without one. Ids are unique only together with the
 * seller.
 */
export function ledgerKey(id: {
  sellerId: string;
  documentId?: string | null;
  reportId?: string | null;
}): string {
  return id.documentId ? `${id.sellerId}/${id.documentId}` : `${id.sellerId}/report/${id.reportId}`;
}

/**
 * Ledger rows by key: each row answers to its own key and to that of its report without a document.
 * If several rows answer to a key, the last one counts.
 */
export function rowsByKeys(rows: LedgerRow[], keys: string[]): Map<string, LedgerRow> {
  const wanted = new Set(keys);
  const found = new Map<string, LedgerRow>();
  for (const row of rows) {
    const { key, sellerId, reportId } = row;
    const keysOfRow = [key, ...(sellerId && reportId ? [ledgerKey({ sellerId, reportId })] : [])];
    for (const each of keysOfRow) if (wanted.has(each)) found.set(each, row);
  }
  return found;
}
