import type { Config } from '../config/spec.js';
import type { RequestPlan } from './request-plans.js';
import type { KeyedProgress, RequestStore } from './request-store.js';

/**
 * Returns when a report may be requested next, in epoch milliseconds. For some types Amazon wants a
 * minimum interval between two reports of one application, whichever of its sellers they are for
 * and whichever pipeline requests them. What was requested before state was lost may have been
 * requested just then.
 */
export function nextAllowedAtMs(
  { sellerId, reportType, facts }: Pick<RequestPlan, 'sellerId' | 'reportType' | 'facts'>,
  store: Pick<RequestStore, 'all' | 'lostAtMs'>,
  sellers: Config['sellers'],
  known: KeyedProgress[] = store.all(),
): number {
  const { minInterval } = facts;
  if (!minInterval) return 0;
  const times = known
    .filter((each) => each.reportType === reportType && shareApplication(each.sellerId, sellerId, sellers))
    .flatMap(({ lastRequestedAt }) => (lastRequestedAt === undefined ? [] : [Date.parse(lastRequestedAt)]));
  const lastMs = Math.max(...times, store.lostAtMs() ?? Number.NEGATIVE_INFINITY);
  return Math.max(0, lastMs + minInterval.minutes * 60_000);
}

/**
 * Returns the requests of other pipelines that compete with those that are `due`: of the same type
 * with a minimum interval, by the same application. A cycle requests them too, in the order of who
 * has waited longest. Otherwise the pipeline that always runs first would starve the others.
 */
export function competingPlans(
  due: RequestPlan[],
  others: RequestPlan[],
  sellers: Config['sellers'],
): RequestPlan[] {
  const limited = due.filter(({ facts }) => facts.minInterval !== undefined);
  return others.filter((plan) =>
    limited.some(
      (each) =>
        each.reportType === plan.reportType && shareApplication(each.sellerId, plan.sellerId, sellers),
    ),
  );
}

/** A seller that is no longer in the settings may belong to any application. */
function shareApplication(a: string, b: string, sellers: Config['sellers']): boolean {
  const [ofA, ofB] = [a, b].map((id) => sellers.find((seller) => seller.id === id)?.credentials.clientId);
  return ofA === undefined || ofB === undefined || ofA === ofB;
}
