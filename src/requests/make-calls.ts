import { ReportsError } from '../errors/reports-error.js';
import { failureOf } from '../ingest/work-summary.js';
import { type CallDecision, limitAllowsAtMs, nextPlanMs, planCalls } from '../scheduling/call-plan.js';
import { callStateOf, candidatesOf, type WindowCandidate } from './call-candidates.js';
import { callTimesOf, type ListedReports } from './call-limits.js';
import { createReport } from './create-report.js';
import type { DueWindows } from './due-windows.js';
import { notingUnanswered } from './note-unanswered.js';
import { refuse } from './request-progress.js';
import type { RequestPlan } from './request-plans.js';
import { callOptions, type Guard, type RequestCycle } from './types.js';
import { reportPeriod } from './windows.js';

/** What a cycle found to request. */
export interface FoundWork {
  /** Of this pipeline, and of others that compete with it. */
  requests: DueWindows[];
  listed: ListedReports;
  /** All requests of the settings. */
  every: RequestPlan[];
  /** The keys of this pipeline's requests. */
  own: ReadonlySet<string>;
  /** Counts a window that is left to a later cycle. */
  postpone(plan: RequestPlan): void;
}

/** If createReport fails for so many report types of a seller, it fails for all of them. */
const maxFailedTypes = 3;

type Decision = CallDecision<WindowCandidate>;

/**
 * Calls createReport as the plan of calls decides, until nothing more is possible now. If the cycle
 * waits for quota, it waits for everything but reports in flight, which others may have to load. In
 * a dry run, only shows the plan.
 */
export async function makeCalls(
  { requests, listed, every, own, postpone }: FoundWork,
  cycle: RequestCycle,
  guarded: Guard,
): Promise<void> {
  const { context, signals, options, summary } = cycle;
  /** Requests that this cycle is done with. */
  const ended = new Set<string>();
  const failedSellers = new Set<string>();
  /** Report types for which Amazon failed in this cycle, by seller. */
  const failedTypes = new Map<string, Set<string>>();
  const done = new Set<string>();
  const { deadlineMs = Number.POSITIVE_INFINITY } = callOptions(cycle);
  for (;;) {
    const decisions = decide();
    if (options.dryRun) {
      summary.decisions = decisions;
      for (const { candidate } of decisions) {
        const { sellerId, reportType, marketplaceIds } = candidate.plan;
        const period = reportPeriod(candidate.window);
        summary.requested.push({ sellerId, reportType, marketplaceIds, ...period, reason: candidate.reason });
      }
      return;
    }
    const now = decisions.filter(({ waitsFor }) => waitsFor === undefined);
    const nextMs = nextPossibleMs(decisions);
    if (now.length === 0 && !(nextMs <= deadlineMs && (await sleepUntil(nextMs)))) {
      for (const { candidate } of decisions) postpone(candidate.plan);
      const ofOwn = decisions.filter(({ candidate }) => own.has(candidate.plan.key));
      summary.nextMs = nextPlanMs(ofOwn, context.clock.now());
      return;
    }
    await makeAll(now);
    if (signals.stop.aborted) return;
  }

  /** Sellers do not wait for each other's responses: each has its own quota. */
  async function makeAll(decisions: Decision[]): Promise<void> {
    const sellerIds = new Set(decisions.map(({ candidate }) => candidate.sellerId));
    const results = await Promise.allSettled(
      [...sellerIds].map(async (sellerId) => {
        for (const decision of decisions) {
          if (decision.candidate.sellerId !== sellerId) continue;
          if (signals.stop.aborted) return;
          await make(decision);
        }
      }),
    );
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  /** Resolves to false if it did not sleep: there is no such time, or the program stops. */
  async function sleepUntil(atMs: number): Promise<boolean> {
    const { clock } = context;
    const sinceMs = clock.now();
    if (!Number.isFinite(atMs)) return false;
    await clock.sleep(atMs - sinceMs, signals.stop).catch(() => {});
    return clock.now() > sinceMs && !signals.stop.aborted;
  }

  function decide(): Decision[] {
    const candidates = candidatesOf(requests, cycle).filter(
      ({ windowKey, plan }) => !done.has(windowKey) && !ended.has(plan.key),
    );
    const possible = candidates.filter(({ sellerId }) => !failedSellers.has(sellerId));
    for (const each of candidates) {
      if (!failedSellers.has(each.sellerId)) continue;
      done.add(each.windowKey);
      postpone(each.plan);
    }
    return planCalls(possible, callStateOf(possible, every, listed, cycle));
  }

  async function make(decision: Decision): Promise<void> {
    const { plan, windowKey, sellerId } = decision.candidate;
    if (ended.has(plan.key) || failedSellers.has(sellerId)) return;
    done.add(windowKey);
    const isQuiet = !own.has(plan.key);
    let isUnavailable = false;
    const request = async () => {
      const call = () => requestWindow(decision, listed, cycle, { isQuiet });
      const result = await notingUnanswered(isQuiet ? [] : [plan], cycle, call).catch((error: unknown) => {
        isUnavailable = error instanceof ReportsError && error.code === 'API_UNAVAILABLE';
        throw error;
      });
      if (result === 'refused') ended.add(plan.key);
      if (result === 'postponed') postpone(plan);
    };
    if (await guarded(sellerId, request, { isQuiet })) return;
    postpone(plan);
    if (!isQuiet && !(isUnavailable && isOfFewTypes(plan))) {
      failedSellers.add(sellerId);
      return;
    }
    ended.add(plan.key);
    for (const other of candidatesOf(requests, cycle))
      if (other.plan.key === plan.key && !done.has(other.windowKey)) postpone(plan);
  }

  /**
   * Notes that createReport failed for the type of a request. Returns whether that may be due to
   * the type: other types of the seller are requested as long as few fail, besides those of which
   * it is known.
   */
  function isOfFewTypes({ key, sellerId, reportType }: RequestPlan): boolean {
    if (cycle.store.progress(key)?.outage) return true;
    const failed = failedTypes.get(sellerId) ?? new Set();
    failedTypes.set(sellerId, failed.add(reportType));
    return failed.size < maxFailedTypes;
  }
}

/**
 * When the next call becomes possible by itself; Infinity if none does. A part that waits for a
 * limit of its type is left to later cycles: all parts may take weeks.
 */
function nextPossibleMs(decisions: Decision[]): number {
  const times = decisions.flatMap(({ candidate, atMs, waitsFor }) =>
    waitsFor === 'createReport' || (waitsFor === 'limit' && candidate.window.items === undefined)
      ? [atMs]
      : [],
  );
  return Math.min(...times);
}

/**
 * Requests one window. A refusal is stored and reported, unless the request belongs to another
 * pipeline. Errors: those that end the cycle for the seller.
 */
async function requestWindow(
  { candidate: { plan, window, progress, limits, reason }, exceptionOf }: Decision,
  listed: ListedReports,
  cycle: RequestCycle,
  { isQuiet }: { isQuiet: boolean },
): Promise<'made' | 'refused' | 'postponed' | 'made by another'> {
  const { store, learned, context, signals, options, summary } = cycle;
  const { clock, log } = context;
  const seller = context.sellingPartner(plan.sellerId);
  if (!seller) return 'postponed';
  // A stop waits for the response of a call, unless the call may wait for its quota before.
  const signal = options.waitForQuota ? signals.stop : signals.abort;
  try {
    const requested = await createReport({ plan, window, limits, known: progress }, cycle, seller, {
      ...callOptions(cycle),
      signal,
    });
    if (!requested) {
      const isLimited = limits.some(
        (limit) =>
          limitAllowsAtMs(limit, callTimesOf(limit, store.all(), { lostAtMs: store.lostAtMs(), listed })) >
          clock.now(),
      );
      return isLimited ? 'postponed' : 'made by another';
    }
    await learned.countCall([plan.sellerId, ...limits.map(({ key }) => key)], exceptionOf);
    summary.requested.push({ ...requested, reason });
    log.info({ ...requested, reason }, `requested ${plan.reportType}`);
    return 'made';
  } catch (error) {
    if (!(error instanceof ReportsError) || error.code !== 'REPORT_REQUEST_REFUSED') throw error;
    const about = { sellerId: plan.sellerId, code: error.code };
    // The request is refused in the cycle of its own pipeline too, which stores and reports it.
    if (isQuiet) {
      log.info(about, error.message);
      return 'refused';
    }
    const found = String(error.details.found);
    await store.update(plan.key, (held) => held && refuse(held, found, clock.now()));
    summary.failures.push(failureOf(plan, error));
    log.error(about, error.message);
    return 'refused';
  }
}
