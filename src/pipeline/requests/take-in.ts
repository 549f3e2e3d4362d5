import { describeError, ReportsError } from '../../errors/reports-error.js';
import type { Report } from '../../source/types.js';
import { ledgerKey } from '../../warehouse/types.js';
import type { PipelineContext, StopSignals } from '../../ingest/context.js';
import { ensureWritable } from '../../maintenance/repair-warehouse.js';
import type { Pipeline } from '../../config/spec.js';
import { jobFor } from '../../discovery/unloaded-reports.js';
import { IngestRun } from '../../ingest/ingest-run.js';
import type { WorkSummary } from '../../ingest/work-summary.js';
import type { RequestBook } from './book.js';
import type { RequestPlan } from './plan.js';
import { failReport, openReports } from './progress.js';

const minuteMs = 60_000;

/** A notification comes within minutes of a report's end; one that did not come by then is not waited for. */
const tellsWithinMs = 30 * minuteMs;

/** Amazon makes a report in minutes, now and then in a day. */
const madeWithinMs = 3 * 24 * 60 * minuteMs;

/**
 * Asks Amazon about the reports that were asked for a while ago and that the ledger doesn't have. What has ended is loaded as a sweep loads
 * it, for its notification was lost: FATAL and CANCELLED ones too, of which no sweep knows. Returns undefined where there was nothing to load.
 */
export async function takeInFinished(
  plans: RequestPlan[],
  book: RequestBook,
  pipeline: Pipeline,
  context: PipelineContext,
  signals: StopSignals,
): Promise<WorkSummary | undefined> {
  const late = await lateReports(plans, book, context);
  const finished: { sellerId: string; report: Report }[] = [];
  const deadlineMs = context.clock.now() + minuteMs;
  for (const { plan, reportId, atMs } of late) {
    if (signals.stop.aborted) break;
    const found = await ask(plan, reportId);
    if (!found) continue;
    if (
      found.report?.status === 'DONE' ||
      found.report?.status === 'CANCELLED' ||
      found.report?.status === 'FATAL'
    ) {
      finished.push({ sellerId: plan.sellerId, report: found.report });
    } else if (!found.report || context.clock.now() - atMs > madeWithinMs) {
      const status = found.report?.status ?? 'no longer there';
      await book.change(plan.key, (held) => held && failReport(held, reportId, `Amazon says ${status}`));
    }
  }
  if (finished.length === 0) return undefined;
  const { concurrency, maxDocumentBytes } = pipeline.limits;
  await ensureWritable(context, maxDocumentBytes);
  const work = new IngestRun(context, {
    maxConcurrent: concurrency,
    deadlineMs: context.clock.now() + minuteMs,
    ...signals,
  });
  try {
    for (const { sellerId, report } of finished) {
      await work.hasRoom();
      work.add(jobFor(sellerId, report, pipeline));
    }
  } finally {
    await work.finish();
  }
  return work.summary;

  /** Undefined where Amazon could not be asked. */
  async function ask(plan: RequestPlan, reportId: string): Promise<{ report?: Report } | undefined> {
    try {
      const report = await context
        .sellingPartner(plan.sellerId)
        ?.getReport(reportId, { signal: signals.stop, deadlineMs });
      return report && { report };
    } catch (error) {
      if (!(error instanceof ReportsError)) throw error;
      if (error.code === 'API_NOT_FOUND') return {};
      context.log.warn({ sellerId: plan.sellerId, reportId, code: error.code }, describeError(error));
      return undefined;
    }
  }
}

async function lateReports(plans: RequestPlan[], book: RequestBook, { clock, warehouse }: PipelineContext) {
  const open = plans.flatMap((plan) => {
    const progress = book.progress(plan.key);
    return progress ? openReports(progress).map((report) => ({ plan, ...report })) : [];
  });
  const late = open.filter(({ atMs }) => clock.now() - atMs > tellsWithinMs);
  const keyOf = ({ plan, reportId }: (typeof late)[number]) =>
    ledgerKey({ sellerId: plan.sellerId, reportId });
  const seen = await warehouse.seen(late.map(keyOf));
  return late.filter((each) => (seen.get(keyOf(each))?.status ?? 'skipped') === 'skipped');
}
