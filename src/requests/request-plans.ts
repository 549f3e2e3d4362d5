import { groupMarketplaces, requestMarketplaces } from '../config/request-marketplaces.js';
import { type ItemSource, itemsOf } from '../config/request-items-spec.js';
import { requestOptions } from '../config/request-options.js';
import { type RequestConfig, windowOf } from '../config/request-spec.js';
import { type Span, spanMs } from '../yaml/span.js';
import type { Pipeline } from '../config/spec.js';
import type { PipelineContext } from '../ingest/context.js';
import { requestFacts } from '../schema/request-facts.js';
import type { RequestFacts } from '../schema/types.js';
import type { Window } from './windows.js';

/**
 * One `request` entry of the settings for one seller and the marketplaces of one report.
 */
export interface RequestPlan {
  /** Identifies the request in the stored state: seller, type, marketplaces and options. */
  key: string;
  /**
   * The keys that it had when the program knew less about the marketplaces of its type: see
   * `adoptProgress`.
   */
  earlierKeys: string[];
  sellerId: string;
  reportType: string;
  /** What is known about requesting the type. */
  facts: RequestFacts;
  /** Sorted. */
  marketplaceIds: string[];
  reportOptions: Record<string, string>;
  /** The items that each window is divided by; undefined if a window is one report. */
  items?: ItemSource;
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
  /**
   * Whether another request differs only in its options, which reports do not show. The reports of
   * one window of a request per item do as well.
   */
  hasSibling: boolean;
}

/** The settings, and the schemas with the facts on report types. */
type Settings = Pick<PipelineContext, 'config' | 'schemas'>;

/** The requests of one pipeline. */
export function plansOf(pipeline: Pipeline, settings: Settings): RequestPlan[] {
  const all = settings.config.pipelines.flatMap((each) => plansWithout(each, settings));
  return withSiblings(plansWithout(pipeline, settings), all);
}

/** The requests of all pipelines that are made by cron, each once. */
export function allPlans(settings: Settings): RequestPlan[] {
  const all = settings.config.pipelines.flatMap((each) => plansWithout(each, settings));
  return withSiblings(all, all).filter(({ cron }) => cron !== undefined);
}

/** Whether a report for these marketplaces covers what the plan requests. */
export function isCoveredBy({ facts, marketplaceIds }: RequestPlan, requested: readonly string[]): boolean {
  return facts.marketplaces === 'ignored' || isSameSet(requested, marketplaceIds);
}

/** The options of one report: those of its request, and its items. */
export function optionsOf(
  { reportOptions, items }: Pick<RequestPlan, 'reportOptions' | 'items'>,
  window: Window,
): Record<string, string> {
  return items && window.items !== undefined
    ? { ...reportOptions, [items.option]: window.items }
    : reportOptions;
}

/** Whether two lists hold the same marketplaces, in any order. */
export function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  return String(a.toSorted()) === String(b.toSorted());
}

/** Each plan once, with whether one of `all` is its sibling. */
function withSiblings(plans: PlanWithout[], all: PlanWithout[]): RequestPlan[] {
  const groupOf = ({ sellerId, reportType }: PlanWithout) => `${sellerId} ${reportType}`;
  const groups = new Map<string, PlanWithout[]>();
  for (const each of all) {
    const group = groups.get(groupOf(each));
    if (group) group.push(each);
    else groups.set(groupOf(each), [each]);
  }
  return [...new Map(plans.map((plan) => [plan.key, plan])).values()].map((plan) => ({
    ...plan,
    hasSibling:
      plan.items !== undefined ||
      (groups.get(groupOf(plan)) ?? []).some(
        (other) =>
          other.key !== plan.key &&
          (isSameSet(other.marketplaceIds, plan.marketplaceIds) || other.facts.marketplaces === 'ignored'),
      ),
  }));
}

type PlanWithout = Omit<RequestPlan, 'hasSibling'>;

function plansWithout(
  { request: requests, timezone }: Pipeline,
  { config, schemas }: Settings,
): PlanWithout[] {
  return requests.flatMap((request) => {
    const facts = requestFacts(schemas, request.reportType);
    return config.sellers
      .filter(({ id }) => request.sellers?.includes(id) ?? true)
      .flatMap((seller) => {
        const ids = requestMarketplaces(request, seller);
        const groups = groupMarketplaces(ids, request.perMarketplace, facts);
        const withoutFacts = groupMarketplaces(ids, request.perMarketplace, {});
        return groups.map((group) => planFor(request, facts, seller.id, { group, withoutFacts }, timezone));
      });
  });
}

function planFor(
  request: RequestConfig,
  facts: RequestFacts,
  sellerId: string,
  { group, withoutFacts }: { group: string[]; withoutFacts: string[][] },
  timezone: string,
): PlanWithout {
  const { reportType, lag, refresh, from, cron, period } = request;
  const reportOptions = requestOptions(request, facts);
  const items = itemsOf(request, facts);
  // The items may change from window to window.
  const named = items ? { ...reportOptions, [items.option]: '*' } : reportOptions;
  const options = Object.entries(named).sort(([a], [b]) => (a < b ? -1 : 1));
  const keyOf = (ids: string[]) =>
    [sellerId, reportType, ids.toSorted().join('+'), ...options.map((each) => each.join('='))].join(' ');
  const key = keyOf(group);
  return {
    key,
    earlierKeys: withoutFacts
      .filter((ids) => ids.some((id) => group.includes(id)))
      .map(keyOf)
      .filter((each) => each !== key),
    sellerId,
    reportType,
    facts,
    marketplaceIds: group.toSorted(),
    reportOptions,
    items,
    window: windowOf(request),
    lagMs: lag ? spanMs(lag) : 0,
    // To request all parts again would take the calls of new ones: only if somebody wants it.
    refresh: refresh ?? (items ? [] : undefined),
    fromMs: from ? Date.parse(from) : undefined,
    cron,
    timezone,
    period,
  };
}
