import { ReportsError } from '../errors.js';
import { findRaw } from '../source/document/raw-store.js';
import { readNotification } from '../source/notification.js';
import type { CallOptions } from '../source/types.js';
import type { LedgerEntry, LedgerFilter, LedgerRow, Load } from '../warehouse/types.js';
import { CommitQueue } from './commit-queue.js';
import type { PipelineContext } from './context.js';
import { prepareLoad, prepareRaw, type ReportRequest } from './load-document.js';

/**
 * Loads documents of the ledger again, from raw; where there is no raw document, from Amazon. What they loaded before is replaced,
 * unless they can't be loaded any more.
 * Yields each new entry as it is committed. Errors: NOT_LOADED where nothing matches.
 */
export async function* reload(
  filter: LedgerFilter,
  context: PipelineContext,
  options: { maxDocumentBytes: number } & CallOptions,
): AsyncGenerator<LedgerEntry> {
  const rows = await context.warehouse.loads(filter);
  if (rows.length === 0) {
    throw new ReportsError('NOT_LOADED', {
      thing: filter.documentOrTable ?? filter.statuses?.join(', ') ?? 'any',
    });
  }
  const commits = new CommitQueue(context);
  // Oldest first, so that the tables pass through the same states as they did.
  for (const row of rows.toReversed()) {
    const load = await loadAgain(row, context, options);
    if (!load) continue;
    // Rows that are in the table stay there when they can't be loaded again.
    const keepsOld = load.entry.status === 'quarantined' && row.status !== 'quarantined';
    yield keepsOld ? load.entry : await commits.submit(load, []);
  }
}

async function loadAgain(
  row: LedgerRow,
  context: PipelineContext,
  options: { maxDocumentBytes: number } & CallOptions,
): Promise<Load | undefined> {
  const { maxDocumentBytes } = options;
  const { sellerId, documentId, reportType, pipeline } = row;
  if (row.status === 'fatal' || row.status === 'cancelled' || row.status === 'skipped') return undefined;
  if (sellerId && documentId && reportType) {
    const raw = await findRaw(context.config.raw, { sellerId, documentId, reportType });
    if (raw) return prepareRaw(raw, { pipeline, ...options }, context);
  }
  const request = requestFrom(row, maxDocumentBytes);
  return request && context.sellingPartner(request.sellerId)
    ? prepareLoad(request, context, options)
    : undefined;
}

/** What to ask Amazon for, from the ledger row, or from the message it keeps. */
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
    status: 'DONE',
    ...(documentId ? { documentId } : {}),
    pipeline,
    maxDocumentBytes,
  };
}
