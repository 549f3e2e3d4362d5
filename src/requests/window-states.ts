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
 * | any pending | report-created | requested   | createReport or getReports returned the report   |
 * | requested   | report-failed  | backing-off | FATAL, or never finished                         |
 * | backing-off | time-passed    | due         | `retryAt` is reached                             |
 * | backing-off | given-up       | abandoned   | it failed too often, and has no data             |
 * | backing-off | given-up       | settling    | a refresh failed too often: there is older data  |
 * | any open    | report-loaded  | settling    | the ledger has a report of the window            |
 * | settling    | refresh-due    | due         | the window has reached an age                    |
 * | due *       | refresh-due    | due         | it has reached one more age: newer data is due   |
 * | backing-off*| refresh-due    | backing-off | the same                                         |
 * | due *       | refresh-later  | settling    | the settings no longer want this refresh         |
 * | backing-off*| refresh-later  | settling    | the same                                         |
 * | settling    | refresh-over   | answered    | it has reached its last age                      |
 * | due *       | refresh-over   | answered    | the settings want no refresh any more            |
 * | backing-off*| refresh-over   | answered    | the same                                         |
 * | due         | retry-forced   | due         | `--again`: earlier attempts no longer count      |
 * | backing-off | retry-forced   | due         | the same                                         |
 * | abandoned   | retry-forced   | due         | the same                                         |
 * | settling    | retry-forced   | due         | the same, if its last refresh was given up       |
 *
 * Pending states are due, unconfirmed, requested and backing-off; with settling, they are the open
 * ones. Answered and abandoned are closed. `*`: only a window that has data (`answeredAt`).
 */
export type WindowState =
  | 'due'
  | 'unconfirmed'
  | 'requested'
  | 'backing-off'
  | 'settling'
  | 'answered'
  | 'abandoned';

export type WindowEvent =
  | { type: 'attempted' }
  | { type: 'not-created' }
  /** `at`: when the attempt was recorded, or when Amazon created the report; ISO 8601. */
  | { type: 'report-created'; reportId: string; at: string }
  /** `found`: what Amazon says about the failure. */
  | { type: 'report-failed'; reportId: string; found: string }
  | { type: 'given-up' }
  | ({ type: 'report-loaded' } & Answer)
  /** `since`: only a report that is created since then has the data that is due; ISO 8601. */
  | { type: 'refresh-due'; since: string }
  | { type: 'refresh-later' }
  | { type: 'refresh-over' }
  | { type: 'time-passed' }
  | { type: 'retry-forced' };

/** A report of a window in the ledger. */
export interface Answer {
  /** When Amazon created it, in ISO 8601. */
  createdAt: string;
  /** Whether it has no data: no rows, or nothing but zeros. Amazon may not have had them yet. */
  isEmpty: boolean;
}

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
  /** Of one part of a window: its items, as the option takes them. */
  items?: string;
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
  /** When the newest report of the window was created, if the ledger has one. */
  answeredAt?: string;
  /** Whether that report has no data. */
  isEmpty?: true;
  /** Of a refresh: only a report that is created since then counts. */
  refreshAt?: string;
  /** The last attempt at a refresh that was given up: the window waits for its next age. */
  skippedAt?: string;
}

/** Waits after the first, second and third failed attempt, and after each later one. */
const backoffMs = [hourMs, 4 * hourMs, 24 * hourMs] as const;

/** A window that failed so often is given up, unless there is a reason to be patient. */
export const maxFailures = backoffMs.length + 1;

/** The clocks of Amazon and of this machine differ by no more than this. */
export const maxClockSkewMs = 120_000;

/** Amazon makes a report in minutes, sometimes in a day. */
export const maxProcessingMs = 3 * 24 * hourMs;

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
      if (state === 'settling' || attempts.some((attempt) => attempt.reportId === reportId)) return record;
      return inState(record, 'requested', [...settledAttempts(record), { at, reportId }]);
    }
    case 'report-failed':
      return failAttempt(record, event);
    case 'given-up': {
      if (state !== 'backing-off') return record;
      const skippedAt = attempts.at(-1)?.at;
      return hasData(record) ? settled({ ...record, skippedAt }) : inState(record, 'abandoned', attempts);
    }
    case 'report-loaded':
      return answer(record, event);
    case 'time-passed': {
      const isWaiting = state === 'backing-off' && nowMs < Date.parse(record.retryAt ?? '');
      return state !== 'backing-off' || isWaiting ? record : inState(record, 'due', attempts);
    }
    case 'refresh-due': {
      const { since: refreshAt } = event;
      if (state === 'settling') return { ...record, state: 'due', refreshAt };
      return isUnsent(record) && record.refreshAt !== refreshAt ? { ...record, refreshAt } : record;
    }
    case 'refresh-later':
      return isUnsent(record) ? settled(record) : record;
    case 'refresh-over':
      return state === 'settling' || isUnsent(record) ? { ...settled(record), state: 'answered' } : record;
  }
}

/** Whether the ledger has a report of a window that may be requested again. */
export function hasData({ answeredAt }: Pick<WindowRecord, 'answeredAt'>): boolean {
  return answeredAt !== undefined;
}

/** Whether a report of a window failed, or a retry of it was forced. */
export function hasFailed({ attempts, forcedAt }: Pick<WindowRecord, 'attempts' | 'forcedAt'>): boolean {
  return forcedAt !== undefined || attempts.some(({ failed }) => failed !== undefined);
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
  const retryMs = Date.parse(attempts.at(-1)?.at ?? '') + backoffAfter(attempts.length);
  return { ...inState(record, 'backing-off', attempts), retryAt: new Date(retryMs).toISOString() };
}

/** How long to wait after that many failures in a row, in milliseconds. */
export function backoffAfter(failures: number): number {
  return backoffMs[failures - 1] ?? Math.max(...backoffMs);
}

/** The newest report counts: an older one may be found, or loaded, after it. */
function answer(record: WindowRecord, { createdAt, isEmpty }: Answer): WindowRecord {
  const { answeredAt = '' } = record;
  if (Date.parse(createdAt) <= Date.parse(answeredAt)) {
    return record.state === 'settling' ? record : settled(record);
  }
  return {
    ...settled({ ...record, skippedAt: undefined }),
    answeredAt: createdAt,
    isEmpty: isEmpty || undefined,
  };
}

/** A window with data waits for its next age. The attempts that led there no longer matter. */
function settled(record: WindowRecord): WindowRecord {
  const { start, end, items, version, answeredAt, isEmpty, skippedAt } = record;
  return { start, end, items, version, state: 'settling', attempts: [], answeredAt, isEmpty, skippedAt };
}

/** Whether a refresh is due or backs off: no report of it may still come. */
function isUnsent(record: WindowRecord): boolean {
  return hasData(record) && (record.state === 'due' || record.state === 'backing-off');
}

function forceRetry(record: WindowRecord, nowMs: number): WindowRecord {
  const { start, end, items, version, state, answeredAt, isEmpty, refreshAt, skippedAt } = record;
  const isGivenUp = state === 'abandoned' || (state === 'settling' && skippedAt !== undefined);
  if (state !== 'due' && state !== 'backing-off' && !isGivenUp) return record;
  const forcedAt = new Date(nowMs).toISOString();
  return { start, end, items, version, state: 'due', attempts: [], forcedAt, answeredAt, isEmpty, refreshAt };
}

function inState({ retryAt: _, ...record }: WindowRecord, state: WindowState, attempts: Attempt[]) {
  return { ...record, state, attempts };
}
