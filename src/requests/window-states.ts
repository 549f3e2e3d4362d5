const hourMs = 3_600_000;

/**
 * The states of a window, and every transition between them. A window without a record is `due`.
 * An event that the table does not list for a state leaves the window as it is.
 *
 * | state       | event          | next state  | why                                              |
 * | ----------- | -------------- | ----------- | ------------------------------------------------ |
 * | due         | attempted      | unconfirmed | recorded before createReport is called           |
 * | unconfirmed | attempted      | unconfirmed | the call has its quota now: the time is updated  |
 * | unconfirmed | not-created    | due         | Amazon made no report of the attempt             |
 * | any open    | report-created | requested   | createReport or getReports returned the report   |
 * | requested   | report-failed  | backing-off | FATAL, or never finished; attempts 1 to 3        |
 * | requested   | report-failed  | abandoned   | the same after attempt 4                         |
 * | backing-off | time-passed    | due         | `retryAt` is reached                             |
 * | any open    | report-loaded  | answered    | the ledger has a report of the window            |
 * | due         | retry-forced   | due         | `--again`: earlier attempts no longer count      |
 * | backing-off | retry-forced   | due         | the same                                         |
 * | abandoned   | retry-forced   | due         | the same                                         |
 *
 * Open states are due, unconfirmed, requested and backing-off; answered and abandoned are closed.
 */
export type WindowState = 'due' | 'unconfirmed' | 'requested' | 'backing-off' | 'answered' | 'abandoned';

export type WindowEvent =
  | { type: 'attempted' }
  | { type: 'not-created' }
  /** `at`: when the attempt was recorded, or when Amazon created the report; ISO 8601. */
  | { type: 'report-created'; reportId: string; at: string }
  /** `found`: what Amazon says about the failure. */
  | { type: 'report-failed'; reportId: string; found: string }
  | { type: 'report-loaded' }
  | { type: 'time-passed' }
  | { type: 'retry-forced' };

/** One call of createReport. Times are ISO 8601. */
export interface Attempt {
  at: string;
  /** Absent while nobody knows whether Amazon created a report. */
  reportId?: string;
  /** Why the report failed. */
  failed?: string;
}

/** What is stored about a window. Times are ISO 8601. */
export interface WindowRecord {
  start: string;
  /** The same as `start` for a snapshot report, which has no period. */
  end: string;
  state: WindowState;
  /** The version of the request when this window changed last: see `RequestProgress`. */
  version: number;
  /** Oldest first. Only the last one can be open. */
  attempts: Attempt[];
  /** When a window that is backing off is due again. */
  retryAt?: string;
  /** When a retry was forced: older reports do not answer the window. */
  forcedAt?: string;
  /** When its abandonment was reported. */
  reportedAt?: string;
}

/** Waits after the first, second and third failed attempt. A fourth failure is final. */
export const backoffMs = [hourMs, 4 * hourMs, 24 * hourMs] as const;

/** If the response of createReport was lost, getReports shows the report after this long. */
const listedAfterMs = 600_000;

/** Returns the window after an event: the same object if the event changes nothing. */
export function nextWindow(record: WindowRecord, event: WindowEvent, nowMs: number): WindowRecord {
  if (event.type === 'retry-forced') return forceRetry(record, nowMs);
  if (isClosed(record)) return record;
  const { state, attempts } = record;
  switch (event.type) {
    case 'attempted': {
      if (state !== 'due' && state !== 'unconfirmed') return record;
      const at = new Date(nowMs).toISOString();
      return inState(record, 'unconfirmed', [...settledAttempts(record), { at }]);
    }
    case 'not-created':
      return state === 'unconfirmed' ? inState(record, 'due', settledAttempts(record)) : record;
    case 'report-created': {
      const { reportId, at } = event;
      if (attempts.some((attempt) => attempt.reportId === reportId)) return record;
      return inState(record, 'requested', [...settledAttempts(record), { at, reportId }]);
    }
    case 'report-failed':
      return failAttempt(record, event);
    case 'report-loaded':
      return inState(record, 'answered', attempts);
    case 'time-passed': {
      const isWaiting = state === 'backing-off' && nowMs < Date.parse(record.retryAt ?? '');
      return state !== 'backing-off' || isWaiting ? record : inState(record, 'due', attempts);
    }
  }
}

/** Whether nothing more is to be done about a window. */
export function isClosed({ state }: Pick<WindowRecord, 'state'>): boolean {
  return state === 'answered' || state === 'abandoned';
}

/** Whether a window is to be requested, after a look at Amazon's reports if it is unconfirmed. */
export function isDue(record: WindowRecord, nowMs: number): boolean {
  return record.state === 'due' || (record.state === 'unconfirmed' && isListed(record, nowMs));
}

/** Whether Amazon is making a report of the window, or may be. */
export function isInFlight(record: WindowRecord, nowMs: number): boolean {
  return record.state === 'requested' || (record.state === 'unconfirmed' && !isListed(record, nowMs));
}

/** The last attempt at a window if nobody knows yet whether Amazon created a report. */
export function unconfirmedAttempt(record: WindowRecord | undefined): Attempt | undefined {
  return record?.state === 'unconfirmed' ? record.attempts.at(-1) : undefined;
}

function isListed(record: WindowRecord, nowMs: number): boolean {
  return nowMs - Date.parse(unconfirmedAttempt(record)?.at ?? '') >= listedAfterMs;
}

function settledAttempts(record: WindowRecord): Attempt[] {
  return record.state === 'unconfirmed' ? record.attempts.slice(0, -1) : record.attempts;
}

function failAttempt(record: WindowRecord, { reportId, found }: { reportId: string; found: string }) {
  const last = record.attempts.at(-1);
  if (record.state !== 'requested' || last?.reportId !== reportId) return record;
  return failedWindow({ ...record, attempts: [...record.attempts.slice(0, -1), { ...last, failed: found }] });
}

/** Puts a window whose last attempt failed into its state. The wait begins with that attempt. */
export function failedWindow(record: WindowRecord): WindowRecord {
  const { attempts } = record;
  const waitMs = backoffMs[attempts.length - 1];
  if (waitMs === undefined) return inState(record, 'abandoned', attempts);
  const retryMs = Date.parse(attempts.at(-1)?.at ?? '') + waitMs;
  return { ...inState(record, 'backing-off', attempts), retryAt: new Date(retryMs).toISOString() };
}

function forceRetry(record: WindowRecord, nowMs: number): WindowRecord {
  const { start, end, version, state } = record;
  if (state !== 'due' && state !== 'backing-off' && state !== 'abandoned') return record;
  return { start, end, version, state: 'due', attempts: [], forcedAt: new Date(nowMs).toISOString() };
}

function inState({ retryAt: _, ...record }: WindowRecord, state: WindowState, attempts: Attempt[]) {
  return { ...record, state, attempts };
}
