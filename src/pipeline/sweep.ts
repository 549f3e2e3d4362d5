import { asksFor } from '../config/report-types.js';
import { describeError, ReportsError } from '../errors.js';
import type { Report } from '../source/types.js';
import { ledgerKey } from '../warehouse/types.js';
import type { PipelineContext } from './context.js';
import { checkOrMend } from './mend-warehouse.js';
import { isSettled, type Pipeline } from './route.js';
import { openSweepTurns } from './sweep-turns.js';
import { type DrainSignals, WorkList } from './work-list.js';
import { failureOf, type WorkSummary } from './work-summary.js';

/** Amazon keeps reports for 90 days, and getReports looks back no further. */
export const longestSweepDays = 90;

/** Reports looked up in the ledger together. */
const lookupSize = 100;

/**
 * Asks getReports, for every seller, for DONE reports that the ledger doesn't have, and loads them by the same path as a drain: automatic
 * reports such as settlements, and reports whose notification never came.
 * getReports must be told the types: for `'*'` and globs these are the types with a schema and those in the ledger. Sellers and types that
 * waited longest come first.
 */
export async function sweep(
  pipeline: Pipeline,
  context: PipelineContext,
  signals: DrainSignals,
  options: { days?: number } = {},
): Promise<WorkSummary> {
  const { limits } = pipeline;
  const deadlineMs = context.clock.now() + limits.maxMinutes * 60_000;
  const days = Math.min(options.days ?? longestSweepDays, longestSweepDays);
  const createdSince = new Date(context.clock.now() - days * 86_400_000);
  await checkOrMend(context, limits.maxDocumentBytes);
  const reportTypes = await typesAskedFor(pipeline, context);
  const work = new WorkList(context, { concurrency: limits.concurrency, deadlineMs, ...signals });
  const turns = openSweepTurns(context.config.state);
  let found = 0;
  try {
    for (const { id } of turns.sellersInTurn(context.config.sellers)) {
      const seller = context.sellingPartner(id);
      if (!seller) continue;
      try {
        const reports = seller.getReports(
          { reportTypes: turns.typesInTurn(id, reportTypes), statuses: ['DONE'], createdSince },
          { signal: signals.stop, deadlineMs, onAnswered: (types) => turns.wereAsked(id, types) },
        );
        const isOver = () => signals.stop.aborted || work.warehouseIsHeld || found >= limits.maxDocuments;
        sellersReports: for await (const group of inGroups(reports, lookupSize)) {
          for (const report of await missing(id, group, context)) {
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

async function typesAskedFor(pipeline: Pipeline, context: PipelineContext): Promise<string[]> {
  const exact = pipeline.reportTypes.filter((each) => !each.includes('*'));
  if (exact.length === pipeline.reportTypes.length) return exact;
  const inLedger = (await context.warehouse.tables()).flatMap(({ reportType }) => reportType ?? []);
  const known = [...context.schemas.keys(), ...inLedger].filter((type) =>
    asksFor(pipeline.reportTypes, type),
  );
  return [...new Set([...exact, ...known])].sort();
}

async function missing(sellerId: string, reports: Report[], context: PipelineContext): Promise<Report[]> {
  const keyOf = ({ documentId, reportId }: Report) =>
    ledgerKey({ sellerId, documentId: documentId ?? null, reportId });
  const seen = await context.warehouse.seen(reports.map(keyOf));
  return reports.filter((report) => {
    const row = seen.get(keyOf(report));
    return !row || !isSettled(row, 'load');
  });
}

function workFor(sellerId: string, report: Report, pipeline: Pipeline) {
  const { reportId, reportType, documentId } = report;
  return {
    key: ledgerKey({ sellerId, documentId: documentId ?? null, reportId }),
    messages: [],
    request: {
      sellerId,
      reportType,
      reportId,
      status: report.status,
      ...(documentId ? { documentId } : {}),
      report,
      pipeline: pipeline.name,
      maxDocumentBytes: pipeline.limits.maxDocumentBytes,
    },
  };
}

/** What came before an error is given too; then the error is thrown. */
async function* inGroups<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let group: T[] = [];
  let thrown: { error: unknown } | undefined;
  try {
    for await (const item of items) {
      group.push(item);
      if (group.length < size) continue;
      yield group;
      group = [];
    }
  } catch (error) {
    thrown = { error };
  }
  if (group.length > 0) yield group;
  if (thrown) throw thrown.error;
}
