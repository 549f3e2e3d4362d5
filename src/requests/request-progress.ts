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
import type { Window } from './windows.js';

/** Abandoned windows that are remembered. */
const maxAbandoned = 100;

/** A window that failed too often. Times are ISO 8601. */
export interface AbandonedWindow {
  start: string;
  end: string;
  /** When it was abandoned. */
  at: string;
  /** What Amazon said at last. */
  found: string;
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
  /** Sorted by start. */
  windows: WindowRecord[];
  abandoned: AbandonedWindow[];
  lastRequestedAt?: string;
  /** The calls of createReport of the last day, oldest first. */
  calls?: Attempt[];
  /** When the newest report that answered a window was created. */
  lastAnsweredAt?: string;
  refusal?: Refusal;
  outage?: Outage;
}

/** Amazon refused the last call, and would refuse the same call again. Times are ISO 8601. */
export interface Refusal {
  /** In a row. */
  times: number;
  /** The first of them. */
  since: string;
  /** The last of them. */
  at: string;
  /** Until then only a person requests it. */
  retryAt: string;
  found: string;
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

export function windowRecord(
  { windows }: RequestProgress,
  { startMs, endMs }: Window,
): WindowRecord | undefined {
  const [start, end] = [startMs, endMs].map((ms) => new Date(ms).toISOString());
  return windows.find((record) => record.start === start && record.end === end);
}

/** The version of a window for compare-and-set; 0 if nothing is stored about it. */
export function windowVersion(progress: RequestProgress, window: Window): number {
  return windowRecord(progress, window)?.version ?? 0;
}

/** Applies an event to one window. Returns the same object if it changes nothing. */
export function applyToWindow(
  progress: RequestProgress,
  window: Window,
  event: WindowEvent,
  nowMs: number,
): RequestProgress {
  const version = progress.version + 1;
  const held = windowRecord(progress, window);
  const before: WindowRecord = held ?? {
    start: new Date(window.startMs).toISOString(),
    end: new Date(window.endMs).toISOString(),
    state: 'due',
    version,
    attempts: [],
  };
  const after = nextWindow(before, event, nowMs);
  if (after === before) return progress;
  const others = progress.windows.filter((record) => record !== held);
  const windows = [...others, { ...after, version }]
    .filter(isWorthStoring)
    .sort((a, b) => (a.start < b.start ? -1 : 1));
  const lastAnsweredAt =
    event.type === 'report-loaded'
      ? later(progress.lastAnsweredAt, event.createdAt)
      : progress.lastAnsweredAt;
  return changed(progress, { windows, lastAnsweredAt });
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

export function windowOf({ start, end }: Pick<WindowRecord, 'start' | 'end'>): Window {
  return { startMs: Date.parse(start), endMs: Date.parse(end) };
}

/**
 * Moves `doneUntil` past windows that have data or are closed, up to the first one that is neither.
 * Removes the closed ones among them; the others are stored until their last refresh. Adds windows
 * that were abandoned since the last time to the list of abandoned ones.
 */
export function removeClosed(progress: RequestProgress, nowMs: number): RequestProgress {
  let { doneUntil, abandoned } = progress;
  const version = progress.version + 1;
  const kept: WindowRecord[] = [];
  for (const record of progress.windows) {
    const { start, end, state, reportedAt, attempts } = record;
    const isNew = state === 'abandoned' && reportedAt === undefined;
    const at = new Date(nowMs).toISOString();
    if (isNew) {
      const found = attempts.at(-1)?.failed ?? 'failed';
      abandoned = [...abandoned, { start, end, at, found }].slice(-maxAbandoned);
    }
    // Windows wait until the older ones are done. Snapshots do not.
    const isDone = (isClosed(record) || hasData(record)) && (start <= doneUntil || start === end);
    if (isDone && end > doneUntil) doneUntil = end;
    if (!isDone || !isClosed(record)) kept.push(isNew ? { ...record, version, reportedAt: at } : record);
  }
  // A newer snapshot makes an older one useless.
  const isOutdated = ({ start, end, forcedAt }: WindowRecord) =>
    start === end && start <= doneUntil && forcedAt === undefined;
  const windows = kept.filter((record) => !isOutdated(record));
  const isSame =
    doneUntil === progress.doneUntil &&
    abandoned === progress.abandoned &&
    windows.length === progress.windows.length;
  return isSame ? progress : changed(progress, { doneUntil, abandoned, windows });
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
  const [begin = progress.begin] = [progress.begin, ...starts].sort();
  return windows.reduce<RequestProgress>(
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
