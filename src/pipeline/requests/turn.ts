import { ReportsError } from '../../errors/reports-error.js';
import type { PipelineContext } from '../../ingest/context.js';
import type { Pipeline } from '../../config/spec.js';
import type { StopSignals } from '../../ingest/context.js';
import { failureOf } from '../../ingest/work-summary.js';
import { askForDue } from './ask-due.js';
import { openRequestBook, type RequestBook } from './book.js';
import { plansOf, type RequestPlan } from './plan.js';
import { countStandings } from './progress.js';
import { keepSchedules } from './schedules.js';
import { takeInFinished } from './take-in.js';
import type { RequestOptions, RequestSummary } from './types.js';

/**
 * One turn of a pipeline's requests: takes in what was made, asks for what is due, the newest window of each first, and sees that Amazon's
 * own schedules are as the settings say. Whatever is not done in one turn is done in a later one.
 */
export async function askForReports(
  pipeline: Pipeline,
  context: PipelineContext,
  signals: StopSignals,
  options: RequestOptions = {},
): Promise<RequestSummary> {
  const book = openRequestBook(context.config.state);
  const plans = plansOf(pipeline, context.config);
  const byCron = plans.filter(({ cron }) => cron !== undefined);
  const summary: RequestSummary = {
    asked: [],
    left: 0,
    underway: 0,
    waiting: 0,
    givenUp: [],
    schedules: [],
    failures: [],
  };
  if (!options.dryRun) {
    const taken = await takeInFinished(byCron, book, pipeline, context, signals);
    if (taken) summary.taken = taken;
  }
  await askForDue(byCron, { book, context, signals, options, summary }, guarded);
  for (const plan of byCron) tellProgress(plan, book, context.clock.now(), summary);
  const scheduled = plans.filter(({ period }) => period !== undefined);
  for (const sellerId of new Set(scheduled.map((plan) => plan.sellerId))) {
    if (signals.stop.aborted) break;
    const own = scheduled.filter((plan) => plan.sellerId === sellerId);
    await guarded(sellerId, async () => {
      const steps = await keepSchedules(own, { book, context, signals, options }, (error) =>
        told(sellerId, error),
      );
      summary.schedules.push(...steps);
    });
  }
  return summary;

  /** One seller's trouble must not keep the others from their reports. Resolves to false where there was some. */
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
      if (!(error instanceof ReportsError) || error.code.startsWith('WAREHOUSE_')) throw error;
      if (error.code === 'API_QUOTA_EXCEEDED') {
        context.log.info({ sellerId }, `${error.message}: the next turn goes on`);
        return false;
      }
      if (isQuiet) context.log.info({ sellerId, code: error.code }, error.message);
      else told(sellerId, error);
      return false;
    }
  }

  function told(sellerId: string, error: ReportsError): void {
    summary.failures.push(failureOf({ key: sellerId, sellerId }, error));
    context.log.error({ sellerId, code: error.code }, error.message);
  }
}

function tellProgress(plan: RequestPlan, book: RequestBook, nowMs: number, summary: RequestSummary): void {
  const progress = book.progress(plan.key);
  if (!progress) return;
  const { underway, waiting } = countStandings(progress, nowMs);
  summary.underway += underway;
  summary.waiting += waiting;
  const { sellerId, reportType } = plan;
  summary.givenUp.push(...progress.givenUp.map((each) => ({ ...each, sellerId, reportType })));
}
