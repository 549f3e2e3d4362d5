import { limitAllowsAtMs } from '../scheduling/call-plan.js';
import type { Report } from '../source/types.js';
import { requestLimitsOf } from './call-candidates.js';
import { callTimesOf, shareApplication } from './call-limits.js';
import type { DueWindows } from './due-windows.js';
import { readExistingReports } from './existing-reports.js';
import { makeCalls } from './make-calls.js';
import { notingUnanswered } from './note-unanswered.js';
import { reconcile } from './reconcile.js';
import { refreshDueWindows } from './refresh-due-windows.js';
import { allPlans, type RequestPlan } from './request-plans.js';
import { callOptions, type Guard, type RequestCycle } from './types.js';
import { maxProcessingMs } from './window-states.js';

/**
 * Requests the due windows of all sellers. Looks at all of them first, and at the windows of other
 * pipelines that need the same calls, so that one plan decides between them.
 */
export async function requestDueWindows(
  plans: RequestPlan[],
  cycle: RequestCycle,
  guarded: Guard,
): Promise<void> {
  const { context, signals, options, summary } = cycle;
  const every = allPlans(context);
  const own = new Set(plans.map(({ key }) => key));
  const others = every.filter(({ key }) => !own.has(key));
  const found = await findDueWindows(plans, others, cycle, guarded);
  /**
   * Windows of other pipelines are not counted: their own cycles do that. Parts of windows have
   * counts of their own.
   */
  const postpone = (plan: RequestPlan) => {
    if (own.has(plan.key) && !plan.items) summary.postponed += 1;
  };
  const requests: DueWindows[] = [];
  const listed = new Map<string, Report[]>();
  if (options.dryRun) requests.push(...found);
  for (const sellerId of options.dryRun ? [] : new Set(found.map(({ plan }) => plan.sellerId))) {
    if (signals.stop.aborted) return;
    const ofSeller = found.filter(({ plan }) => plan.sellerId === sellerId);
    const isQuiet = ofSeller.every(({ plan }) => !own.has(plan.key));
    const match = async () => {
      const tried = ofSeller.flatMap(({ plan }) => (own.has(plan.key) ? plan : []));
      const { left, reports } = await notingUnanswered(tried, cycle, () =>
        withoutExisting(sellerId, ofSeller, postpone, cycle),
      );
      requests.push(...left);
      listed.set(sellerId, reports);
    };
    if (await guarded(sellerId, match, { isQuiet })) continue;
    for (const { plan, due } of ofSeller) for (const _ of due) postpone(plan);
  }
  await makeCalls({ requests, listed, every, own, postpone }, cycle, guarded);
}

/** The due windows of this pipeline, and those of other pipelines that compete with them now. */
async function findDueWindows(
  plans: RequestPlan[],
  others: RequestPlan[],
  cycle: RequestCycle,
  guarded: Guard,
): Promise<DueWindows[]> {
  const { signals, options } = cycle;
  const found: DueWindows[] = [];
  await add(plans, { isQuiet: false });
  // A person who runs `request` gets the pipeline that was named.
  if (!options.now) await add(competingPlans(found, others, cycle), { isQuiet: true });
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

/**
 * Returns the requests of other pipelines that compete with due windows: for the calls of a seller
 * that has more due windows than calls, or within a limit of a type. Otherwise the pipeline that
 * always runs first would starve the others.
 */
function competingPlans(found: DueWindows[], others: RequestPlan[], cycle: RequestCycle): RequestPlan[] {
  const { store, learned, context } = cycle;
  const { sellers } = context.config;
  const dueOf = (sellerId: string) =>
    found.reduce((sum, { plan, due }) => sum + (plan.sellerId === sellerId ? due.length : 0), 0);
  const isShort = ({ sellerId }: RequestPlan) => {
    const due = dueOf(sellerId);
    return due > 0 && due > context.requestQuota(sellerId).available();
  };
  const limited = found.flatMap(({ plan }) =>
    requestLimitsOf(plan, { learned, context }).length > 0 ? [plan] : [],
  );
  const sharesLimit = (plan: RequestPlan) =>
    limited.some(
      (each) =>
        each.reportType === plan.reportType && shareApplication(each.sellerId, plan.sellerId, sellers),
    );
  const known = store.all();
  const isAllowed = (plan: RequestPlan) =>
    requestLimitsOf(plan, { learned, context }).every(
      (limit) =>
        limitAllowsAtMs(limit, callTimesOf(limit, known, { lostAtMs: store.lostAtMs() })) <=
        context.clock.now(),
    );
  return others.filter((plan) => isShort(plan) || (sharesLimit(plan) && isAllowed(plan)));
}

/** Leaves out the windows of one seller that Amazon has a report of already. */
async function withoutExisting(
  sellerId: string,
  requests: DueWindows[],
  postpone: (plan: RequestPlan) => void,
  cycle: RequestCycle,
): Promise<{ left: DueWindows[]; reports: Report[] }> {
  const { store, context, options } = cycle;
  const seller = context.sellingPartner(sellerId);
  if (!seller) return { left: [], reports: [] };
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
  return { left, reports: existing.reports };
}
