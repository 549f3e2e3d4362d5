import { describeError, errorCode, ReportsError } from '../errors/reports-error.js';
import type { LedgerEntry } from '../warehouse/types.js';

/** What became of the work, for people and machines. */
export interface WorkSummary {
  outcomes: Partial<Record<Outcome, number>>;
  /** Ledger entries committed. */
  committed: LedgerEntry[];
  /** Retryable failures met: the work stays where it came from. */
  failures: Failure[];
}

export interface Failure {
  /** What was in work: a key of the ledger, a seller, a queue. */
  key: string;
  code: string;
  message: string;
  /** What to do about it; absent for what is no error of the catalogue. */
  remedy?: string;
}

export function failureOf(key: string, error: unknown): Failure {
  const remedy = error instanceof ReportsError ? { remedy: error.remedy } : {};
  return { key, code: errorCode(error), message: describeError(error), ...remedy };
}

/** What became of one message or report. */
export type Outcome =
  | 'loaded'
  | 'empty'
  | 'quarantined'
  | 'fatal'
  | 'cancelled'
  | 'skipped'
  /** The ledger had it already. */
  | 'duplicate'
  /** The quota doesn't allow it in this drain; it stays on the queue. */
  | 'deferred'
  /** A retryable failure; it stays on the queue. */
  | 'failed';
