import { describeError, errorCode, ReportsError } from '../errors/reports-error.js';
import type { LedgerEntry } from '../warehouse/types.js';
import type { Outcome } from './context.js';

/** What became of the work, for people and machines. */
export interface WorkSummary {
  outcomes: Partial<Record<Outcome, number>>;
  /** Ledger entries committed. */
  committed: LedgerEntry[];
  /** Retryable failures met: the work stays where it came from. */
  failures: Failure[];
}

export interface Failure {
  /** What was in work: a key of the ledger, a request, a seller, a queue. */
  key: string;
  /** The seller whose work failed; null if it is not the work of one seller. */
  sellerId: string | null;
  code: string;
  message: string;
  /** What to do about it; absent for what is no error of the catalogue. */
  remedy?: string;
}

export function failureOf({ key, sellerId }: Pick<Failure, 'key' | 'sellerId'>, error: unknown): Failure {
  const remedy = error instanceof ReportsError ? { remedy: error.remedy } : {};
  return { key, sellerId, code: errorCode(error), message: describeError(error), ...remedy };
}
