import { requestLimits } from '../config/request-limits.js';
import type { Config } from '../config/spec.js';
import type { KeyedProgress } from './request-store.js';
import { plansOf, type RequestPlan, sellerOf } from './request-plans.js';

/**
 * From when on, in epoch milliseconds, a report may be asked for, as Amazon keeps those of its type apart: whichever seller of the same
 * application was asked for last, by whatever pipeline.
 */
export function apartAtMs(
  { sellerId, reportType }: Pick<RequestPlan, 'sellerId' | 'reportType'>,
  known: KeyedProgress[],
  sellers: Config['sellers'],
): number {
  const { minutesApart } = requestLimits(reportType);
  if (minutesApart === undefined) return 0;
  const times = known
    .filter(
      (each) => each.reportType === reportType && shareApplication(sellerOf(each.key), sellerId, sellers),
    )
    .flatMap(({ lastAskedAt }) => (lastAskedAt === undefined ? [] : [Date.parse(lastAskedAt)]));
  return times.length === 0 ? 0 : Math.max(...times) + minutesApart * 60_000;
}

/**
 * The requests of other pipelines that a turn asks for in the place of its own where they have waited longer: those of a type that Amazon
 * wants apart, by the same application. Else the pipeline whose turn comes first each time would keep the others from theirs.
 */
export function plansInLine(
  due: RequestPlan[],
  others: RequestPlan[],
  sellers: Config['sellers'],
): RequestPlan[] {
  const kept = due.filter(({ reportType }) => requestLimits(reportType).minutesApart !== undefined);
  return others.filter((plan) =>
    kept.some(
      (each) =>
        each.reportType === plan.reportType && shareApplication(each.sellerId, plan.sellerId, sellers),
    ),
  );
}

/** What all pipelines ask for by cron, each once. */
export function allPlans(config: Pick<Config, 'sellers' | 'pipelines'>): RequestPlan[] {
  const plans = config.pipelines.flatMap((pipeline) => plansOf(pipeline, config));
  return [...new Map(plans.map((plan) => [plan.key, plan])).values()].filter(
    ({ cron }) => cron !== undefined,
  );
}

/** A seller that is no longer in the settings may have been of any application. */
function shareApplication(a: string, b: string, sellers: Config['sellers']): boolean {
  const [ofA, ofB] = [a, b].map((id) => sellers.find((seller) => seller.id === id)?.credentials.clientId);
  return ofA === undefined || ofB === undefined || ofA === ofB;
}
