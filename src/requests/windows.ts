import type { Span } from '../config/span.js';

/** A time of data, from its beginning to just before its end, in epoch milliseconds; both are the same for a report of the moment. */
export interface Window {
  startMs: number;
  endMs: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Amazon's weeks begin on Sunday; windows of days and hours are counted from one too, where the settings say no beginning. */
const sundayMs = Date.UTC(1970, 0, 4);

/**
 * The windows that end after `sinceMs` and, at the latest, at `untilMs`, oldest first. They do not depend on when the program runs: days and
 * hours are counted from `anchorMs`, weeks begin on Sunday, months, quarters and years with their first day, all in UTC.
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

/** The last whole window that ends at `untilMs` at the latest. */
export function lastWindow(span: Span, untilMs: number, anchorMs = sundayMs): Window {
  const endMs = startOf(span, untilMs, anchorMs);
  return { startMs: startOf(span, endMs - 1, anchorMs), endMs };
}

/** How the times of a window are told to Amazon: the end is the last second of it, which is right for dates and for times. */
export function timesOf({ startMs, endMs }: Window): { dataStart?: string; dataEnd?: string } {
  if (startMs === endMs) return {};
  return { dataStart: isoSeconds(startMs), dataEnd: isoSeconds(endMs - 1000) };
}

/** Amazon may give times back to the minute, and the last day as its beginning. */
const toleranceMs = 60_000;

/** Whether a report's period is that window. */
export function isPeriodOf(
  { startMs, endMs }: Window,
  { dataStart, dataEnd }: { dataStart?: string | null; dataEnd?: string | null },
): boolean {
  if (!dataStart || !dataEnd) return false;
  const isNear = (time: string, ms: number) => Math.abs(Date.parse(time) - ms) <= toleranceMs;
  if (!isNear(dataStart, startMs)) return false;
  return isNear(dataEnd, endMs) || (endMs - startMs >= dayMs && isNear(dataEnd, endMs - dayMs));
}

/** How far a report's data goes at the least that is of a window which ends after `sinceMs`: see `isPeriodOf`. */
export function leastDataEndMs(sinceMs: number): number {
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

/** Where a window that begins there ends. */
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
