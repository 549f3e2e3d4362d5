import type { TableLoads } from '../warehouse/types.js';
import type { TableFreshness } from './types.js';

/** Times of fewer reports say nothing of how often they come. */
const minReports = 4;
/** So many usual intervals without a report are no accident; with a time on top, as reports that come by the minute may pause. */
const stale = { intervals: 3, seconds: 3600 };

/** How old the newest report of each table and seller is, by the usual time between its reports; what is latest by that comes first. */
export function tableFreshness(tables: TableLoads[], nowMs: number): TableFreshness[] {
  return tables.map((loads) => freshnessOf(loads, nowMs)).sort((a, b) => lateness(b) - lateness(a));
}

function freshnessOf({ madeAt, ...loads }: TableLoads, nowMs: number): TableFreshness {
  const [lastMadeAt = loads.lastLoadedAt] = madeAt;
  const ageSeconds = Math.max(0, Math.round((nowMs - Date.parse(lastMadeAt)) / 1000));
  const usualIntervalSeconds = usualInterval(madeAt);
  return {
    ...loads,
    lastMadeAt,
    ageSeconds,
    ...(usualIntervalSeconds !== undefined && { usualIntervalSeconds }),
    isStale:
      usualIntervalSeconds !== undefined &&
      ageSeconds > stale.intervals * usualIntervalSeconds + stale.seconds,
  };
}

/** The median of the times between reports, in seconds. Reports made within a minute are one: they come by marketplace, say. */
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

/** Those without a usual interval count as if it were a week. */
function lateness({ ageSeconds, usualIntervalSeconds = 7 * 86_400 }: TableFreshness): number {
  return ageSeconds / usualIntervalSeconds;
}
