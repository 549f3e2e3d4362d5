import { byStart, countDone } from './fan-out.js';
import type { RequestPlan } from './request-plans.js';
import type { RequestProgress } from './request-progress.js';
import { isInFlight } from './window-states.js';
import { reportPeriod } from './windows.js';

const dayMs = 86_400_000;

/** How far a window has come that is divided into parts. */
export interface PartsProgress {
  sellerId: string;
  reportType: string;
  marketplaceIds: string[];
  /** ISO 8601. */
  dataStart?: string;
  dataEnd?: string;
  total: number;
  /** Parts that have a report in the ledger, or were abandoned. */
  done: number;
  inFlight: number;
  /** About how many days the parts take that were not requested yet, if a limit makes them wait. */
  days?: number;
  /** The reports that this limit allows in a day. */
  perDay?: number;
}

/** A request per item, and the reports that Amazon makes of it in a day. */
export interface DividedRequest {
  plan: Pick<RequestPlan, 'sellerId' | 'reportType' | 'marketplaceIds'>;
  progress: RequestProgress | undefined;
  /** The narrowest limit that its calls share with others. */
  limit?: { key: string; calls: number; perMs: number };
}

/**
 * Returns the windows that are divided into parts, the newest of each request first. Windows that
 * share a limit wait for each other, in this order.
 */
export function partsProgress(requests: DividedRequest[], nowMs: number): PartsProgress[] {
  const before = new Map<string, number>();
  return requests.flatMap(({ plan, progress, limit }) => {
    const { sellerId, reportType, marketplaceIds } = plan;
    const { fanOuts = [], windows = [] } = progress ?? {};
    return byStart(fanOuts)
      .reverse()
      .map((each) => {
        const [startMs, endMs] = [Date.parse(each.start), Date.parse(each.end)];
        const own = windows.filter(({ start, items }) => start === each.start && items !== undefined);
        const inFlight = own.filter((record) => isInFlight(record, nowMs)).length;
        const done = countDone(each, windows);
        const perDay = limit && Math.floor(limit.calls * Math.max(1, Math.floor(dayMs / limit.perMs)));
        const waiting = (before.get(limit?.key ?? '') ?? 0) + each.parts - done - inFlight;
        if (limit) before.set(limit.key, waiting);
        const days = perDay && waiting > 0 ? Math.ceil(waiting / perDay) : undefined;
        const period = reportPeriod({ startMs, endMs });
        const counts = { total: each.parts, done, inFlight, days, perDay };
        return { sellerId, reportType, marketplaceIds, ...period, ...counts };
      });
  });
}
