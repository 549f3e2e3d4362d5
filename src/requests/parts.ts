import type { DueWindow } from './due-window.js';
import { byStart, type FanOut } from './fan-out.js';
import { type AbandonedWindow, changed, maxAbandoned, type RequestProgress } from './request-progress.js';
import { hasData, hasFailed, isDue, type WindowRecord } from './window-states.js';
import { isoTimes, type Window } from './windows.js';

/**
 * Older windows are divided as long as fewer parts than this wait: enough for days, so that a cycle
 * always finds work.
 */
const minWaiting = 100;

/**
 * Open parts of one request that are stored, apart from those of the newest window. If the items
 * need more reports than Amazon allows, the list of open parts would grow without end.
 */
const maxOpenParts = 2000;

/** Parts of one request that a cycle looks at; the others follow when these are requested. */
const maxDueParts = 200;

/** Whether a window is to be divided now, for which the items have to be read. */
export function mustDivide(progress: RequestProgress, undivided: readonly Window[]): boolean {
  return windowsToDivide(progress, undivided, 0).length > 0;
}

/**
 * Divides windows into parts: the newest one, and older ones if few parts wait. If too many parts
 * are open then, those of the oldest windows are abandoned. `undivided`: oldest first. Pure.
 */
export function divideWindows(
  progress: RequestProgress,
  undivided: readonly Window[],
  parts: readonly string[],
  nowMs: number,
): RequestProgress {
  const chosen = windowsToDivide(progress, undivided, parts.length).map(
    (window): FanOut => ({ ...isoTimes(window), parts: parts.length, open: [...parts] }),
  );
  if (chosen.length === 0) return progress;
  const starts = new Set(chosen.map(({ start }) => start));
  const others = (progress.fanOuts ?? []).filter(({ start }) => !starts.has(start));
  // A window that is divided again still waits for the reports of some of its old parts.
  const open = chosen.map((each) => ({ ...each, open: withKnownParts(each, progress) }));
  // Forced retries of whole windows have led to parts.
  const windows = progress.windows.filter(({ start, items }) => items !== undefined || !starts.has(start));
  const divided = changed(progress, {
    windows,
    fanOuts: byStart([...others, ...open]),
    partsPerWindow: parts.length,
  });
  return progress.outage ? divided : abandonOldest(divided, nowMs);
}

/** The parts that are to be requested now: of the newest window first, then by their order. */
export function dueParts(progress: RequestProgress, nowMs: number): DueWindow[] {
  const records = recordsOf(progress);
  const due = byStart(progress.fanOuts ?? [])
    .reverse()
    .flatMap(({ start, end, open }) =>
      open.map((items) => ({ start, end, items, record: records.get(keyOf(start, items)) })),
    )
    .filter(({ record }) => !record || isDue(record, nowMs));
  const isRefresh = ({ record }: (typeof due)[number]) => record !== undefined && hasData(record);
  const ordered = [...due.filter((each) => !isRefresh(each)), ...due.filter(isRefresh)];
  return ordered.slice(0, maxDueParts).map(({ start, end, items, record }, rank) => ({
    startMs: Date.parse(start),
    endMs: Date.parse(end),
    items,
    reason: record && hasFailed(record) ? 'retry' : 'fan-out',
    rank,
  }));
}

/** The windows that are divided next, the newest one first, then the oldest. */
function windowsToDivide(
  progress: RequestProgress,
  undivided: readonly Window[],
  partsPerWindow: number,
): Window[] {
  const { fanOuts = [], outage } = progress;
  const newest = undivided.at(-1);
  if (!newest) return [];
  // One window shows whether Amazon works again.
  if (outage && fanOuts.length > 0) return [];
  const isNewest = fanOuts.every(({ start }) => Date.parse(start) < newest.startMs);
  const chosen = isNewest ? [newest] : [];
  let waiting = unsentParts(progress) + chosen.length * partsPerWindow;
  for (const window of isNewest ? undivided.slice(0, -1) : undivided) {
    if (waiting >= minWaiting || outage) break;
    chosen.push(window);
    waiting += partsPerWindow;
  }
  return chosen;
}

/** Parts that were not requested yet. */
function unsentParts(progress: RequestProgress): number {
  const records = recordsOf(progress);
  return (progress.fanOuts ?? []).reduce(
    (sum, { start, open }) => sum + open.filter((items) => !records.has(keyOf(start, items))).length,
    0,
  );
}

/** Abandons parts that were never requested, of the oldest windows, until few enough are open. */
function abandonOldest(progress: RequestProgress, nowMs: number): RequestProgress {
  const [newest, ...older] = byStart(progress.fanOuts ?? []).reverse();
  if (!newest) return progress;
  const records = recordsOf(progress);
  let openParts = 0;
  const abandoned: AbandonedWindow[] = [];
  const kept = older.map((each): FanOut => {
    openParts += each.open.length;
    if (openParts <= maxOpenParts) return each;
    const open = each.open.filter((items) => records.has(keyOf(each.start, items)));
    const partsLeft = each.open.length - open.length;
    const { start, end, parts } = each;
    const at = new Date(nowMs).toISOString();
    const found = `${partsLeft} of ${parts} parts were not requested, because the parts of newer windows came first`;
    if (partsLeft > 0) abandoned.push({ start, end, at, found, partsLeft });
    return { ...each, open };
  });
  if (abandoned.length === 0) return progress;
  return changed(progress, {
    fanOuts: byStart([...kept, newest]),
    abandoned: [...progress.abandoned, ...abandoned].slice(-maxAbandoned),
  });
}

function withKnownParts({ start, open }: FanOut, { windows }: RequestProgress): string[] {
  const known = windows.flatMap((record) => (record.start === start ? (record.items ?? []) : []));
  return [...new Set([...open, ...known])];
}

function recordsOf({ windows }: RequestProgress): Map<string, WindowRecord> {
  return new Map(
    windows.flatMap((record) =>
      record.items === undefined ? [] : [[keyOf(record.start, record.items), record] as const],
    ),
  );
}

function keyOf(start: string, items: string): string {
  return `${start} ${items}`;
}
