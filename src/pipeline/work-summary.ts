import type { LedgerEntry } from '../warehouse/types.js';
import type { Outcome } from './context.js';

/** What became of the work, for people and machines. */
export interface WorkSummary {
  outcomes: Partial<Record<Outcome, number>>;
  /** Ledger entries committed. */
  committed: LedgerEntry[];
  /** Retryable failures met: the work stays where it came from. */
  failures: { key: string; code: string; message: string }[];
}
