import { hasData, type WindowRecord } from './window-states.js';
import { isoTimes, type Window } from './windows.js';

/**
 * A window that takes several reports, one for each of its parts. It is divided once; items that
 * come later belong to the next window. Times are ISO 8601.
 */
export interface FanOut {
  start: string;
  end: string;
  /** Into how many parts it was divided. */
  parts: number;
  /**
   * The items of each part that is not closed, as the option takes them; the most important first.
   */
  open: string[];
}

/** Whether a part of a window is not closed. */
export function isOpenPart(fanOuts: readonly FanOut[] | undefined, window: Window): boolean {
  const { items } = window;
  return items !== undefined && (fanOutOf(fanOuts, window)?.open.includes(items) ?? false);
}

/** Opens a part again, of a window that may be closed. */
export function withOpenPart(fanOuts: readonly FanOut[] = [], window: Window): FanOut[] {
  const { items } = window;
  if (items === undefined || isOpenPart(fanOuts, window)) return [...fanOuts];
  const held = fanOutOf(fanOuts, window);
  const open = [...(held?.open ?? []), items];
  const parts = Math.max(held?.parts ?? 0, open.length);
  return byStart([...fanOuts.filter((each) => each !== held), { ...isoTimes(window), parts, open }]);
}

/**
 * How many parts of a window are done: they have a report in the ledger, or are closed. `windows`
 * may hold those of other windows.
 */
export function countDone({ start, parts, open }: FanOut, windows: readonly WindowRecord[]): number {
  const loaded = new Set(
    windows.flatMap((record) => (record.start === start && hasData(record) ? [record.items] : [])),
  );
  return parts - open.filter((items) => !loaded.has(items)).length;
}

/** Oldest first. */
export function byStart<T extends { start: string }>(some: readonly T[]): T[] {
  return some.toSorted((a, b) => (a.start < b.start ? -1 : Number(a.start > b.start)));
}

function fanOutOf(fanOuts: readonly FanOut[] = [], { startMs }: Window): FanOut | undefined {
  return fanOuts.find(({ start }) => Date.parse(start) === startMs);
}
