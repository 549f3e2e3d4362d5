import { ReportsError } from '../errors/reports-error.js';
import { didYouMean } from '../text/nearest-name.js';
import { findRaw, rawPath } from '../source/document/raw-store.js';
import { readNotification } from '../source/notification.js';
import type { CallOptions } from '../source/types.js';
import type { LedgerEntry, LedgerFilter, LedgerRow, Load } from '../warehouse/types.js';
import { isPurged } from '../warehouse/types.js';
import { CommitQueue } from '../ingest/commit-queue.js';
import type { PipelineContext } from '../ingest/context.js';
import { prepareLoad, prepareRaw, type ReportRequest } from '../ingest/load-document.js';
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
  const commits = new CommitQueue(context);
  // Oldest first, so that the tables pass through the same states as they did.
  for (const row of rows.toReversed()) {
    if (row.status === 'fatal' || row.status === 'cancelled' || row.status === 'skipped') continue;
    try {
      const load = await loadAgain(row, context, options);
      // Rows that are in the table stay there when they can't be loaded again; the warehouse sees to it.
      yield { entry: await commits.submit(load, []) };
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

async function loadAgain(
  row: LedgerRow,
  context: PipelineContext,
  options: { maxDocumentBytes: number } & CallOptions,
): Promise<Load> {
  const { sellerId, documentId, reportType, pipeline } = row;
  // Amazon may have it still; but what was purged must not come back.
  if (isPurged(row)) throw new ReportsError('RAW_PURGED', { documentId: documentId ?? row.key });
  if (sellerId && documentId && reportType) {
    const raw = await findRaw(context.raw, { sellerId, documentId, reportType });
    if (raw) return prepareRaw(raw, { pipeline, ...options }, context);
  }
  const request = requestFrom(row, options.maxDocumentBytes);
  const seller = request && context.sellingPartner(request.sellerId);
  if (request && seller) {
    const load = await prepareLoad({ ...request, sellerId: seller.sellerId }, context, options);
    return { ...load, replacesKey: row.key };
  }
  if (request && row.reasonCode === 'SELLER_UNKNOWN') {
    throw new ReportsError('SELLER_UNKNOWN', { sellerId: request.sellerId });
  }
  const id = { sellerId: sellerId ?? '', documentId: documentId ?? row.key, reportType: reportType ?? '' };
  const path = context.raw.nameOf(rawPath(context.raw.folder, id));
  throw new ReportsError('RAW_MISSING', { documentId: id.documentId, path });
}

/** What to ask Amazon for, from the ledger row, or from the message it keeps. Whether the report is FATAL is Amazon's to say. */
function requestFrom(row: LedgerRow, maxDocumentBytes: number): ReportRequest | undefined {
  if (row.body && row.reasonCode === 'SELLER_UNKNOWN') {
    const notification = readNotification(row.body, row.key);
    if (notification.kind !== 'report') return undefined;
    const { kind: _, notificationId: __, ...request } = notification;
    return { ...request, pipeline: row.pipeline, maxDocumentBytes };
  }
  const { sellerId, reportType, reportId, documentId, pipeline } = row;
  if (!sellerId || !reportType || !reportId) return undefined;
  return {
    sellerId,
    reportType,
    reportId,
    ...(documentId ? { documentId } : {}),
    pipeline,
    maxDocumentBytes,
  };
}
