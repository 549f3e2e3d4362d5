import type { CallOptions } from '../../source/types.js';
import type { PipelineContext } from '../context.js';
import type { KeptSchedule, RequestBook } from './book.js';
import { isSame, plansOf, type RequestPlan } from './plan.js';

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

/** So often Amazon is asked whether a schedule is still there; a change of the settings is seen at once. */
const checkedEveryMs = 86_400_000;

/** Types of a call of getReportSchedules. */
const mostTypesPerCall = 10;

/**
 * Sees that Amazon has the schedules that the settings name. Amazon keeps one for a type and its marketplaces: one that differs is
 * replaced, one that is as wanted is left alone.
 */
export async function keepSchedules(
  plans: RequestPlan[],
  book: RequestBook,
  context: PipelineContext,
  call: CallOptions,
  { now = false, dryRun = false }: { now?: boolean; dryRun?: boolean },
): Promise<ScheduleStep[]> {
  const nowMs = context.clock.now();
  const kept = book.schedules();
  const toCheck = plans.filter((plan) => {
    const held = kept[keyOf(plan)];
    const isRecent = held && nowMs - Date.parse(held.checkedAt) < checkedEveryMs;
    return now || !isRecent || held.wanted !== wantedText(plan);
  });
  const seller = context.sellingPartner(plans[0]?.sellerId ?? '');
  if (!seller || toCheck.length === 0) return [];
  const types = [...new Set(toCheck.map(({ reportType }) => reportType))];
  const steps: ScheduleStep[] = [];
  for (let index = 0; index < types.length; index += mostTypesPerCall) {
    const asked = types.slice(index, index + mostTypesPerCall);
    const there = await seller.getReportSchedules(asked, call);
    for (const plan of toCheck.filter(({ reportType }) => asked.includes(reportType))) {
      const { sellerId, reportType, marketplaceIds, reportOptions, period = '' } = plan;
      const about = { sellerId, reportType, marketplaceIds, period };
      const found = there.find(
        (each) => each.reportType === reportType && isSame(each.marketplaceIds, marketplaceIds),
      );
      const held = kept[keyOf(plan)];
      // Made by this program with the same words: Amazon need not repeat the options.
      const isOwn = found?.scheduleId === held?.scheduleId && held?.wanted === wantedText(plan);
      const isAsWanted =
        found && found.period === period && (isOwn || sameOptions(found.reportOptions, reportOptions));
      if (dryRun && !isAsWanted) {
        steps.push({ ...about, done: 'would be made' });
        continue;
      }
      const scheduleId = isAsWanted
        ? found.scheduleId
        : await seller.createReportSchedule({ reportType, marketplaceIds, reportOptions, period }, call);
      steps.push({ ...about, done: isAsWanted ? 'kept' : 'made', scheduleId });
      if (dryRun) continue;
      const wanted = wantedText(plan);
      const checkedAt = new Date(nowMs).toISOString();
      await book.changeSchedules((others) => ({
        ...others,
        [keyOf(plan)]: { sellerId, reportType, marketplaceIds, scheduleId, wanted, checkedAt },
      }));
    }
  }
  return steps;
}

/** The schedules that this program made and that no pipeline names any more. */
export function leftOverSchedules(context: PipelineContext, book: RequestBook): [string, KeptSchedule][] {
  const { config } = context;
  const named = new Set(
    config.pipelines
      .flatMap((pipeline) => plansOf(pipeline, config))
      .filter(({ period }) => period !== undefined)
      .map(keyOf),
  );
  return Object.entries(book.schedules()).filter(([key]) => !named.has(key));
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
