import type { Config } from '../config/spec.js';
import type { PipelineContext } from '../ingest/context.js';
import type { CallCandidate, CallState } from '../scheduling/call-plan.js';
import { callTimesOf, limitsOf, type ListedReports, type RequestLimit } from './call-limits.js';
import type { DueWindow } from './due-window.js';
import type { DueWindows } from './due-windows.js';
import type { LearnedLimits } from './learned-limits.js';
import { refreshRules } from './refresh-rules.js';
import { requestedReports, windowRecord } from './request-progress.js';
import type { RequestPlan } from './request-plans.js';
import type { RequestStore } from './request-store.js';
import type { WindowRecord } from './window-states.js';

/** A due window as the plan of calls sees it. */
export interface WindowCandidate extends CallCandidate {
  plan: RequestPlan;
  window: DueWindow;
  progress: DueWindows['progress'];
  limits: RequestLimit[];
}

/** Returns the due windows of requests as candidates for calls. */
export function candidatesOf(
  requests: DueWindows[],
  { store, learned, context }: CallSources,
): WindowCandidate[] {
  return requests.flatMap(({ plan, progress, due }) => {
    const { key, sellerId, lagMs } = plan;
    const limits = requestLimitsOf(plan, { learned, context });
    const lastRequestedAt = store.progress(key)?.lastRequestedAt ?? progress.lastRequestedAt;
    const { settledMs } = refreshRules(plan, context.schemas);
    return due.map((window) => ({
      plan,
      window,
      progress,
      sellerId,
      requestKey: key,
      windowKey: `${key} ${window.startMs} ${window.items ?? ''}`,
      reason: window.reason,
      rank: window.rank,
      settles: settles(windowRecord(progress, window), window.endMs + settledMs, context.clock.now()),
      dueMs: window.endMs + lagMs,
      lastRequestedMs: lastRequestedAt === undefined ? 0 : Date.parse(lastRequestedAt),
      limits,
    }));
  });
}

/** Whether a report of now is the first one with the complete data of a window. */
function settles(record: WindowRecord | undefined, settledAtMs: number, nowMs: number): boolean {
  return settledAtMs <= nowMs && Date.parse(record?.answeredAt ?? '') < settledAtMs;
}

/** What candidates and their state come from. */
export interface CallSources {
  store: Pick<RequestStore, 'progress' | 'all' | 'lostAtMs'>;
  learned: LearnedLimits;
  context: Pick<PipelineContext, 'config' | 'schemas' | 'clock' | 'requestQuota' | 'documentQuota'>;
}

/** The limits of a request as of now. */
export function requestLimitsOf(
  plan: RequestPlan,
  { learned, context: { config, clock } }: { learned: LearnedLimits; context: LimitContext },
): RequestLimit[] {
  const { sellers, quotaShare } = config;
  const learnedMinutes = learned.minutes(plan, clock.now());
  return limitsOf(plan, { sellers, quotaShare, learnedMinutes });
}

type LimitContext = Pick<PipelineContext, 'clock'> & { config: Pick<Config, 'sellers' | 'quotaShare'> };

/** What the plan of calls knows as of now. `plans`: all requests of the settings. */
export function callStateOf(
  candidates: WindowCandidate[],
  plans: RequestPlan[],
  listed: ListedReports,
  { store, learned, context }: CallSources,
): CallState {
  const known = store.all();
  const lostAtMs = store.lostAtMs();
  const limits = new Map(candidates.flatMap((each) => each.limits.map((limit) => [limit.key, limit])));
  return {
    nowMs: context.clock.now(),
    seller: (sellerId) => ({
      createReport: context.requestQuota(sellerId),
      getReportDocument: context.documentQuota(sellerId),
      inFlight: plans.reduce((sum, plan) => {
        const progress = plan.sellerId === sellerId ? store.progress(plan.key) : undefined;
        return sum + (progress ? requestedReports(progress).length : 0);
      }, 0),
    }),
    callTimes(key) {
      const limit = limits.get(key);
      return limit ? callTimesOf(limit, known, { lostAtMs, listed }) : [];
    },
    turns: (key) => learned.turns(key),
  };
}
