import { ReportsError } from '../errors/reports-error.js';
import { callsLeftToDrains } from '../scheduling/document-scheduler.js';
import { failureOf } from '../ingest/work-summary.js';
import { createReport } from './create-report.js';
import type { DueWindows } from './due-windows.js';
import { readExistingReports } from './existing-reports.js';
import { competingPlans, nextAllowedAtMs } from './min-interval.js';
import { reconcile } from './reconcile.js';
import { maxProcessingMs } from './recover-finished-reports.js';
import { refreshDueWindows } from './refresh-due-windows.js';
import { refuse, requestedReports } from './request-progress.js';
import { allPlans, type RequestPlan } from './request-plans.js';
import type { RequestStore } from './request-store.js';
import { callOptions, type RequestCycle } from './types.js';
import { reportPeriod, type Window } from './windows.js';

/**
 * At most so many older windows of a seller are in flight, out of the burst of 15 documents. The
 * newest windows are always requested.
 */
const maxOlderInFlight = 15 - callsLeftToDrains;

/**
 * Runs one seller's part of a cycle, so that its failure does not stop the others. Resolves to
 * false if it failed. With `isQuiet`, the failure belongs to another pipeline, which reports it in
 * its own cycle.
 */
export type Guard = (
  sellerId: string,
  work: () => Promise<void>,
  how?: { isQuiet: boolean },
) => Promise<boolean>;

/**
 * Requests the due windows of all sellers. Looks at all of them first: types with a minimum
 * interval alternate between sellers, even of other pipelines, and the newest windows of all come
 * before the older ones of any.
 */
export async function requestDueWindows(
  plans: RequestPlan[],
  cycle: RequestCycle,
  guarded: Guard,
): Promise<void> {
  const { context, signals, options, summary } = cycle;
  const every = allPlans(context.config);
  const own = new Set(plans.map(({ key }) => key));
  const others = every.filter(({ key }) => !own.has(key));
  const found = await findDueWindows(plans, others, cycle, guarded);
  if (options.dryRun) {
    for (const { plan, window } of inOrder(found)) {
      const { sellerId, reportType, marketplaceIds } = plan;
      summary.requested.push({ sellerId, reportType, marketplaceIds, ...reportPeriod(window) });
    }
    return;
  }
  const requests: DueWindows[] = [];
  const failedSellers = new Set<string>();
  for (const sellerId of new Set(found.map(({ plan }) => plan.sellerId))) {
    if (signals.stop.aborted) return;
    const ofSeller = found.filter(({ plan }) => plan.sellerId === sellerId);
    const isQuiet = ofSeller.every(({ plan }) => !own.has(plan.key));
    const match = async () =>
      void requests.push(...(await withoutExisting(sellerId, ofSeller, postpone, cycle)));
    if (!(await guarded(sellerId, match, { isQuiet }))) failedSellers.add(sellerId);
  }
  /** Requests that this cycle is done with. */
  const ended = new Set<string>();
  for (const each of inOrder(requests)) {
    if (signals.stop.aborted) return;
    const { sellerId, key } = each.plan;
    if (ended.has(key)) continue;
    const ofSeller = every.filter((plan) => plan.sellerId === sellerId);
    const isQuiet = !own.has(key);
    const request = () => requestWindow(each, ofSeller, { ended, postpone, isQuiet }, cycle);
    const isDone = !failedSellers.has(sellerId) && (await guarded(sellerId, request, { isQuiet }));
    if (isDone) continue;
    if (isQuiet) ended.add(key);
    else failedSellers.add(sellerId);
    postpone(each.plan);
  }

  /** Windows of other pipelines are not counted: their own cycles do that. */
  function postpone(plan: RequestPlan): void {
    if (own.has(plan.key)) summary.postponed += 1;
  }
}

/** The due windows of this pipeline, and those of other pipelines that compete with them now. */
async function findDueWindows(
  plans: RequestPlan[],
  others: RequestPlan[],
  cycle: RequestCycle,
  guarded: Guard,
): Promise<DueWindows[]> {
  const { store, context, signals, options } = cycle;
  const { config, clock } = context;
  const found: DueWindows[] = [];
  await add(plans, { isQuiet: false });
  // A person who runs `request` gets the pipeline that was named.
  if (options.now) return found;
  const due = found.map(({ plan }) => plan);
  const isAllowed = (plan: RequestPlan) => nextAllowedAtMs(plan, store, config.sellers) <= clock.now();
  await add(competingPlans(due, others, config.sellers).filter(isAllowed), { isQuiet: true });
  return found;

  async function add(some: RequestPlan[], how: { isQuiet: boolean }): Promise<void> {
    for (const plan of some) {
      if (signals.stop.aborted) return;
      const refresh = async () => {
        const each = await refreshDueWindows(plan, cycle, how);
        if (each.due.length > 0) found.push(each);
      };
      await guarded(plan.sellerId, refresh, how);
    }
  }
}

/** Leaves out the windows of one seller that Amazon has a report of already. */
async function withoutExisting(
  sellerId: string,
  requests: DueWindows[],
  postpone: (plan: RequestPlan) => void,
  cycle: RequestCycle,
): Promise<DueWindows[]> {
  const { store, context, options } = cycle;
  const seller = context.sellingPartner(sellerId);
  if (!seller) return [];
  const lostForMs = context.clock.now() - (store.lostAtMs() ?? Number.NEGATIVE_INFINITY);
  const call = {
    ...callOptions(cycle),
    waitsForQuota: options.waitForQuota ?? false,
    isStateLost: lostForMs < maxProcessingMs,
  };
  const existing = await readExistingReports(seller, requests, context, call);
  const left: DueWindows[] = [];
  for (const each of requests) {
    const { unconfirmed, ...rest } = await reconcile(each, existing, store, context.clock.now());
    for (const _ of unconfirmed) postpone(each.plan);
    left.push(rest);
  }
  return left;
}

interface DueWindow {
  plan: RequestPlan;
  progress: DueWindows['progress'];
  window: Window;
  isNewest: boolean;
}

/**
 * Requests one window. A refusal ends the request for this cycle. Errors: those that end the cycle
 * for the seller.
 */
async function requestWindow(
  { plan, window, isNewest, progress }: DueWindow,
  ofSeller: RequestPlan[],
  how: { ended: Set<string>; postpone: (plan: RequestPlan) => void; isQuiet: boolean },
  cycle: RequestCycle,
): Promise<void> {
  const { store, context, signals, options, summary } = cycle;
  const { config, clock, log } = context;
  const seller = context.sellingPartner(plan.sellerId);
  if (!seller) return;
  const waitMs = () => nextAllowedAtMs(plan, store, config.sellers) - clock.now();
  if (!isNewest && countInFlight(ofSeller, store) >= maxOlderInFlight) return how.postpone(plan);
  if (options.waitForQuota) while (waitMs() > 0) await clock.sleep(waitMs(), signals.stop);
  if (waitMs() > 0) return how.postpone(plan);
  // A stop waits for the response of a call, unless the call may wait for its quota before.
  const signal = options.waitForQuota ? signals.stop : signals.abort;
  try {
    const requested = await createReport(plan, window, progress, cycle, seller, {
      ...callOptions(cycle),
      signal,
    });
    if (!requested) return waitMs() > 0 ? how.postpone(plan) : undefined;
    summary.requested.push(requested);
    log.info({ ...requested }, `requested ${plan.reportType}`);
  } catch (error) {
    if (!(error instanceof ReportsError) || error.code !== 'REPORT_REQUEST_REFUSED') throw error;
    how.ended.add(plan.key);
    const about = { sellerId: plan.sellerId, code: error.code };
    // The request is refused in the cycle of its own pipeline too, which stores and reports it.
    if (how.isQuiet) return log.info(about, error.message);
    const found = String(error.details.found);
    await store.update(plan.key, (held) => held && refuse(held, found, clock.now()));
    summary.failures.push(failureOf(plan, error));
    log.error(about, error.message);
  }
}

/**
 * The newest window of each request first, beginning with the request that was made longest ago;
 * then the older windows by age.
 */
function inOrder(requests: DueWindows[]): DueWindow[] {
  const all = requests.flatMap(({ plan, progress, due }) =>
    due.map((window, index) => {
      const start = new Date(window.startMs).toISOString();
      const isLast = index === due.length - 1;
      const isNewest = isLast && progress.windows.every((each) => each.start <= start);
      return { plan, progress, window, isNewest };
    }),
  );
  return all.sort(
    (a, b) =>
      Number(b.isNewest) - Number(a.isNewest) ||
      (a.isNewest ? 0 : a.window.startMs - b.window.startMs) ||
      lastRequestedMs(a) - lastRequestedMs(b),
  );
}

function lastRequestedMs({ progress: { lastRequestedAt } }: DueWindow): number {
  return lastRequestedAt === undefined ? 0 : Date.parse(lastRequestedAt);
}

/** Reports of these requests that are in flight. */
function countInFlight(plans: RequestPlan[], store: RequestStore): number {
  return plans.reduce((sum, { key }) => {
    const progress = store.progress(key);
    return sum + (progress ? requestedReports(progress).length : 0);
  }, 0);
}
