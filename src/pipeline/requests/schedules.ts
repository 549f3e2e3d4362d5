import { ReportsError } from '../../errors/reports-error.js';
import { maxReportTypesPerCall } from '../../source/selling-partner/limits.js';
import type { CallOptions, ReportSchedule } from '../../source/types.js';
import type { PipelineContext } from '../../ingest/context.js';
import type { KeptSchedule, RequestBook } from './book.js';
import { isSame, plansOf, type RequestPlan } from './plan.js';
import { callOf, type Turn } from './types.js';

/** What became of a schedule at Amazon. */
export interface ScheduleStep {
  sellerId: string;
  reportType: string;
  marketplaceIds: string[];
  period?: string;
  /** `left over`: the settings no longer name it, and Amazon goes on by it. */
  done: 'made' | 'kept' | 'would be made' | 'cancelled' | 'would be cancelled' | 'left over';
  scheduleId?: string;
}

/** So often Amazon is asked whether a schedule is still there, or takes one that it refused; a change of the settings is seen at once. */
const checkedEveryMs = { made: 86_400_000, refused: 3_600_000 };

/**
 * Sees that Amazon has the schedules that the settings name. Amazon keeps one for a type and its marketplaces: one that differs is
 * replaced, one that is as wanted is left alone. What Amazon refuses is told by `onRefused`, and left alone for an hour.
 */
export async function keepSchedules(
  plans: RequestPlan[],
  { book, context, signals, options }: Omit<Turn, 'summary'>,
  onRefused: (error: ReportsError) => void,
): Promise<ScheduleStep[]> {
  const nowMs = context.clock.now();
  const call = callOf({ context, signals, options });
  const seller = context.sellingPartner(plans[0]?.sellerId ?? '');
  const toCheck = plans.filter((plan) => options.now || isToBeChecked(plan, book, nowMs));
  if (!seller) return [];
  const types = [...new Set(toCheck.map(({ reportType }) => reportType))];
  const steps: ScheduleStep[] = [];
  for (let index = 0; index < types.length; index += maxReportTypesPerCall) {
    const asked = types.slice(index, index + maxReportTypesPerCall);
    const own = toCheck.filter(({ reportType }) => asked.includes(reportType));
    const there = await unlessRefused(own, () => seller.getReportSchedules(asked, call));
    for (const plan of there ? own : []) {
      const { sellerId, reportType, marketplaceIds, reportOptions, period = '' } = plan;
      const about = { sellerId, reportType, marketplaceIds, period };
      const found = there?.find((each) => isAsWanted(each, plan, book));
      if (options.dryRun) {
        if (!found) steps.push({ ...about, done: 'would be made' });
        continue;
      }
      const wanted = { reportType, marketplaceIds, reportOptions, period };
      const scheduleId =
        found?.scheduleId ?? (await unlessRefused([plan], () => seller.createReportSchedule(wanted, call)));
      if (scheduleId === undefined) continue;
      steps.push({ ...about, done: found ? 'kept' : 'made', scheduleId });
      await note(plan, { scheduleId });
    }
  }
  return steps;

  async function unlessRefused<T>(about: RequestPlan[], work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ReportsError) || error.kind !== 'terminal') throw error;
      onRefused(error);
      if (!options.dryRun) for (const plan of about) await note(plan, {});
      return undefined;
    }
  }

  async function note(plan: RequestPlan, made: { scheduleId?: string }): Promise<void> {
    const { sellerId, reportType, marketplaceIds } = plan;
    const checkedAt = new Date(nowMs).toISOString();
    const kept = { sellerId, reportType, marketplaceIds, wanted: wantedText(plan), checkedAt, ...made };
    await book.changeSchedules((others) => ({ ...others, [keyOf(plan)]: kept }));
  }
}

function isToBeChecked(plan: RequestPlan, book: RequestBook, nowMs: number): boolean {
  const held = book.schedules()[keyOf(plan)];
  if (!held || held.wanted !== wantedText(plan)) return true;
  return nowMs - Date.parse(held.checkedAt) >= checkedEveryMs[held.scheduleId ? 'made' : 'refused'];
}

/** One that this program made with the same words is as wanted, be its options repeated by Amazon or not. */
function isAsWanted(found: ReportSchedule, plan: RequestPlan, book: RequestBook): boolean {
  if (found.reportType !== plan.reportType || !isSame(found.marketplaceIds, plan.marketplaceIds))
    return false;
  const held = book.schedules()[keyOf(plan)];
  const isOwn = found.scheduleId === held?.scheduleId && held.wanted === wantedText(plan);
  return found.period === plan.period && (isOwn || sameOptions(found.reportOptions, plan.reportOptions));
}

/** The schedules that this program made and that no pipeline names any more. */
export function leftOverSchedules(
  context: PipelineContext,
  book: RequestBook,
): [string, KeptSchedule & { scheduleId: string }][] {
  const { config } = context;
  const named = new Set(
    config.pipelines
      .flatMap((pipeline) => plansOf(pipeline, config))
      .filter(({ period }) => period !== undefined)
      .map(keyOf),
  );
  return Object.entries(book.schedules()).flatMap(([key, { scheduleId, ...kept }]) =>
    scheduleId === undefined || named.has(key) ? [] : [[key, { ...kept, scheduleId }]],
  );
}

/** Cancels the schedules that no pipeline names any more. */
export async function cancelLeftOver(
  book: RequestBook,
  context: PipelineContext,
  call: CallOptions,
  { dryRun = false }: { dryRun?: boolean },
): Promise<ScheduleStep[]> {
  const steps: ScheduleStep[] = [];
  for (const [key, { sellerId, reportType, marketplaceIds, scheduleId }] of leftOverSchedules(
    context,
    book,
  )) {
    const about = { sellerId, reportType, marketplaceIds, scheduleId };
    const seller = context.sellingPartner(sellerId);
    if (dryRun || !seller) {
      steps.push({ ...about, done: seller ? 'would be cancelled' : 'left over' });
      continue;
    }
    await seller.cancelReportSchedule(scheduleId, call);
    await book.changeSchedules(({ [key]: _, ...others }) => others);
    steps.push({ ...about, done: 'cancelled' });
  }
  return steps;
}

function keyOf({ sellerId, reportType, marketplaceIds }: RequestPlan): string {
  return [sellerId, reportType, marketplaceIds.join('+')].join(' ');
}

function wantedText({ period, reportOptions }: RequestPlan): string {
  return JSON.stringify([period, Object.entries(reportOptions).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

function sameOptions(a: Record<string, string>, b: Record<string, string>): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => a[key] === b[key]);
}
