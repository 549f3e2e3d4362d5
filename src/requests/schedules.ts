import { ReportsError } from '../errors/reports-error.js';
import { maxReportTypesPerCall } from '../source/selling-partner/limits.js';
import type { CallOptions, ReportSchedule } from '../source/types.js';
import type { PipelineContext } from '../ingest/context.js';
import type { KeptSchedule } from './request-file.js';
import type { RequestStore } from './request-store.js';
import { isSameSet, plansOf, type RequestPlan } from './request-plans.js';
import { callOptions, type RequestCycle, type ScheduleStep } from './types.js';

/**
 * How often a schedule is checked at Amazon, or a refused one is tried again. A change of the
 * settings is applied in the next cycle.
 */
const checkIntervalMs = { made: 86_400_000, refused: 3_600_000 };

/**
 * Makes the schedules at Amazon match the settings, for the plans of one seller. Amazon keeps one
 * schedule for a type and its marketplaces; creating another one replaces it. What Amazon refuses
 * is passed to `onRefused`, and tried again after an hour.
 */
export async function syncSchedules(
  plans: RequestPlan[],
  { store, context, signals, options }: RequestCycle,
  onRefused: (error: ReportsError) => void,
): Promise<ScheduleStep[]> {
  const nowMs = context.clock.now();
  const call = callOptions({ context, signals, options });
  const seller = context.sellingPartner(plans[0]?.sellerId ?? '');
  const toCheck = plans.filter((plan) => options.now || isCheckDue(plan, store, nowMs));
  if (!seller) return [];
  const types = [...new Set(toCheck.map(({ reportType }) => reportType))];
  const steps: ScheduleStep[] = [];
  for (let index = 0; index < types.length; index += maxReportTypesPerCall) {
    const some = types.slice(index, index + maxReportTypesPerCall);
    const own = toCheck.filter(({ reportType }) => some.includes(reportType));
    const there = await unlessRefused(own, () => seller.getReportSchedules(some, call));
    for (const plan of there ? own : []) {
      const { sellerId, reportType, marketplaceIds, reportOptions, period = '' } = plan;
      const about = { sellerId, reportType, marketplaceIds, period };
      const found = there?.find((each) => isAsWanted(each, plan, store));
      if (options.dryRun) {
        if (!found) steps.push({ ...about, done: 'would be made' });
        continue;
      }
      const wanted = { reportType, marketplaceIds, reportOptions, period };
      const scheduleId =
        found?.scheduleId ?? (await unlessRefused([plan], () => seller.createReportSchedule(wanted, call)));
      if (scheduleId === undefined) continue;
      steps.push({ ...about, done: found ? 'kept' : 'made', scheduleId });
      await record(plan, { scheduleId });
    }
  }
  return steps;

  async function unlessRefused<T>(about: RequestPlan[], work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ReportsError) || error.kind !== 'terminal') throw error;
      onRefused(error);
      if (!options.dryRun) for (const plan of about) await record(plan, {});
      return undefined;
    }
  }

  async function record(plan: RequestPlan, made: { scheduleId?: string }): Promise<void> {
    const { sellerId, reportType, marketplaceIds } = plan;
    const checkedAt = new Date(nowMs).toISOString();
    const kept = { sellerId, reportType, marketplaceIds, wanted: wantedJson(plan), checkedAt, ...made };
    await store.updateSchedules((others) => ({ ...others, [keyOf(plan)]: kept }));
  }
}

function isCheckDue(plan: RequestPlan, store: RequestStore, nowMs: number): boolean {
  const held = store.schedules()[keyOf(plan)];
  if (!held || held.wanted !== wantedJson(plan)) return true;
  return nowMs - Date.parse(held.checkedAt) >= checkIntervalMs[held.scheduleId ? 'made' : 'refused'];
}

/**
 * A schedule that this program created with the same period and options matches, even if Amazon
 * does not return its options.
 */
function isAsWanted(found: ReportSchedule, plan: RequestPlan, store: RequestStore): boolean {
  if (found.reportType !== plan.reportType || !isSameSet(found.marketplaceIds, plan.marketplaceIds))
    return false;
  const held = store.schedules()[keyOf(plan)];
  const isOwn = found.scheduleId === held?.scheduleId && held.wanted === wantedJson(plan);
  return found.period === plan.period && (isOwn || sameOptions(found.reportOptions, plan.reportOptions));
}

/** The schedules that this program created and that no pipeline names any more. */
export function leftOverSchedules(
  context: PipelineContext,
  store: RequestStore,
): [string, KeptSchedule & { scheduleId: string }][] {
  const named = new Set(
    context.config.pipelines
      .flatMap((pipeline) => plansOf(pipeline, context))
      .filter(({ period }) => period !== undefined)
      .map(keyOf),
  );
  return Object.entries(store.schedules()).flatMap(([key, { scheduleId, ...kept }]) =>
    scheduleId === undefined || named.has(key) ? [] : [[key, { ...kept, scheduleId }]],
  );
}

/** Cancels the schedules that no pipeline names any more. */
export async function cancelLeftOverSchedules(
  store: RequestStore,
  context: PipelineContext,
  call: CallOptions,
  { dryRun = false }: { dryRun?: boolean },
): Promise<ScheduleStep[]> {
  const steps: ScheduleStep[] = [];
  for (const [key, { sellerId, reportType, marketplaceIds, scheduleId }] of leftOverSchedules(
    context,
    store,
  )) {
    const about = { sellerId, reportType, marketplaceIds, scheduleId };
    const seller = context.sellingPartner(sellerId);
    if (dryRun || !seller) {
      steps.push({ ...about, done: seller ? 'would be cancelled' : 'left over' });
      continue;
    }
    await seller.cancelReportSchedule(scheduleId, call);
    await store.updateSchedules(({ [key]: _, ...others }) => others);
    steps.push({ ...about, done: 'cancelled' });
  }
  return steps;
}

function keyOf({ sellerId, reportType, marketplaceIds }: RequestPlan): string {
  return [sellerId, reportType, marketplaceIds.join('+')].join(' ');
}

function wantedJson({ period, reportOptions }: RequestPlan): string {
  return JSON.stringify([period, Object.entries(reportOptions).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

function sameOptions(a: Record<string, string>, b: Record<string, string>): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => a[key] === b[key]);
}
