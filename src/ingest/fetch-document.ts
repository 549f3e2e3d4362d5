import { ReportsError } from '../errors/reports-error.js';
import { faultPoint } from '../runtime/fault-point.js';
import { downloadDocument } from '../source/document/download.js';
import { findRaw, isMetadataUnreadable } from '../source/document/raw-store.js';
import type { CallOptions, DocumentMetadata, RawDocument, Report, SellingPartner } from '../source/types.js';
import { ledgerKey } from '../warehouse/types.js';
import type { PipelineContext } from './context.js';
import type { ReportRef } from './report-job.js';

export interface FetchOptions extends CallOptions {
  /** Called when getReportDocument has been called: the quota counts it from here on. */
  onLocated?: (() => void) | undefined;
  /** Downloads a document that is kept already, and replaces it once the new one is whole. */
  again?: boolean;
}

export interface FetchedDocument {
  raw: RawDocument;
  /** Whether it was downloaded just now, not kept already. */
  isFresh: boolean;
}

/**
 * Locates the document of a report by getReportDocument, with a restricted data token if its type
 * needs one, and downloads it into the raw store. A document that is kept already is returned as it
 * is. Errors: API_NOT_FOUND if the report has no document; SELLER_UNKNOWN; those of
 * getReportDocument and of the download.
 */
export async function fetchDocument(
  report: Report,
  ref: ReportRef,
  context: PipelineContext,
  { onLocated, again = false, ...call }: FetchOptions,
): Promise<FetchedDocument> {
  const metadata = documentMetadata(report, ref);
  const kept = again ? 'damaged' : await findKept(metadata, context);
  if (kept && kept !== 'damaged') return { raw: kept, isFresh: false };
  const key = ledgerKey(metadata);
  const restricted = context.schemas.get(metadata.reportType)?.restricted ?? false;
  const raw = await downloadDocument({
    store: context.raw,
    metadata,
    again: kept === 'damaged',
    locate: async () => {
      const seller = sellerOf(ref, context);
      const location = await seller.getReportDocument(metadata.documentId, { ...call, restricted });
      onLocated?.();
      context.onEvent({ event: 'document_located', key, sellerId: metadata.sellerId });
      faultPoint('located');
      return location;
    },
    onBytes: (bytes) => context.onEvent({ event: 'bytes_downloaded', key, bytes }),
    pace: { bytes: context.config.download.minBytesPerMinute, withinMs: 60_000 },
    signal: call.signal,
    clock: context.clock,
  });
  faultPoint('downloaded');
  return { raw, isFresh: true };
}

/** The Selling Partner API of the report's seller. Errors: SELLER_UNKNOWN. */
export function sellerOf({ sellerId }: ReportRef, context: PipelineContext): SellingPartner {
  const seller = context.sellingPartner(sellerId);
  if (!seller) throw new ReportsError('SELLER_UNKNOWN', { sellerId });
  return seller;
}

/** A document whose metadata cannot be read is downloaded as if it had never been. */
async function findKept(
  metadata: DocumentMetadata,
  { raw }: PipelineContext,
): Promise<RawDocument | undefined | 'damaged'> {
  try {
    return await findRaw(raw, metadata);
  } catch (error) {
    if (isMetadataUnreadable(error)) return 'damaged';
    throw error;
  }
}

function documentMetadata(report: Report, ref: ReportRef): DocumentMetadata {
  const { sellerId, reportType } = ref;
  const { reportId, documentId, marketplaceIds, createdAt, dataStart, dataEnd, status } = report;
  if (!documentId) {
    const thing = `report ${reportId}`;
    const found = 'the report is finished but has no document';
    throw new ReportsError('API_NOT_FOUND', { operation: 'getReport', thing, sellerId, found });
  }
  return {
    sellerId,
    documentId,
    reportType,
    reportId,
    marketplaceIds,
    reportCreatedAt: createdAt,
    dataStart,
    dataEnd,
    reportStatus: status === 'FATAL' ? 'FATAL' : undefined,
  };
}
