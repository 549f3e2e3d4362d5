import { describeError, errorCode, knownError, remedyOf } from '../errors/reports-error.js';
import type { LedgerEntry } from '../warehouse/types.js';

/** The result of a run, for people and machines. */
export interface WorkSummary {
  outcomes: Partial<Record<Outcome, number>>;
  /** Ledger entries committed. */
  committed: LedgerEntry[];
  /** Retryable failures: the report stays where it came from. */
  failures: Failure[];
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
  /** The ledger had it already. */
  | 'duplicate'
  /** The quota doesn't allow it in this drain; it stays on the queue. */
  | 'deferred'
  /** A retryable failure; it stays on the queue. */
  | 'failed';
