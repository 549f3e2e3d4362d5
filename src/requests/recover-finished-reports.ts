import { describeError, ReportsError } from '../errors/reports-error.js';
import type { PipelineContext, StopSignals } from '../ingest/context.js';
import type { WorkSummary } from '../ingest/work-summary.js';
import type { Report } from '../source/types.js';
import { ledgerKey } from '../warehouse/types.js';
import { applyToWindows, requestedReports } from './request-progress.js';
import type { RequestPlan } from './request-plans.js';
import type { RequestStore } from './request-store.js';
import { maxClockSkewMs, maxProcessingMs } from './window-states.js';
import { ensureWritable } from '../maintenance/repair-warehouse.js';
import type { Pipeline } from '../config/spec.js';
import { jobFor } from '../discovery/unloaded-reports.js';
import { IngestRun } from '../ingest/ingest-run.js';

const minuteMs = 60_000;

/** A notification comes within minutes after a report ends. Later, getReport is called. */
const maxNotificationDelayMs = 30 * minuteMs;

/** A report that Amazon has not made in so long will not come, even if it still says so. */
const maxQueuedMs = 14 * 24 * 60 * minuteMs;

/**
 * Looks up reports that were requested a while ago and that the ledger does not have. Those that
 * have ended are loaded as a sweep would load them, because their notification was lost; FATAL and
 * CANCELLED ones too, which no sweep finds. Returns undefined if there was nothing to load.
 */
export async function recoverFinishedReports(
  plans: RequestPlan[],
  store: RequestStore,
  pipeline: Pipeline,
  context: PipelineContext,
  signals: StopSignals,
): Promise<WorkSummary | undefined> {
  const { clock, log } = context;
  const finished: { sellerId: string; report: Report }[] = [];
  const deadlineMs = clock.now() + minuteMs;
  for (const { plan, reportId, atMs } of await overdueReports(plans, store, context)) {
    if (signals.stop.aborted) break;
    const answer = await getReport(plan, reportId);
    if (!answer) continue;
    const { report } = answer;
    if (report && ['DONE', 'CANCELLED', 'FATAL'].includes(report.status)) {
      finished.push({ sellerId: plan.sellerId, report });
    } else if (!report || (await willNotCome(plan, atMs))) {
      const found = `Amazon says ${report?.status ?? 'that there is no such report'}`;
      const event = { type: 'report-failed', reportId, found } as const;
      await store.update(plan.key, (held) => held && applyToWindows(held, () => event, clock.now()));
    }
  }
  if (finished.length === 0) return undefined;
  const { concurrency, maxDocumentBytes } = pipeline.limits;
  await ensureWritable(context, maxDocumentBytes);
  const run = new IngestRun(context, {
    maxConcurrent: concurrency,
    deadlineMs: clock.now() + minuteMs,
    ...signals,
  });
  try {
    for (const { sellerId, report } of finished) {
      await run.hasRoom();
      run.add(jobFor(sellerId, report, pipeline));
    }
  } finally {
    await run.finish();
  }
  return run.summary;

  /**
   * Whether Amazon should have made a report by now. If it has made none of those that were
   * requested later either, all of them are queued: one more would make the queue longer.
   */
  async function willNotCome({ sellerId, reportType }: RequestPlan, atMs: number): Promise<boolean> {
    const ageMs = clock.now() - atMs;
    if (ageMs <= maxProcessingMs || ageMs > maxQueuedMs) return ageMs > maxQueuedMs;
    const later = await context.warehouse.loadFields(['key'], {
      sellerId,
      reportType,
      statuses: ['loaded', 'empty', 'cancelled', 'fatal', 'quarantined'],
      createdSince: new Date(atMs + maxClockSkewMs).toISOString(),
      limit: 1,
    });
    return later.length > 0;
  }

  /** Resolves to undefined if Amazon did not answer, and to no report if it has none. */
  async function getReport(plan: RequestPlan, reportId: string): Promise<{ report?: Report } | undefined> {
    try {
      const seller = context.sellingPartner(plan.sellerId);
      const report = await seller?.getReport(reportId, { signal: signals.stop, deadlineMs });
      return report && { report };
    } catch (error) {
      if (!(error instanceof ReportsError)) throw error;
      if (error.code === 'API_NOT_FOUND') return {};
      log.warn({ sellerId: plan.sellerId, reportId, code: error.code }, describeError(error));
      return undefined;
    }
  }
}

/** Reports whose notification should have come by now, and that the ledger does not have. */
async function overdueReports(
  plans: RequestPlan[],
  store: RequestStore,
  { clock, warehouse }: PipelineContext,
): Promise<{ plan: RequestPlan; reportId: string; atMs: number }[]> {
  const requested = plans.flatMap((plan) => {
    const progress = store.progress(plan.key);
    return progress ? requestedReports(progress).map((report) => ({ plan, ...report })) : [];
  });
  const overdue = requested.filter(({ atMs }) => clock.now() - atMs > maxNotificationDelayMs);
  const keyOf = ({ plan, reportId }: (typeof overdue)[number]) =>
    ledgerKey({ sellerId: plan.sellerId, reportId });
  const seen = await warehouse.seen(overdue.map(keyOf));
  return overdue.filter((each) => (seen.get(keyOf(each))?.status ?? 'skipped') === 'skipped');
}
