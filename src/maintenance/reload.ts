import { ReportsError } from '../errors/reports-error.js';
import { didYouMean } from '../text/nearest-name.js';
import { findRaw, rawPath } from '../source/document/raw-store.js';
import { readNotification } from '../source/notification.js';
import type { CallOptions } from '../source/types.js';
import type { LedgerEntry, LedgerFilter, LedgerRow } from '../warehouse/types.js';
import { isPurged } from '../warehouse/types.js';
import { CommitQueue } from '../ingest/commit-queue.js';
import type { PipelineContext } from '../ingest/context.js';
import { buildLoad } from '../ingest/build-load.js';
import { type DocumentRun, processDocument } from '../ingest/process-document.js';
import type { ReportRef } from '../ingest/report-job.js';
import { type Failure, failureOf } from '../ingest/work-summary.js';

/** A document of the ledger that was loaded again, or why it was not. */
export type Reloaded = { entry: LedgerEntry } | { failure: Failure };

/**
 * Loads documents of the ledger again, from raw; where there is no raw document, from Amazon. What they loaded before is replaced,
 * unless they can't be loaded any more.
 * Yields each document as it is done with. Errors: NOT_LOADED where nothing matches; the reason of the signal.
 */
export async function* reload(
  filter: LedgerFilter,
  context: PipelineContext,
  options: { maxDocumentBytes: number } & CallOptions,
): AsyncGenerator<Reloaded> {
  const rows = await context.warehouse.loads(filter);
  if (rows.length === 0) {
    throw new ReportsError('NOT_LOADED', {
      thing: thingOf(filter),
      nearest: await nearestOf(filter, context),
    });
  }
  const run: DocumentRun = { context, commits: new CommitQueue(context), call: options };
  // Oldest first, so that the tables pass through the same states as they did.
  for (const row of rows.toReversed()) {
    if (row.status === 'fatal' || row.status === 'cancelled' || row.status === 'skipped') continue;
    try {
      // Rows that are in the table stay there if they cannot be loaded again; the warehouse sees to it.
      const reloaded = await loadAgain(row, run, options.maxDocumentBytes);
      options.signal?.throwIfAborted();
      yield reloaded;
    } catch (error) {
      options.signal?.throwIfAborted();
      // One document's trouble must not keep the others from being loaded.
      yield { failure: failureOf(row, error) };
    }
  }
}

/** `x, of status quarantined, of type GET_...`, in as many words as there are. */
function thingOf({ documentOrTable, statuses, reportType }: LedgerFilter): string {
  const words = [
    documentOrTable ?? 'documents',
    ...(statuses ? [`of status ${statuses.join(', ')}`] : []),
    ...(reportType ? [`of type ${reportType}`] : []),
  ];
  return words.join(' ');
}

/** The table or report type that may be meant by one that nothing was loaded of. */
async function nearestOf(
  { documentOrTable, reportType }: LedgerFilter,
  { warehouse }: PipelineContext,
): Promise<string> {
  const tables = await warehouse.tables();
  const types = new Set(tables.flatMap((table) => table.reportType ?? []));
  if (reportType !== undefined && !types.has(reportType)) return didYouMean(reportType, types);
  const names = tables.map(({ name }) => name);
  return documentOrTable === undefined ? '' : didYouMean(documentOrTable, names);
}

async function loadAgain(row: LedgerRow, run: DocumentRun, maxDocumentBytes: number): Promise<Reloaded> {
  const { context, commits, call } = run;
  const { key, sellerId, documentId, reportType, pipeline } = row;
  // Amazon may still have the document; but what was purged must not come back.
  if (isPurged(row)) throw new ReportsError('RAW_PURGED', { documentId: documentId ?? key });
  if (sellerId && documentId && reportType) {
    const raw = await findRaw(context.raw, { sellerId, documentId, reportType });
    if (raw) {
      const load = await buildLoad(raw, { pipeline, maxDocumentBytes, ...call }, context);
      return { entry: await commits.submit(load) };
    }
  }
  const ref = refOf(row, maxDocumentBytes);
  const seller = ref && context.sellingPartner(ref.sellerId);
  if (ref && seller) {
    const report = { ...ref, sellerId: seller.sellerId };
    return processDocument({ key, report, messages: [], replacesKey: key }, run);
  }
  if (ref && row.reasonCode === 'SELLER_UNKNOWN') {
    throw new ReportsError('SELLER_UNKNOWN', { sellerId: ref.sellerId });
  }
  const id = { sellerId: sellerId ?? '', documentId: documentId ?? key, reportType: reportType ?? '' };
  const path = context.raw.nameOf(rawPath(context.raw.folder, id));
  throw new ReportsError('RAW_MISSING', { documentId: id.documentId, path });
}

/** What to ask Amazon for, from the ledger row, or from the message it keeps. Whether the report is FATAL is Amazon's to say. */
function refOf(row: LedgerRow, maxDocumentBytes: number): ReportRef | undefined {
  if (row.body && row.reasonCode === 'SELLER_UNKNOWN') {
    const notification = readNotification(row.body, row.key);
    if (notification.kind !== 'report') return undefined;
    const { kind: _, notificationId: __, ...ref } = notification;
    return { ...ref, pipeline: row.pipeline, maxDocumentBytes };
  }
  const { sellerId, reportType, reportId, documentId, pipeline } = row;
  if (!sellerId || !reportType || !reportId) return undefined;
  return { sellerId, reportType, reportId, documentId: documentId ?? undefined, pipeline, maxDocumentBytes };
}
