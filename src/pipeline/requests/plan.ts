import { type RequestConfig, windowOf } from '../../config/request-spec.js';
import { type Span, spanMs } from '../../config/span.js';
import type { Config } from '../../config/spec.js';
import { marketplaces } from '../../schema/marketplaces.js';
import type { Pipeline } from '../../config/spec.js';

/** One request of the settings for one seller, and, where it is for each marketplace, for one of them. */
export interface RequestPlan {
  /** What its windows are known by: seller, type, marketplaces and options. */
  key: string;
  sellerId: string;
  reportType: string;
  /** Sorted. */
  marketplaceIds: string[];
  reportOptions: Record<string, string>;
  /** Undefined for a report of the moment. */
  window: Span | undefined;
  lagMs: number;
  fromMs: number | undefined;
  /** Undefined where Amazon makes it by a schedule. */
  cron: string | undefined;
  timezone: string;
  period: RequestConfig['period'];
  /** Whether another request differs from it in its options alone, which no report tells. */
  hasSibling: boolean;
}

/** What a pipeline asks for. */
export function plansOf(pipeline: Pipeline, config: Pick<Config, 'sellers' | 'pipelines'>): RequestPlan[] {
  const all = config.pipelines.flatMap((each) => plansWithout(each, config.sellers));
  const own = new Map(plansWithout(pipeline, config.sellers).map((plan) => [plan.key, plan]));
  return [...own.values()].map((plan) => ({
    ...plan,
    hasSibling: all.some(
      (other) =>
        other.key !== plan.key &&
        other.sellerId === plan.sellerId &&
        other.reportType === plan.reportType &&
        isSame(other.marketplaceIds, plan.marketplaceIds),
    ),
  }));
}

/** Whether two lists of marketplaces are the same, in whatever order. */
export function isSame(a: readonly string[], b: readonly string[]): boolean {
  return String(a.toSorted()) === String(b.toSorted());
}

function plansWithout(
  { request: requests, timezone }: Pipeline,
  sellers: Config['sellers'],
): Omit<RequestPlan, 'hasSibling'>[] {
  return requests.flatMap((request) =>
    sellers
      .filter(({ id }) => request.sellers?.includes(id) ?? true)
      .flatMap((seller) => {
        const ids = marketplacesOf(request, seller);
        const groups = request.perMarketplace ? ids.map((id) => [id]) : ids.length > 0 ? [ids] : [];
        return groups.map((group) => planFor(request, seller.id, group.toSorted(), timezone));
      }),
  );
}

/** Those of the request that the seller has; where its entry names none, those of its region. */
function marketplacesOf(request: RequestConfig, seller: Config['sellers'][number]): string[] {
  const { marketplaces: wanted = seller.marketplaces } = request;
  return wanted.filter((id) =>
    seller.marketplaces.length > 0
      ? seller.marketplaces.includes(id)
      : marketplaces[id]?.region === seller.region,
  );
}

function planFor(
  request: RequestConfig,
  sellerId: string,
  marketplaceIds: string[],
  timezone: string,
): Omit<RequestPlan, 'hasSibling'> {
  const { reportType, reportOptions, lag, from, cron, period } = request;
  const options = Object.entries(reportOptions).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    key: [sellerId, reportType, marketplaceIds.join('+'), ...options.map((each) => each.join('='))].join(' '),
    sellerId,
    reportType,
    marketplaceIds,
    reportOptions,
    window: windowOf(request),
    lagMs: lag ? spanMs(lag) : 0,
    fromMs: from ? Date.parse(from) : undefined,
    cron,
    timezone,
    period,
  };
}

/** The seller of a request's key, as `planFor` makes it. */
export function sellerOf(key: string): string {
  return key.split(' ', 1)[0] ?? key;
}
