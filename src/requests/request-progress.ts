import {
  type Attempt,
  backoffAfter,
  hasData,
  isClosed,
  isInFlight,
  nextWindow,
  type WindowEvent,
  type WindowRecord,
} from './window-states.js';
import { byStart, type FanOut, isOpenPart, withOpenPart } from './fan-out.js';
import { isoTimes, type Window } from './windows.js';

/** Abandoned windows that are remembered. */
export const maxAbandoned = 100;

/** A window that failed too often. Times are ISO 8601. */
export interface AbandonedWindow {
  start: string;
  end: string;
  /** If only one part of the window failed: its items. */
  items?: string;
  /** When it was abandoned. */
  at: string;
  /** What Amazon said at last. */
  found: string;
  /** If its reports did not fail: how many of its parts were never requested. */
  partsLeft?: number;
}

/**
 * How far one request has come. Every change raises `version` and stores it in the windows that
 * changed, so that a process can tell whether another one changed a window in the meantime.
 * Times are ISO 8601.
 */
export interface RequestProgress {
  version: number;
  sellerId: string;
  reportType: string;
  /** The beginning of its first window. */
  begin: string;
  /** All windows before this have data or are closed. */
  doneUntil: string;
  /** The highest age up to which windows are stored for refreshes, in milliseconds. */
  maxAgeMs?: number;
  /** Sorted by start. Of a window in `fanOuts`, its parts. */
  windows: WindowRecord[];
  abandoned: AbandonedWindow[];
  /** The windows that are divided into parts, until all parts are closed. Sorted by start. */
  fanOuts?: FanOut[];
  /** Into how many parts the last window was divided. */
  partsPerWindow?: number;
  lastRequestedAt?: string;
  /** The calls of createReport of the last day, oldest first. */
  calls?: Attempt[];
  /** When the newest report that answered a window was created. */
  lastAnsweredAt?: string;
  refusal?: Refusal;
  unanswered?: Unanswered;
  outage?: Outage;
}

/**
 * Cycles in a row that could not request anything, because Amazon did not answer: 5xx, or no
 * connection. Times are ISO 8601.
 */
export interface Unanswered {
  times: number;
  /** The first of them. */
  since: string;
  /** The last of them. */
  at: string;
  found: string;
}

/** Amazon refused the last call, and would refuse the same call again. Times are ISO 8601. */
export interface Refusal extends Unanswered {
  /** Until then only a person requests it. */
  retryAt: string;
}

/**
 * Amazon fails a request whatever the window: FATAL, refused, or never finished. Times are ISO
 * 8601.
 */
export interface Outage {
  /** The first failure since the last report that Amazon made. */
  since: string;
  /** The last failure of this request. */
  at: string;
  /** What Amazon said about it. */
  found: string;
  /** Whether all requests of the report type fail, of whichever seller. */
  isOfType: boolean;
}

/**
 * The progress of a request that has none yet. Versions begin at the current time, so that state
 * which was lost and begun again never repeats a version.
 */
export function beginProgress(
  { sellerId, reportType }: Pick<RequestProgress, 'sellerId' | 'reportType'>,
  beginMs: number,
  nowMs: number,
): RequestProgress {
  const begin = new Date(beginMs).toISOString();
  return { version: nowMs, sellerId, reportType, begin, doneUntil: begin, windows: [], abandoned: [] };
}

/** Applies changes to a request: a new version. */
export function changed(progress: RequestProgress, changes: Partial<RequestProgress>): RequestProgress {
  return { ...progress, ...changes, version: progress.version + 1 };
}

export function windowRecord({ windows }: RequestProgress, window: Window): WindowRecord | undefined {
  const { start, end } = isoTimes(window);
  return windows.find(
    (record) => record.start === start && record.end === end && record.items === window.items,
  );
}

/** The version of a window for compare-and-set; 0 if nothing is stored about it. */
export function windowVersion(progress: RequestProgress, window: Window): number {
  return windowRecord(progress, window)?.version ?? 0;
}

/**
 * Applies an event to one window, or to one part of a window. Returns the same object if it changes
 * nothing. Of a part that is closed, only a forced retry changes something.
 */
export function applyToWindow(
  progress: RequestProgress,
  window: Window,
  event: WindowEvent,
  nowMs: number,
): RequestProgress {
  const version = progress.version + 1;
  const { items } = window;
  const isForced = event.type === 'retry-forced' && items !== undefined;
  const fanOuts = isForced ? withOpenPart(progress.fanOuts, window) : progress.fanOuts;
  if (items !== undefined && !isOpenPart(fanOuts, window)) return progress;
  const held = windowRecord(progress, window);
  const before: WindowRecord = held ?? {
    ...isoTimes(window),
    items,
    state: 'due',
    version,
    attempts: [],
  };
  const after = nextWindow(before, event, nowMs);
  if (after === before) return progress;
  const others = progress.windows.filter((record) => record !== held);
  const windows = byStart([...others, { ...after, version }].filter(isWorthStoring));
  const lastAnsweredAt =
    event.type === 'report-loaded'
      ? later(progress.lastAnsweredAt, event.createdAt)
      : progress.lastAnsweredAt;
  const unanswered = event.type === 'report-created' ? undefined : progress.unanswered;
  return changed(progress, { windows, lastAnsweredAt, unanswered, fanOuts });
}

function later(a: string | undefined, b: string): string {
  return a !== undefined && Date.parse(a) > Date.parse(b) ? a : b;
}

/** Applies to each window the event that `eventOf` returns for it, if any. */
export function applyToWindows(
  progress: RequestProgress,
  eventOf: (record: WindowRecord) => WindowEvent | undefined,
  nowMs: number,
): RequestProgress {
  return progress.windows.reduce((held, record) => {
    const event = eventOf(record);
    return event ? applyToWindow(held, windowOf(record), event, nowMs) : held;
  }, progress);
}

export function windowOf({ start, end, items }: Pick<WindowRecord, 'start' | 'end' | 'items'>): Window {
  return { startMs: Date.parse(start), endMs: Date.parse(end), items };
}

/** Makes everything due again that failed, was abandoned or was refused. */
export function forceRetries(progress: RequestProgress, nowMs: number): RequestProgress {
  const { refusal: _, ...rest } = progress;
  const windows = [...progress.windows, ...progress.abandoned].map(windowOf);
  return windows.reduce<RequestProgress>(
    (held, window) => applyToWindow(held, window, { type: 'retry-forced' }, nowMs),
    changed(rest, { abandoned: [] }),
  );
}

/**
 * Makes windows due that are missing or were abandoned; the request begins with the first of them.
 */
export function fillGaps(progress: RequestProgress, windows: Window[], nowMs: number): RequestProgress {
  const starts = windows.map(({ startMs }) => new Date(startMs).toISOString());
  const abandoned = progress.abandoned.filter(({ start }) => !starts.includes(start));
  // Of a window some of whose parts failed, only those are missing.
  const parts = progress.abandoned.filter(
    ({ start, items }) => items !== undefined && starts.includes(start),
  );
  const whole = windows.filter(({ startMs }) => !parts.some(({ start }) => Date.parse(start) === startMs));
  const [begin = progress.begin] = [progress.begin, ...starts].sort();
  return [...whole, ...parts.map(windowOf)].reduce<RequestProgress>(
    (held, window) => applyToWindow(held, window, { type: 'retry-forced' }, nowMs),
    changed(progress, { abandoned, begin }),
  );
}

/** Records that Amazon refused a request. `found`: what Amazon said. */
export function refuse(progress: RequestProgress, found: string, nowMs: number): RequestProgress {
  const { times = 0, since } = progress.refusal ?? {};
  const at = new Date(nowMs).toISOString();
  return changed(progress, { refusal: refusalOf({ times: times + 1, since: since ?? at, at, found }) });
}

/** Records that Amazon did not answer. `found`: what happened instead. */
export function noteUnanswered(progress: RequestProgress, found: string, nowMs: number): RequestProgress {
  const at = new Date(nowMs).toISOString();
  const { times = 0, since = at } = progress.unanswered ?? {};
  return changed(progress, { unanswered: { times: times + 1, since, at, found } });
}

/** A refused request backs off as failed windows do, but is never abandoned. */
export function refusalOf(refusal: Omit<Refusal, 'retryAt'>): Refusal {
  const retryMs = Date.parse(refusal.at) + backoffAfter(refusal.times);
  return { ...refusal, retryAt: new Date(retryMs).toISOString() };
}

/** Whether Amazon refused the request and the wait is not over. */
export function isRefused({ refusal }: Pick<RequestProgress, 'refusal'>, nowMs: number): boolean {
  return refusal !== undefined && nowMs < Date.parse(refusal.retryAt);
}

/** Reports that are not loaded yet; and windows, or a refused request, that will be retried. */
export function countOpen(
  progress: RequestProgress,
  nowMs: number,
): { inFlight: number; backingOff: number } {
  const inFlight = progress.windows.filter((record) => isInFlight(record, nowMs)).length;
  const backingOff = progress.windows.filter(({ state }) => state === 'backing-off').length;
  return { inFlight, backingOff: backingOff + (isRefused(progress, nowMs) ? 1 : 0) };
}

/** Reports that Amazon is making, with the time of their request. */
export function requestedReports({ windows }: RequestProgress): { reportId: string; atMs: number }[] {
  return windows.flatMap(({ state, attempts }) => {
    const { reportId, at = '' } = attempts.at(-1) ?? {};
    return state === 'requested' && reportId !== undefined ? [{ reportId, atMs: Date.parse(at) }] : [];
  });
}

/** All reports of open windows: even one that was taken for failed may still be finished. */
export function openReportIds({ windows }: RequestProgress): string[] {
  return windows.flatMap((record) =>
    isClosed(record) ? [] : record.attempts.flatMap(({ reportId }) => reportId ?? []),
  );
}

/** A due window is stored only if something else is known about it. */
function isWorthStoring(record: WindowRecord): boolean {
  const { state, attempts, forcedAt } = record;
  return state !== 'due' || attempts.length > 0 || forcedAt !== undefined || hasData(record);
}
