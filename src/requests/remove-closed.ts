import { byStart, countDone } from './fan-out.js';
import { type AbandonedWindow, changed, maxAbandoned, type RequestProgress } from './request-progress.js';
import { hasData, isClosed, type WindowRecord } from './window-states.js';

/**
 * Moves `doneUntil` past windows that have data or are closed, up to the first one that is neither.
 * Removes the closed ones among them; the others are stored until their last refresh. Adds windows
 * that were abandoned since the last time to the list of abandoned ones. Closed parts of a window
 * are removed at once; the window is closed with its last part.
 */
export function removeClosed(progress: RequestProgress, nowMs: number): RequestProgress {
  const divided = withoutClosedParts(progress, nowMs);
  let { doneUntil, abandoned } = divided;
  const version = divided.version + 1;
  const kept: WindowRecord[] = [];
  for (const { record, start, end, isDone: hasEnded } of stepsOf(divided)) {
    // Windows wait until the older ones are done. Snapshots do not.
    const isDone = hasEnded && (start <= doneUntil || start === end);
    if (isDone && end > doneUntil) doneUntil = end;
    if (!record) continue;
    const isNew = record.state === 'abandoned' && record.reportedAt === undefined;
    const at = new Date(nowMs).toISOString();
    if (isNew) abandoned = withAbandoned(abandoned, [record], at);
    if (!isDone || !isClosed(record)) kept.push(isNew ? { ...record, version, reportedAt: at } : record);
  }
  // A newer snapshot makes an older one useless.
  const isOutdated = ({ start, end, forcedAt }: WindowRecord) =>
    start === end && start <= doneUntil && forcedAt === undefined;
  const windows = byStart([
    ...kept.filter((record) => !isOutdated(record)),
    ...divided.windows.filter(({ items }) => items !== undefined),
  ]);
  const isSame =
    doneUntil === divided.doneUntil &&
    abandoned === divided.abandoned &&
    windows.length === divided.windows.length;
  return isSame ? divided : changed(divided, { doneUntil, abandoned, windows });
}

interface Step {
  /** Absent for a window that is divided into parts. */
  record?: WindowRecord;
  start: string;
  end: string;
  isDone: boolean;
}

/** The windows that are known, oldest first. */
function stepsOf({ windows, fanOuts = [] }: RequestProgress): Step[] {
  const whole = windows.filter(({ items }) => items === undefined);
  return byStart<Step>([
    ...whole.map((record) => {
      const { start, end } = record;
      return { record, start, end, isDone: isClosed(record) || hasData(record) };
    }),
    ...fanOuts.map((each) => {
      const { start, end, parts } = each;
      return { start, end, isDone: countDone(each, windows) === parts };
    }),
  ]);
}

/** Removes closed parts. A window without open parts is closed. */
function withoutClosedParts(progress: RequestProgress, nowMs: number): RequestProgress {
  const { windows, fanOuts = [] } = progress;
  const closed = windows.filter((record) => record.items !== undefined && isClosed(record));
  if (closed.length === 0 && fanOuts.every(({ open }) => open.length > 0)) return progress;
  const keyOf = (start: string, items = '') => `${start} ${items}`;
  const keys = new Set(closed.map(({ start, items }) => keyOf(start, items)));
  const left = fanOuts.map((each) => ({
    ...each,
    open: each.open.filter((items) => !keys.has(keyOf(each.start, items))),
  }));
  const version = progress.version + 1;
  // A window whose retry was forced is to be divided again.
  const whole = new Set(windows.flatMap(({ start, items }) => (items === undefined ? [start] : [])));
  const ended = left
    .filter(({ start, open }) => open.length === 0 && !whole.has(start))
    .map(({ start, end }): WindowRecord => ({ start, end, state: 'answered', version, attempts: [] }));
  const failed = closed.filter(({ state }) => state === 'abandoned');
  return changed(progress, {
    windows: byStart([...windows.filter((record) => !closed.includes(record)), ...ended]),
    fanOuts: left.filter(({ open }) => open.length > 0),
    abandoned: withAbandoned(progress.abandoned, failed, new Date(nowMs).toISOString()),
  });
}

function withAbandoned(abandoned: AbandonedWindow[], records: WindowRecord[], at: string): AbandonedWindow[] {
  if (records.length === 0) return abandoned;
  const added = records.map(({ start, end, items, attempts }) => {
    const found = attempts.at(-1)?.failed ?? 'failed';
    return { start, end, items, at, found };
  });
  return [...abandoned, ...added].slice(-maxAbandoned);
}
