import { readNotification } from '../source/notification.js';
import type { CallOptions, RawDocument } from '../source/types.js';
import type { LedgerEntry } from '../warehouse/types.js';
import type { PipelineContext } from './context.js';
import { fetchDocumentAgain, type ReportRequest } from './load-document.js';

/**
 * Fetches the document of a ledger row from Amazon, in the place of the one that is kept. Undefined if its seller is not configured, and for a
 * document from disk.
 */
export function fetcherOf(
  row: LedgerEntry,
  context: PipelineContext,
  { maxDocumentBytes, ...call }: { maxDocumentBytes: number } & CallOptions,
): (() => Promise<RawDocument>) | undefined {
  const request = requestFrom(row, maxDocumentBytes);
  const seller = request && context.sellingPartner(request.sellerId);
  if (!request || !seller) return undefined;
  return () => fetchDocumentAgain({ ...request, sellerId: seller.sellerId }, context, call);
}

/** What to request from Amazon, from the ledger row, or from the message it keeps. Whether the report is FATAL is Amazon's to say. */
export function requestFrom(row: LedgerEntry, maxDocumentBytes: number): ReportRequest | undefined {
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
