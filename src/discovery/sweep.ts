import { describeError, ReportsError } from '../errors/reports-error.js';
import type { PipelineContext } from '../ingest/context.js';
import { checkOrMend } from '../maintenance/repair-warehouse.js';
import { reportRetentionDays } from '../source/selling-partner/limits.js';
import type { Pipeline } from '../ingest/route.js';
import { openSweepTurns } from './sweep-turns.js';
import { typesAskedFor, unloadedReports, workFor } from './unloaded-reports.js';
import { type DrainSignals, WorkList } from '../ingest/work-list.js';
import { failureOf, type WorkSummary } from '../ingest/work-summary.js';

/**
 * Asks getReports, for every seller, for DONE reports that the ledger doesn't have, and loads them by the same path as a drain: automatic
 * reports such as settlements, and reports whose notification never came. Sellers and types that waited longest come first.
 */
export async function sweep(
  pipeline: Pipeline,
  context: PipelineContext,
  signals: DrainSignals,
  options: { days?: number } = {},
): Promise<WorkSummary> {
  const { limits } = pipeline;
  const deadlineMs = context.clock.now() + limits.maxMinutes * 60_000;
  const days = Math.min(options.days ?? reportRetentionDays, reportRetentionDays);
  const createdSince = new Date(context.clock.now() - days * 86_400_000);
  await checkOrMend(context, limits.maxDocumentBytes);
  const reportTypes = await typesAskedFor(pipeline, context);
  const work = new WorkList(context, { concurrency: limits.concurrency, deadlineMs, ...signals });
  const turns = openSweepTurns(context.config.state, context.clock);
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
          onAnswered: (types: string[]) => turns.wereAsked(id, types),
        };
        const isOver = () => signals.stop.aborted || work.warehouseIsHeld || found >= limits.maxDocuments;
        sellersReports: for await (const { unloaded } of unloadedReports(seller, scope, call, context)) {
          for (const report of unloaded) {
            if (isOver()) break sellersReports;
            await work.hasRoom();
            // What this seller's quota doesn't allow any more is left to the next sweep, and the other sellers have their turn.
            if (!work.add(workFor(id, report, pipeline))) break sellersReports;
            found += 1;
          }
        }
      } catch (error) {
        if (signals.stop.aborted) break;
        if (error instanceof ReportsError && error.code === 'API_QUOTA_EXCEEDED') {
          context.log.info({ sellerId: id }, `${error.message}: the next sweep goes on`);
          continue;
        }
        // One seller's trouble must not keep the others from being swept.
        if (!(error instanceof ReportsError) || error.code === 'WAREHOUSE_LOCKED') throw error;
        work.summary.failures.push(failureOf(id, error));
        context.log.error({ sellerId: id, code: error.code }, describeError(error));
      }
    }
  } finally {
    await work.finish();
  }
  return work.summary;
}
