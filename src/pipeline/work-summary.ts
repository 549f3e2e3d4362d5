import { describeError, errorCode, knownError, ReportsError } from '../errors.js';
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
  /** What was in work: a key of the ledger, a seller, a queue. */
  key: string;
  code: string;
  message: string;
  /** What to do about it; absent for what is no error of the catalogue. */
  remedy?: string;
}

export function failureOf(key: string, thrown: unknown): Failure {
  const error = knownError(thrown);
  const remedy = error instanceof ReportsError ? { remedy: error.remedy } : {};
  return { key, code: errorCode(error), message: describeError(error), ...remedy };
}
