import { ticksPerDay } from '../config/cron-ticks.js';
import type { PipelineContext } from '../ingest/context.js';
import type { CallQuota } from '../scheduling/call-plan.js';
import { requestLimitsOf } from './call-candidates.js';
import type { RequestLimit } from './call-limits.js';
import type { LearnedLimits } from './learned-limits.js';
import { refreshRules } from './refresh-rules.js';
import type { RequestProgress } from './request-progress.js';
import { plansOf, type RequestPlan } from './request-plans.js';

const dayMs = 86_400_000;

/** Calls that the settings need each day once everything is up to date. */
export interface CallsPerDay {
  sellers: SellerCalls[];
  limits: LimitedCalls[];
}

/** The calls of one seller, of all pipelines. */
export interface SellerCalls {
  sellerId: string;
  /** First reports of windows, and snapshots. */
  new: number;
  refreshes: number;
  /** Reports on schedules at Amazon, which take no createReport. */
  scheduled: number;
  /** How many calls of createReport, and of getReportDocument, the quota allows. */
  createReport: number;
  getReportDocument: number;
}

/** The calls that count towards one limit of a report type. */
export interface LimitedCalls {
  limit: RequestLimit;
  sellerIds: string[];
  needed: number;
  possible: number;
}

/**
 * Computes what the requests of all pipelines need, and what the quota and the limits allow. A
 * request per item needs as many reports of each window as its last one had parts.
 */
export function callsPerDay(
  context: Pick<PipelineContext, 'config' | 'schemas' | 'clock' | 'requestQuota' | 'documentQuota'>,
  learned: LearnedLimits,
  progressOf: (planKey: string) => Pick<RequestProgress, 'partsPerWindow'> | undefined,
): CallsPerDay {
  const all = context.config.pipelines.flatMap((pipeline) => plansOf(pipeline, context));
  const plans = [...new Map(all.map((plan) => [plan.key, plan])).values()];
  const nowMs = context.clock.now();
  const sellers = new Map<string, SellerCalls>();
  const limits = new Map<string, LimitedCalls>();
  for (const plan of plans) {
    const { sellerId } = plan;
    const seller = sellers.get(sellerId) ?? {
      sellerId,
      new: 0,
      refreshes: 0,
      scheduled: 0,
      createReport: inADay(context.requestQuota(sellerId), nowMs),
      getReportDocument: inADay(context.documentQuota(sellerId), nowMs),
    };
    sellers.set(sellerId, seller);
    const reports = reportsPerDay(plan) * (progressOf(plan.key)?.partsPerWindow ?? 1);
    if (plan.period) {
      seller.scheduled += reports;
      continue;
    }
    const refreshes = plan.window ? reports * refreshRules(plan, context.schemas).agesMs.length : 0;
    seller.new += reports;
    seller.refreshes += refreshes;
    for (const limit of requestLimitsOf(plan, { learned, context })) {
      const possible = limit.calls * (dayMs / limit.perMs);
      const held = limits.get(limit.key) ?? { limit, sellerIds: [], needed: 0, possible };
      held.needed += reports + refreshes;
      if (!held.sellerIds.includes(sellerId)) held.sellerIds.push(sellerId);
      limits.set(limit.key, held);
    }
  }
  return { sellers: [...sellers.values()], limits: narrowest([...limits.values()]) };
}

/** Of several limits of a type for the same sellers, the one that allows the fewest reports. */
function narrowest(limits: LimitedCalls[]): LimitedCalls[] {
  const scopeOf = ({ limit, sellerIds }: LimitedCalls) => [limit.reportType, ...sellerIds].join(' ');
  return limits.filter((each) =>
    limits.every((other) => scopeOf(other) !== scopeOf(each) || other.possible >= each.possible),
  );
}

/** The calls that a quota allows in a day, without those that are saved up. */
function inADay(quota: CallQuota, nowMs: number): number {
  return quota.possibleUntil(nowMs + 2 * dayMs) - quota.possibleUntil(nowMs + dayMs);
}

/** Windows that end each day, snapshots that are requested, or reports of a schedule at Amazon. */
function reportsPerDay({ window, cron, timezone, period }: RequestPlan): number {
  if (period) return dayMs / periodMs(period);
  if (window) return 1 / (window.count * unitDays[window.unit]);
  return ticksPerDay(cron ?? '', timezone);
}

const unitDays = { hour: 1 / 24, day: 1, week: 7, month: 365.25 / 12, quarter: 365.25 / 4, year: 365.25 };

/** Of an ISO 8601 period that createReportSchedule accepts, such as PT5M, P1D and P1M. */
function periodMs(period: NonNullable<RequestPlan['period']>): number {
  const count = Number(/\d+/.exec(period)?.[0]);
  if (period.startsWith('PT')) return count * (period.endsWith('M') ? 60_000 : 3_600_000);
  return count * (period.endsWith('M') ? unitDays.month : 1) * dayMs;
}
