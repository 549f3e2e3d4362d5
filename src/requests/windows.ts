import type { Span } from '../yaml/span.js';

/**
 * A period of data, in epoch milliseconds. The end is exclusive. Both are the same for a snapshot
 * report, which shows the state at the time when Amazon makes it.
 */
export interface Window {
  startMs: number;
  endMs: number;
  /** Of one part of a window: its items, as the option takes them. */
  items?: string;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Amazon's weeks begin on Sunday. Days and hours count from a Sunday too, unless `from` is set. */
const sundayMs = Date.UTC(1970, 0, 4);

/**
 * Yields the windows that end after `sinceMs` and not after `untilMs`, oldest first. They do not
 * depend on when the program runs: days and hours count from `anchorMs`, weeks begin on Sunday,
 * months, quarters and years on their first day. All in UTC.
 */
export function* windowsBetween(
  span: Span,
  sinceMs: number,
  untilMs: number,
  anchorMs = sundayMs,
): Generator<Window> {
  let startMs = startOf(span, sinceMs, anchorMs);
  for (;;) {
    const endMs = endOf(span, startMs);
    if (endMs > untilMs) return;
    yield { startMs, endMs };
    startMs = endMs;
  }
}

/** Returns the last whole window that does not end after `untilMs`. */
export function lastWindow(span: Span, untilMs: number, anchorMs = sundayMs): Window {
  const endMs = startOf(span, untilMs, anchorMs);
  return { startMs: startOf(span, endMs - 1, anchorMs), endMs };
}

/**
 * The times of a window as createReport takes them; none for a snapshot. The end is the last second
 * of the window, which is right for types that take dates and for types that take times.
 */
export function reportPeriod({ startMs, endMs }: Window): { dataStart?: string; dataEnd?: string } {
  if (startMs === endMs) return {};
  return { dataStart: isoSeconds(startMs), dataEnd: isoSeconds(endMs - 1000) };
}

/** The times of a window in ISO 8601, as they are stored. */
export function isoTimes({ startMs, endMs }: Window): { start: string; end: string } {
  return { start: new Date(startMs).toISOString(), end: new Date(endMs).toISOString() };
}

/** Amazon may return times to the minute, and the beginning of the last day as the end. */
const toleranceMs = 60_000;

/** Whether a report is about that window. */
export function isPeriodOf(
  { startMs, endMs }: Window,
  { dataStart, dataEnd }: { dataStart?: string | null; dataEnd?: string | null },
): boolean {
  if (!dataStart || !dataEnd) return false;
  const isNear = (time: string, ms: number) => Math.abs(Date.parse(time) - ms) <= toleranceMs;
  if (!isNear(dataStart, startMs)) return false;
  return isNear(dataEnd, endMs) || (endMs - startMs >= dayMs && isNear(dataEnd, endMs - dayMs));
}

/** The earliest `dataEnd` of reports about windows that end after `sinceMs`: see `isPeriodOf`. */
export function minDataEndMs(sinceMs: number): number {
  return sinceMs - dayMs - toleranceMs;
}

function startOf({ count, unit }: Span, atMs: number, anchorMs: number): number {
  const time = new Date(atMs);
  const [year, month] = [time.getUTCFullYear(), time.getUTCMonth()];
  if (unit === 'month') return Date.UTC(year, month);
  if (unit === 'quarter') return Date.UTC(year, month - (month % 3));
  if (unit === 'year') return Date.UTC(year, 0);
  const from = unit === 'week' ? sundayMs : anchorMs;
  const lengthMs = count * fixedMs[unit];
  return from + Math.floor((atMs - from) / lengthMs) * lengthMs;
}

/** The end of the window that begins at `startMs`. */
function endOf({ count, unit }: Span, startMs: number): number {
  const time = new Date(startMs);
  const [year, month] = [time.getUTCFullYear(), time.getUTCMonth()];
  if (unit === 'month') return Date.UTC(year, month + 1);
  if (unit === 'quarter') return Date.UTC(year, month + 3);
  if (unit === 'year') return Date.UTC(year + 1, 0);
  return startMs + count * fixedMs[unit];
}

const fixedMs = { hour: hourMs, day: dayMs, week: 7 * dayMs };

function isoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
