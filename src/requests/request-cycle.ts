import { requestNotes } from '../config/request-notes.js';
import { ReportsError } from '../errors/reports-error.js';
import type { PipelineContext, StopSignals } from '../ingest/context.js';
import { failureOf } from '../ingest/work-summary.js';
import { adoptProgress } from './adopt-progress.js';
import { requestLimitsOf } from './call-candidates.js';
import { callsPerDay } from './calls-per-day.js';
import { learnSpacings } from './learn-spacings.js';
import { openLearnedLimits } from './learned-limits.js';
import { recoverFinishedReports } from './recover-finished-reports.js';
import { requestDueWindows } from './request-due-windows.js';
import { allPlans, plansOf, type RequestPlan } from './request-plans.js';
import { type DividedRequest, partsProgress } from './parts-progress.js';
import { countOpen, type RequestProgress } from './request-progress.js';
import { openRequestStore, type RequestStore } from './request-store.js';
import { syncSchedules } from './schedules.js';
import type { RequestCycle, RequestOptions, RequestSummary } from './types.js';
import type { Pipeline } from '../config/spec.js';

/**
 * Runs one cycle of a pipeline's requests: loads finished reports whose notification was lost,
 * requests due windows, and makes Amazon's schedules match the settings. Whatever a cycle leaves
 * undone, a later one does.
 * Errors: REQUEST_STATE_INVALID, those of the warehouse, and those outside the catalogue. Any other
 * failure is in the summary.
 */
export async function runRequestCycle(
  pipeline: Pipeline,
  context: PipelineContext,
  signals: StopSignals,
  options: RequestOptions = {},
): Promise<RequestSummary> {
  const { config, schemas, clock, log } = context;
  const { store, notes } = adoptProgress(
    allPlans(context),
    openRequestStore(config.state, context),
    clock.now(),
  );
  // A dry run shows them in its result.
  if (!options.dryRun) for (const note of notes) log.warn(note);
  const summary: RequestSummary = {
    requested: [],
    postponed: 0,
    inFlight: 0,
    backingOff: 0,
    abandoned: [],
    schedules: [],
    parts: [],
    failures: [],
    notes: [...(options.dryRun ? requestNotes(pipeline, config, schemas, clock.now()) : []), ...notes],
  };
  const learned = openLearnedLimits(context.config.state, context);
  const divided = new Map<string, RequestProgress>();
  const cycle: RequestCycle = { store, learned, context, signals, options, summary, divided };
  const plans = plansOf(pipeline, context);
  const byCron = plans.filter(({ cron }) => cron !== undefined);
  if (!options.dryRun) {
    const recovered = await recoverFinishedReports(byCron, store, pipeline, context, signals);
    if (recovered) summary.recovered = recovered;
    await learnSpacings(store.all(), learned, context);
  }
  await requestDueWindows(byCron, cycle, guarded);
  const progressOf = (key: string) => (options.dryRun ? divided.get(key) : undefined) ?? store.progress(key);
  summary.parts = partsProgress(dividedRequests(byCron, progressOf, cycle), clock.now());
  if (options.dryRun) summary.perDay = callsPerDay(context, learned, progressOf);
  for (const plan of byCron) addProgress(plan, store, context.clock.now(), summary);
  const scheduled = plans.filter(({ period }) => period !== undefined);
  for (const sellerId of new Set(scheduled.map((plan) => plan.sellerId))) {
    if (signals.stop.aborted) break;
    const ofSeller = scheduled.filter((plan) => plan.sellerId === sellerId);
    await guarded(sellerId, async () => {
      const steps = await syncSchedules(ofSeller, cycle, (error) => report(sellerId, error));
      summary.schedules.push(...steps);
    });
  }
  return summary;

  /** See `Guard`. */
  async function guarded(
    sellerId: string,
    work: () => Promise<void>,
    { isQuiet } = { isQuiet: false },
  ): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (signals.stop.aborted) return false;
      if (!(error instanceof ReportsError) || endsCycle(error)) throw error;
      if (error.code === 'API_QUOTA_EXCEEDED')
        context.log.info({ sellerId }, `${error.message}: continuing in the next cycle`);
      else if (isQuiet) context.log.info({ sellerId, code: error.code }, error.message);
      else report(sellerId, error);
      return false;
    }
  }

  function report(sellerId: string, error: ReportsError): void {
    summary.failures.push(failureOf({ key: sellerId, sellerId }, error));
    context.log.error({ sellerId, code: error.code }, error.message);
  }
}

/** The requests per item, with the narrowest limit of each. */
function dividedRequests(
  plans: RequestPlan[],
  progressOf: (key: string) => RequestProgress | undefined,
  { learned, context }: RequestCycle,
): DividedRequest[] {
  return plans
    .filter(({ items }) => items !== undefined)
    .map((plan) => {
      const limits = requestLimitsOf(plan, { learned, context });
      const [limit] = limits.toSorted((a, b) => b.perMs / b.calls - a.perMs / a.calls);
      return { plan, progress: progressOf(plan.key), limit };
    });
}

/** Failures of what all sellers share. */
function endsCycle({ code }: ReportsError): boolean {
  return code === 'REQUEST_STATE_INVALID' || code.startsWith('WAREHOUSE_');
}

function addProgress(plan: RequestPlan, store: RequestStore, nowMs: number, summary: RequestSummary): void {
  const progress = store.progress(plan.key);
  if (!progress) return;
  const { inFlight, backingOff } = countOpen(progress, nowMs);
  summary.inFlight += inFlight;
  summary.backingOff += backingOff;
  const { sellerId, reportType } = plan;
  summary.abandoned.push(...progress.abandoned.map((each) => ({ ...each, sellerId, reportType })));
}
