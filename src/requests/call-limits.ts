import type { Config } from '../config/spec.js';
import type { CallLimit } from '../scheduling/call-plan.js';
import { maxLatencyMs } from '../source/selling-partner/quota.js';
import type { Report } from '../source/types.js';
import { maxClockSkewMs } from './window-states.js';
import type { RequestPlan } from './request-plans.js';
import type { KeyedProgress } from './request-store.js';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** A limit of a report type, and which calls count towards it. */
export interface RequestLimit extends CallLimit {
  reportType: string;
  /** Whether calls for a seller count. */
  isOf(sellerId: string): boolean;
  /** Whether reports count that another application requested. */
  countsOthers: boolean;
  /** Whether it was learned from Amazon's answers. */
  isLearned?: boolean;
}

/** The reports of a seller that Amazon lists. */
export type ListedReports = ReadonlyMap<string, readonly Report[]>;

/**
 * Returns the limits that the calls of a request count towards. A program that may use a part of
 * the quota makes that part of the calls. `learnedMinutes`: the minimum interval of the seller's
 * reports of the type that was learned from Amazon's answers.
 */
export function limitsOf(
  { sellerId, reportType, facts }: Pick<RequestPlan, 'sellerId' | 'reportType' | 'facts'>,
  {
    sellers,
    quotaShare,
    learnedMinutes,
  }: Pick<Config, 'sellers' | 'quotaShare'> & { learnedMinutes?: number },
): RequestLimit[] {
  const { minInterval, reportsPerDay } = facts;
  const clientId = clientOf(sellerId, sellers);
  const ofSeller = {
    reportType,
    isOf: (id: string) => id === sellerId,
    countsOthers: true,
  };
  const ofApplication = {
    reportType,
    // A seller that is no longer in the settings may belong to any application.
    isOf: (id: string) => [undefined, clientId].includes(clientOf(id, sellers)),
    countsOthers: false,
    isShared: true,
  };
  const scopeOf = (per: 'application' | 'seller' | 'account') =>
    per === 'application' ? ofApplication : ofSeller;
  const keyOf = (kind: string, per: string) =>
    `${kind} ${reportType} ${per === 'application' ? clientId : sellerId}`;
  return [
    ...(minInterval
      ? [
          {
            ...scopeOf(minInterval.per),
            key: keyOf('interval', minInterval.per),
            calls: 1,
            // The call before may have reached Amazon later than this one will.
            perMs: (minInterval.minutes * minuteMs) / quotaShare + maxLatencyMs,
          },
        ]
      : []),
    ...(reportsPerDay
      ? [
          {
            ...scopeOf(reportsPerDay.per),
            key: keyOf('day', reportsPerDay.per),
            calls: Math.max(1, Math.floor(reportsPerDay.count * quotaShare)),
            perMs: dayMs + maxLatencyMs,
          },
        ]
      : []),
    ...(learnedMinutes === undefined
      ? []
      : [
          {
            ...ofSeller,
            countsOthers: false,
            isLearned: true,
            key: keyOf('learned', 'seller'),
            calls: 1,
            perMs: learnedMinutes * minuteMs,
          },
        ]),
  ];
}

/**
 * Returns when the calls of a limit were made, in epoch milliseconds, ascending. What was requested
 * before state was lost may have been requested just then.
 */
export function callTimesOf(
  limit: RequestLimit,
  known: readonly KeyedProgress[],
  { lostAtMs, listed }: { lostAtMs?: number; listed?: ListedReports } = {},
): number[] {
  const own = known.filter(
    ({ reportType, sellerId }) => reportType === limit.reportType && limit.isOf(sellerId),
  );
  const calls = own.flatMap((progress) => callsOf(progress));
  const others = limit.countsOthers
    ? [...(listed ?? [])].flatMap(([sellerId, reports]) =>
        limit.isOf(sellerId) ? reports.filter((report) => isOfOthers(report, limit, calls)) : [],
      )
    : [];
  const times = [
    ...calls.map(({ at }) => Date.parse(at)),
    ...others.map(({ createdAt }) => Date.parse(createdAt)),
    ...(lostAtMs === undefined ? [] : [lostAtMs]),
  ];
  return times.sort((a, b) => a - b);
}

/** Whether two sellers are of one application. */
export function shareApplication(a: string, b: string, sellers: Config['sellers']): boolean {
  const [ofA, ofB] = [a, b].map((id) => clientOf(id, sellers));
  return ofA === undefined || ofB === undefined || ofA === ofB;
}

/** The calls that are stored, and the last one, which may be older. */
function callsOf({ calls = [], lastRequestedAt }: KeyedProgress): { at: string; reportId?: string }[] {
  const isStored = lastRequestedAt === undefined || calls.some(({ at }) => at === lastRequestedAt);
  return isStored ? calls : [{ at: lastRequestedAt }, ...calls];
}

/** A report of a call whose response was lost has no id here, but about the time of the call. */
function isOfOthers(
  { reportId, reportType, createdAt }: Report,
  limit: RequestLimit,
  calls: { at: string; reportId?: string }[],
): boolean {
  if (reportType !== limit.reportType) return false;
  return !calls.some((call) =>
    call.reportId === undefined
      ? Math.abs(Date.parse(call.at) - Date.parse(createdAt)) <= maxClockSkewMs
      : call.reportId === reportId,
  );
}

function clientOf(sellerId: string, sellers: Config['sellers']): string | undefined {
  return sellers.find(({ id }) => id === sellerId)?.credentials.clientId;
}
