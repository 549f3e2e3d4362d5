import type { CoveredPeriod } from './coverage.js';
import type { Coverage } from './read-coverage.js';
import type { RequestPlan } from './request-plans.js';
import { type Window, windowsBetween } from './windows.js';

/** The windows that a request can fill, by the key of its plan, oldest first. */
export type Gaps = ReadonlyMap<string, Window[]>;

/** Whether nothing requests a period by itself, and Amazon may still have its data. */
export function isFillable({ state }: Pick<CoveredPeriod, 'state'>): boolean {
  return state === 'missing' || state === 'abandoned';
}

/**
 * Finds the windows of requests that are missing or were abandoned. A request for several
 * marketplaces fills a window that is missing for one of them.
 */
export function findGaps(plans: RequestPlan[], coverages: Coverage[]): Gaps {
  const gaps = new Map<string, Window[]>();
  for (const plan of plans) {
    const { window, fromMs } = plan;
    if (!window) continue;
    const windows = coverages
      .filter((coverage) => isAbout(coverage, plan))
      .flatMap(({ periods }) => periods.filter(isFillable))
      .flatMap(({ from, to }) => [...windowsBetween(window, Date.parse(from), Date.parse(to), fromMs)]);
    const byStart = new Map(windows.map((each) => [each.startMs, each]));
    if (byStart.size > 0)
      gaps.set(
        plan.key,
        [...byStart.values()].sort((a, b) => a.startMs - b.startMs),
      );
  }
  return gaps;
}

function isAbout(coverage: Coverage, { sellerId, reportType, marketplaceIds }: RequestPlan): boolean {
  return (
    coverage.sellerId === sellerId &&
    coverage.reportType === reportType &&
    coverage.marketplaceIds.some((id) => marketplaceIds.includes(id))
  );
}
