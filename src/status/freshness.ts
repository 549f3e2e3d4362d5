import { ownTableTypes } from '../config/own-tables-spec.js';
import type { TableLoads } from '../warehouse/types.js';
import type { TableFreshness } from './types.js';

/** With fewer reports, the times between them say nothing about their interval. */
const minReports = 4;
/**
 * A table is stale after this many usual intervals, plus a margin because frequent reports may
 * pause.
 */
const stale = { intervals: 3, seconds: 3600 };

/**
 * Returns the age of the newest report of each table and seller, the latest first, measured by the
 * usual interval between its reports.
 */
export function tableFreshness(tables: TableLoads[], nowMs: number): TableFreshness[] {
  return tables.map((loads) => freshnessOf(loads, nowMs)).sort((a, b) => lateness(b) - lateness(a));
}

function freshnessOf({ madeAt, ...loads }: TableLoads, nowMs: number): TableFreshness {
  const [lastMadeAt = loads.lastLoadedAt] = madeAt;
  const ageSeconds = Math.max(0, Math.round((nowMs - Date.parse(lastMadeAt)) / 1000));
  // The user's own tables change when the user changes them.
  const isOwn = ownTableTypes.some((type) => type === loads.reportType);
  const usualIntervalSeconds = isOwn ? undefined : usualInterval(madeAt);
  return {
    ...loads,
    lastMadeAt,
    ageSeconds,
    usualIntervalSeconds,
    isStale:
      usualIntervalSeconds !== undefined &&
      ageSeconds > stale.intervals * usualIntervalSeconds + stale.seconds,
  };
}

/**
 * The median time between reports, in seconds. Reports made within a minute count as one: they may
 * come one per marketplace.
 */
function usualInterval(madeAt: string[]): number | undefined {
  const shortestMs = 60_000;
  const times = madeAt.map((at) => Date.parse(at));
  const apart: number[] = [];
  for (const time of times) {
    const last = apart.at(-1);
    if (last === undefined || last - time >= shortestMs) apart.push(time);
  }
  if (apart.length < minReports) return undefined;
  const gaps = apart.slice(1).map((time, index) => (apart[index] ?? time) - time);
  const middle = gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 0;
  return Math.round(middle / 1000);
}

/** A table without a usual interval counts as if it were a week. */
function lateness({ ageSeconds, usualIntervalSeconds = 7 * 86_400 }: TableFreshness): number {
  return ageSeconds / usualIntervalSeconds;
}
