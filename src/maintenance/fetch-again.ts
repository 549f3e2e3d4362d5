import { fetchDocument } from '../ingest/fetch-document.js';
import { hasDocument, identifyReport } from '../ingest/identify-report.js';
import type { PipelineContext } from '../ingest/context.js';
import type { ReportRef } from '../ingest/report-job.js';
import { readNotification } from '../source/notification.js';
import type { CallOptions, RawDocument } from '../source/types.js';
import type { LedgerEntry } from '../warehouse/types.js';
import { ReportsError } from '../errors/reports-error.js';

/**
 * Returns a function that downloads the document of a ledger row from Amazon and replaces the
 * stored one. Returns undefined if its seller is not configured, and for a document from disk.
 */
export function fetcherOf(
  row: LedgerEntry,
  context: PipelineContext,
  { maxDocumentBytes, ...call }: { maxDocumentBytes: number } & CallOptions,
): (() => Promise<RawDocument>) | undefined {
  const ref = refOf(row, maxDocumentBytes);
  const seller = ref && context.sellingPartner(ref.sellerId);
  if (!ref || !seller) return undefined;
  const { sellerId } = seller;
  return async () => {
    const report = await identifyReport({ ...ref, sellerId }, context, call);
    if (!hasDocument(report))
      throw new ReportsError('REPORT_NOT_READY', { reportId: ref.reportId, sellerId, found: report.status });
    const fetched = await fetchDocument(report, { ...ref, sellerId }, context, { ...call, again: true });
    return fetched.raw;
  };
}

/**
 * The report to download, from the ledger row or from the message that the row stores. Amazon says
 * whether the report is FATAL.
 */
export function refOf(row: LedgerEntry, maxDocumentBytes: number): ReportRef | undefined {
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
