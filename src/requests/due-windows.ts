import type { LedgerRow } from '../warehouse/types.js';
import { beforeMs, type Span } from '../yaml/span.js';
import { byStart } from './fan-out.js';
import { type AnsweringReport, answerOf, type Evidence, newestAnswer } from './ledger-answers.js';
import { type RefreshRules, refreshEvent } from './refresh-rules.js';
import { isGivenUp, lastFailedMs, updateOutage } from './outage.js';
import type { RequestPlan } from './request-plans.js';
import {
  applyToWindow,
  applyToWindows,
  beginProgress,
  changed,
  isRefused,
  type RequestProgress,
  windowOf,
} from './request-progress.js';
import {
  hasData,
  hasFailed,
  isDue,
  isInFlight,
  type WindowEvent,
  type WindowRecord,
} from './window-states.js';
import type { DueReason, DueWindow } from './due-window.js';
import { divideWindows, dueParts } from './parts.js';
import { removeClosed } from './remove-closed.js';
import { isoTimes, isPeriodOf, lastWindow, type Window, windowsBetween } from './windows.js';

/** New windows of one request that a cycle looks at; later ones follow when these are requested. */
const maxNewWindows = 200;

/** How often a window that has not failed yet is tried during an outage. */
const probeIntervalMs = 3_600_000;

const dayMs = 86_400_000;
/** How far back the ledger is searched for the first window of a request that has no `from`. */
const ledgerDays = 60;

/** The windows of a request that are due, and the progress that they were computed from. */
export interface DueWindows {
  plan: RequestPlan;
  progress: RequestProgress;
  /** Oldest first; parts by their rank. */
  due: DueWindow[];
}

export interface CycleTimes {
  nowMs: number;
  /** Windows that end later are not due. */
  untilMs: number;
  /** Whether a request that Amazon refused is made without waiting. */
  ignoresRefusal: boolean;
}

/**
 * Applies the ledger and the time to the progress of a request, and returns the windows to request.
 * Pure: the caller stores the progress.
 */
export function computeDueWindows(
  plan: RequestPlan,
  rules: RefreshRules,
  held: RequestProgress | undefined,
  evidence: Evidence,
  { nowMs, untilMs, ignoresRefusal }: CycleTimes,
): DueWindows {
  // A report does not show its options: with a sibling, it may belong to either request. Requesting
  // once more loses nothing.
  const others = plan.hasSibling ? [] : evidence.others;
  const times = { nowMs, dueAtMs: untilMs + plan.lagMs };
  const eventOfAge = (record: WindowRecord) => refreshEvent(record, rules, times);
  let progress = held ?? beginProgress(plan, firstWindowMs(plan, others, untilMs, nowMs), nowMs);
  progress = withinBounds(progress, plan, rules, nowMs);
  progress = applyToWindows(progress, (record) => ledgerEvent(record, evidence.requested, rules), nowMs);
  progress = giveUpFailed(updateOutage(progress, evidence.otherRequests, nowMs), evidence, rules, nowMs);
  for (const window of unknownWindows(plan, progress, untilMs)) {
    const found = newestAnswer(others, window, rules);
    if (found) progress = applyToWindow(progress, window, { type: 'report-loaded', ...found }, nowMs);
  }
  // A report that somebody else requested may be the refresh of a window.
  progress = applyToWindows(
    progress,
    (record) => {
      const found =
        eventOfAge(record)?.type === 'refresh-due' && newestAnswer(others, windowOf(record), rules);
      const isNewer = found && Date.parse(found.createdAt) > Date.parse(record.answeredAt ?? '');
      return isNewer ? { type: 'report-loaded', ...found } : undefined;
    },
    nowMs,
  );
  progress = applyToWindows(progress, eventOfAge, nowMs);
  progress = applyToWindows(progress, () => ({ type: 'time-passed' }), nowMs);
  progress = removeClosed(progress, nowMs);
  if (evidence.parts) {
    progress = divideWindows(progress, undividedWindows(plan, progress, untilMs), evidence.parts, nowMs);
  }
  const mustWait = !ignoresRefusal && isRefused(progress, nowMs);
  const due = mustWait ? [] : dueWindows(plan, progress, untilMs, nowMs);
  return { plan, progress, due: progress.outage ? dueInOutage(due, progress, nowMs) : due };
}

function giveUpFailed(
  progress: RequestProgress,
  { otherRequests }: Evidence,
  rules: RefreshRules,
  nowMs: number,
): RequestProgress {
  const eventOf = (record: WindowRecord): WindowEvent | undefined =>
    isGivenUp(record, progress, otherRequests, rules) ? { type: 'given-up' } : undefined;
  return applyToWindows(progress, eventOf, nowMs);
}

/** Windows that nothing is stored about: those after `doneUntil`, and the newest of all. */
export function unknownWindows(plan: RequestPlan, progress: RequestProgress, untilMs: number): Window[] {
  const known = new Set([...progress.windows, ...(progress.fanOuts ?? [])].map(({ start }) => start));
  return newWindows(plan, progress, untilMs).filter(
    ({ startMs }) => !known.has(new Date(startMs).toISOString()),
  );
}

/** Windows of a request per item that are not divided into parts yet, oldest first. */
export function undividedWindows(plan: RequestPlan, progress: RequestProgress, untilMs: number): Window[] {
  const forced = progress.windows.filter(({ state, items }) => state === 'due' && items === undefined);
  return [...forced.map(windowOf), ...unknownWindows(plan, progress, untilMs)].sort(
    (a, b) => a.startMs - b.startMs,
  );
}

/** Until when the windows of a request need no more evidence, in epoch milliseconds. */
export function evidenceSinceMs(
  window: Span,
  { fromMs }: RequestPlan,
  progress: RequestProgress | undefined,
  { nowMs, untilMs }: Pick<CycleTimes, 'nowMs' | 'untilMs'>,
): number {
  if (progress) return Date.parse(progress.doneUntil);
  // The first window may be a quarter, or may have ended long ago.
  return fromMs ?? Math.min(nowMs - ledgerDays * dayMs, lastWindow(window, untilMs).startMs);
}

/**
 * Moves back if `from` was set to an earlier date, or if a higher age was added to `refresh`: then
 * windows that were removed may be due again. Moves forward past what Amazon no longer has.
 */
export function withinBounds(
  progress: RequestProgress,
  { facts, fromMs, window, hasSibling, items }: RequestPlan,
  { agesMs }: RefreshRules,
  nowMs: number,
): RequestProgress {
  if (!window) return progress;
  let { begin, doneUntil, windows } = progress;
  const maxAgeMs = Math.max(0, ...agesMs);
  // With a sibling, the ledger does not show which of these windows have data.
  if (maxAgeMs > (progress.maxAgeMs ?? 0) && !hasSibling) {
    const sinceMs = Math.max(Date.parse(begin), nowMs - maxAgeMs);
    doneUntil = new Date(Math.min(Date.parse(doneUntil), sinceMs)).toISOString();
  }
  if (fromMs !== undefined && fromMs < Date.parse(begin)) {
    if (items) windows = withDone(window, progress, fromMs);
    begin = new Date(fromMs).toISOString();
    doneUntil = begin;
  }
  const oldestMs = facts.oldestStart ? beforeMs(nowMs, facts.oldestStart) : Number.NEGATIVE_INFINITY;
  if (Date.parse(doneUntil) < oldestMs) {
    const [first] = windowsBetween(window, oldestMs, Number.POSITIVE_INFINITY, fromMs);
    const firstMs = first && (first.startMs < oldestMs ? first.endMs : first.startMs);
    doneUntil = new Date(firstMs ?? oldestMs).toISOString();
  }
  const isSame =
    begin === progress.begin && doneUntil === progress.doneUntil && maxAgeMs === (progress.maxAgeMs ?? 0);
  return isSame ? progress : changed(progress, { begin, doneUntil, maxAgeMs, windows });
}

/** The ledger does not show which windows have all their parts: those that are done are stored. */
function withDone(window: Span, { begin, doneUntil, windows, version }: RequestProgress, anchorMs: number) {
  const known = new Set(windows.map(({ start }) => start));
  const done = [...windowsBetween(window, Date.parse(begin), Date.parse(doneUntil), anchorMs)].map(
    (each): WindowRecord => ({
      ...isoTimes(each),
      state: 'answered',
      version: version + 1,
      attempts: [],
    }),
  );
  return byStart([...windows, ...done.filter(({ start }) => !known.has(start))]);
}

/**
 * A FATAL report has failed. Any other report in the ledger answers its window: with rows, without
 * rows, or CANCELLED. A report that was taken for failed counts as well.
 */
function ledgerEvent(
  { attempts }: WindowRecord,
  rows: ReadonlyMap<string, LedgerRow>,
  rules: RefreshRules,
): WindowEvent | undefined {
  const found = attempts.map(({ reportId, at }) => ({ reportId, at, row: rows.get(reportId ?? '') }));
  const loaded = found.findLast(({ row }) => row && row.status !== 'fatal');
  if (loaded?.row) return { type: 'report-loaded', ...answerOf(loaded.row, rules, loaded.at) };
  const { reportId, row } = found.at(-1) ?? {};
  return reportId && row ? { type: 'report-failed', reportId, found: row.reason ?? 'FATAL' } : undefined;
}

function dueWindows(
  plan: RequestPlan,
  progress: RequestProgress,
  untilMs: number,
  nowMs: number,
): DueWindow[] {
  if (plan.items) return dueParts(progress, nowMs);
  const unknown = unknownWindows(plan, progress, untilMs);
  const known = progress.windows.map(windowOf);
  const newestMs = Math.max(...[...known, ...unknown].map(({ startMs }) => startMs));
  const reasonOf = ({ startMs }: Window, record?: WindowRecord): DueReason => {
    if (record && hasData(record)) return 'refresh';
    if (record && hasFailed(record)) return 'retry';
    return startMs === newestMs ? 'new' : 'older';
  };
  const stored = progress.windows.filter((record) => isDue(record, nowMs));
  const due = [
    ...stored.map((record) => ({ ...windowOf(record), reason: reasonOf(windowOf(record), record) })),
    ...unknown.map((window) => ({ ...window, reason: reasonOf(window) })),
  ];
  if (plan.window) return due.sort((a, b) => a.startMs - b.startMs);
  // A newer snapshot replaces an older one that failed or was postponed.
  return progress.windows.some((record) => isInFlight(record, nowMs)) ? [] : due.slice(-1);
}

/**
 * During an outage, windows that have not failed yet would only fail. One at a time, and one an
 * hour, shows whether Amazon works again. The others wait.
 */
function dueInOutage(due: DueWindow[], progress: RequestProgress, nowMs: number): DueWindow[] {
  const isWaiting = ({ reason }: DueWindow) =>
    reason === 'older' || reason === 'refresh' || reason === 'fan-out';
  const isQuiet =
    nowMs - lastFailedMs(progress) >= probeIntervalMs &&
    !progress.windows.some((record) => isInFlight(record, nowMs));
  const last = due[0]?.rank === undefined ? due.at(-1) : due[0];
  const probe = isQuiet && due.every(isWaiting) ? last : undefined;
  return due.filter((each) => !isWaiting(each) || each === probe);
}

/** The windows after those that are done, oldest first, and the newest of all. */
function newWindows(
  { window, fromMs }: RequestPlan,
  { doneUntil }: Pick<RequestProgress, 'doneUntil'>,
  untilMs: number,
): Window[] {
  const sinceMs = Date.parse(doneUntil);
  if (!window) return untilMs > sinceMs ? [{ startMs: untilMs, endMs: untilMs }] : [];
  const windows: Window[] = [];
  for (const each of windowsBetween(window, sinceMs, untilMs, fromMs)) {
    if (windows.length === maxNewWindows) {
      windows.push(lastWindow(window, untilMs, fromMs));
      break;
    }
    windows.push(each);
  }
  return windows;
}

/** The beginning of the first window of a request without state. */
function firstWindowMs(
  { window, fromMs }: RequestPlan,
  others: AnsweringReport[],
  untilMs: number,
  nowMs: number,
): number {
  if (!window) return untilMs - 1;
  if (fromMs !== undefined) return fromMs;
  const last = lastWindow(window, untilMs);
  for (const each of windowsBetween(window, nowMs - ledgerDays * dayMs, last.startMs)) {
    if (others.some((row) => isPeriodOf(each, row))) return each.startMs;
  }
  return last.startMs;
}
