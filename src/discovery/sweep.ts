import { describeError, ReportsError } from '../errors/reports-error.js';
import type { PipelineContext, StopSignals } from '../ingest/context.js';
import { ensureWritable } from '../maintenance/repair-warehouse.js';
import type { Pipeline } from '../config/spec.js';
import { reportRetentionDays } from '../source/selling-partner/limits.js';
import { openSweepTurns } from './sweep-turns.js';
import { typesToList, unloadedReports, jobFor } from './unloaded-reports.js';
import { IngestRun } from '../ingest/ingest-run.js';
import { failureOf, type WorkSummary } from '../ingest/work-summary.js';

/**
 * Lists each seller's DONE reports by getReports, and loads those that the ledger does not have by
 * the same data path as a drain: automatic reports such as settlements, and reports whose
 * notification never arrived. Sellers and types that waited longest come first.
 */
export async function sweep(
  pipeline: Pipeline,
  context: PipelineContext,
  signals: StopSignals,
  options: { days?: number } = {},
): Promise<WorkSummary> {
  const { limits } = pipeline;
  const deadlineMs = context.clock.now() + limits.maxMinutes * 60_000;
  const days = Math.min(options.days ?? reportRetentionDays, reportRetentionDays);
  const createdSince = new Date(context.clock.now() - days * 86_400_000);
  await ensureWritable(context, limits.maxDocumentBytes);
  const reportTypes = await typesToList(pipeline, context);
  const run = new IngestRun(context, { maxConcurrent: limits.concurrency, deadlineMs, ...signals });
  const turns = openSweepTurns(context.config.state, context);
  let found = 0;
  try {
    for (const { id } of turns.sellersInTurn(context.config.sellers)) {
      const seller = context.sellingPartner(id);
      if (!seller) continue;
      try {
        const scope = { reportTypes: turns.typesInTurn(id, reportTypes), createdSince };
        const call = {
          signal: signals.stop,
          deadlineMs,
          onAnswered: (types: string[]) => turns.listed(id, types),
        };
        const isEnough = () => signals.stop.aborted || run.isWarehouseLocked || found >= limits.maxDocuments;
        sellersReports: for await (const { unloaded } of unloadedReports(seller, scope, call, context)) {
          for (const report of unloaded) {
            if (isEnough()) break sellersReports;
            await run.hasRoom();
            // The next sweep continues with this seller when it has quota; the other sellers have
            // their turn now.
            if (!run.add(jobFor(id, report, pipeline))) break sellersReports;
            found += 1;
          }
        }
      } catch (error) {
        if (signals.stop.aborted) break;
        if (error instanceof ReportsError && error.code === 'API_QUOTA_EXCEEDED') {
          context.log.info({ sellerId: id }, `${error.message}: the next sweep continues`);
          continue;
        }
        // A failure of one seller must not stop the sweep of the others.
        if (!(error instanceof ReportsError) || error.code === 'WAREHOUSE_LOCKED') throw error;
        run.summary.failures.push(failureOf({ key: id, sellerId: id }, error));
        context.log.error({ sellerId: id, code: error.code }, describeError(error));
      }
    }
  } finally {
    await run.finish();
  }
  return run.summary;
}
