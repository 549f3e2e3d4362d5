import { type RequestConfig, windowOf } from '../config/request-spec.js';
import { type Span, spanMs } from '../yaml/span.js';
import type { Config, Pipeline } from '../config/spec.js';
import type { PipelineContext } from '../ingest/context.js';
import { marketplaces } from '../schema/marketplaces.js';
import { requestFacts } from '../schema/request-facts.js';
import type { RequestFacts } from '../schema/types.js';

/**
 * One `request` entry of the settings for one seller; with `perMarketplace`, for one marketplace.
 */
export interface RequestPlan {
  /** Identifies the request in the stored state: seller, type, marketplaces and options. */
  key: string;
  sellerId: string;
  reportType: string;
  /** What is known about requesting the type. */
  facts: RequestFacts;
  /** Sorted. */
  marketplaceIds: string[];
  reportOptions: Record<string, string>;
  /** Undefined for a snapshot report. */
  window: Span | undefined;
  lagMs: number;
  /** The ages at which a window is requested again; undefined for the default of the type. */
  refresh: Span[] | undefined;
  fromMs: number | undefined;
  /** Undefined if Amazon makes the report on a schedule of its own. */
  cron: string | undefined;
  timezone: string;
  period: RequestConfig['period'];
  /** Whether another request differs only in its options, which reports do not show. */
  hasSibling: boolean;
}

/** The settings, and the schemas with the facts on report types. */
type Settings = Pick<PipelineContext, 'config' | 'schemas'>;

/** The requests of one pipeline. */
export function plansOf(pipeline: Pipeline, settings: Settings): RequestPlan[] {
  const all = settings.config.pipelines.flatMap((each) => plansWithout(each, settings));
  const own = new Map(plansWithout(pipeline, settings).map((plan) => [plan.key, plan]));
  return [...own.values()].map((plan) => ({
    ...plan,
    hasSibling: all.some(
      (other) =>
        other.key !== plan.key &&
        other.sellerId === plan.sellerId &&
        other.reportType === plan.reportType &&
        isSameSet(other.marketplaceIds, plan.marketplaceIds),
    ),
  }));
}

/** The requests of all pipelines that are made by cron, each once. */
export function allPlans(settings: Settings): RequestPlan[] {
  const plans = settings.config.pipelines.flatMap((pipeline) => plansOf(pipeline, settings));
  return [...new Map(plans.map((plan) => [plan.key, plan])).values()].filter(
    ({ cron }) => cron !== undefined,
  );
}

/** Whether two lists hold the same marketplaces, in any order. */
export function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  return String(a.toSorted()) === String(b.toSorted());
}

function plansWithout(
  { request: requests, timezone }: Pipeline,
  { config, schemas }: Settings,
): Omit<RequestPlan, 'hasSibling'>[] {
  return requests.flatMap((request) => {
    const facts = requestFacts(schemas, request.reportType);
    return config.sellers
      .filter(({ id }) => request.sellers?.includes(id) ?? true)
      .flatMap((seller) => {
        const ids = marketplacesOf(request, seller);
        const groups = request.perMarketplace ? ids.map((id) => [id]) : ids.length > 0 ? [ids] : [];
        return groups.map((group) => planFor(request, facts, seller.id, group.toSorted(), timezone));
      });
  });
}

/**
 * The marketplaces of the request that the seller has. If the entry of the seller lists none: those
 * in its region.
 */
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
  facts: RequestFacts,
  sellerId: string,
  marketplaceIds: string[],
  timezone: string,
): Omit<RequestPlan, 'hasSibling'> {
  const { reportType, reportOptions, lag, refresh, from, cron, period } = request;
  const options = Object.entries(reportOptions).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    key: [sellerId, reportType, marketplaceIds.join('+'), ...options.map((each) => each.join('='))].join(' '),
    sellerId,
    reportType,
    facts,
    marketplaceIds,
    reportOptions,
    window: windowOf(request),
    lagMs: lag ? spanMs(lag) : 0,
    refresh,
    fromMs: from ? Date.parse(from) : undefined,
    cron,
    timezone,
    period,
  };
}
