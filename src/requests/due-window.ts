import type { Window } from './windows.js';

/**
 * Why a window is due. `new`: the newest window, of which no report has failed. `older`: the same
 * for a window that has a newer one. `retry`: a report of it failed, or a retry was forced.
 * `refresh`: the ledger has a report of it, and Amazon may have restated the data since.
 * `fan-out`: a part of a window, of which no report has failed.
 */
export type DueReason = 'new' | 'older' | 'retry' | 'refresh' | 'fan-out';

/** A window to request. */
export interface DueWindow extends Window {
  reason: DueReason;
  /** Of a part: its place among the parts of its request; 0 is the first. */
  rank?: number;
}
