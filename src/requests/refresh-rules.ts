import { spanMs } from '../yaml/span.js';
import type { RequestPlan } from './request-plans.js';
import { hasData, type WindowEvent, type WindowRecord, maxClockSkewMs } from './window-states.js';

const hourMs = 3_600_000;

/** When windows of a request are requested again. Ages count from the end of a window. */
export interface RefreshRules {
  /** Ages at which a window is requested again, in milliseconds. */
  agesMs: number[];
  /**
   * Age at which the data of a window are complete, in milliseconds: an earlier report without data
   * is not the last word.
   */
  settledMs: number;
  /** How long after its start a window can be requested, in milliseconds. */
  maxStartAgeMs: number;
}

/** If nobody says when a type settles: a report without data is believed a day after the window. */
const usualSettledMs = 24 * hourMs;

export function refreshRules({ refresh }: RequestPlan): RefreshRules {
  return {
    agesMs: (refresh ?? []).map(spanMs),
    settledMs: usualSettledMs,
    maxStartAgeMs: Number.POSITIVE_INFINITY,
  };
}

/**
 * Returns what the ages of a window mean for it now; undefined if it has no data, or is a snapshot.
 * If it has reached several ages since its newest report, one report has the data of all of them.
 * `dueAtMs`: until when ages count. `nowMs`: whether Amazon still accepts a request.
 */
export function refreshEvent(
  record: WindowRecord,
  { agesMs, settledMs, maxStartAgeMs }: RefreshRules,
  { nowMs, dueAtMs }: { nowMs: number; dueAtMs: number },
): WindowEvent | undefined {
  if (!hasData(record)) return undefined;
  const [startMs, endMs] = [Date.parse(record.start), Date.parse(record.end)];
  if (startMs === endMs) return { type: 'refresh-over' };
  const madeMs = Math.max(
    ...[record.answeredAt, record.skippedAt].flatMap((at) => (at ? Date.parse(at) : [])),
  );
  const ages = record.isEmpty ? [...agesMs, settledMs] : agesMs;
  const isPossible = (atMs: number) => Math.max(atMs, nowMs) - startMs <= maxStartAgeMs;
  const times = ages
    .map((ageMs) => endMs + ageMs)
    .filter((atMs) => atMs > madeMs + maxClockSkewMs && isPossible(atMs));
  if (times.length === 0) return { type: 'refresh-over' };
  const reached = times.filter((atMs) => atMs <= dueAtMs);
  if (reached.length === 0) return { type: 'refresh-later' };
  return { type: 'refresh-due', since: new Date(Math.max(...reached)).toISOString() };
}
