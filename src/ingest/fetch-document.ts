import { ReportsError } from '../errors/reports-error.js';
import { faultPoint } from '../runtime/fault-point.js';
import { downloadDocument } from '../source/document/download.js';
import { findRaw } from '../source/document/raw-store.js';
import type { CallOptions, DocumentFacts, RawDocument, Report, SellingPartner } from '../source/types.js';
import { ledgerKey } from '../warehouse/types.js';
import type { PipelineContext } from './context.js';
import type { ReportRef } from './report-job.js';

export interface FetchOptions extends CallOptions {
  /** Called when getReportDocument has been called: the quota counts it from here on. */
  onLocated?: (() => void) | undefined;
  /** Downloads again what is kept already. */
  again?: boolean;
}

/**
 * Locates the document of a report by getReportDocument, with a restricted data token if its type needs one, and downloads it
 * into the raw store. A document that is kept already is returned as it is.
 * Errors: API_NOT_FOUND if the report has no document; SELLER_UNKNOWN; those of getReportDocument and of the download.
 */
export async function fetchDocument(
  report: Report,
  ref: ReportRef,
  context: PipelineContext,
  { onLocated, again = false, ...call }: FetchOptions,
): Promise<RawDocument> {
  const facts = documentFacts(report, ref);
  const kept = await findRaw(context.raw, facts);
  if (kept && !again) return kept;
  if (kept) await context.raw.remove(kept.path);
  const key = ledgerKey(facts);
  const restricted = context.schemas.get(facts.reportType)?.restricted ?? false;
  const raw = await downloadDocument({
    store: context.raw,
    facts,
    locate: async () => {
      const seller = sellerOf(ref, context);
      const location = await seller.getReportDocument(facts.documentId, { ...call, restricted });
      onLocated?.();
      context.onEvent({ event: 'document_located', key, sellerId: facts.sellerId });
      faultPoint('located');
      return location;
    },
    onBytes: (bytes) => context.onEvent({ event: 'bytes_downloaded', key, bytes }),
    pace: { bytes: context.config.download.minBytesPerMinute, withinMs: 60_000 },
    signal: call.signal,
  });
  faultPoint('downloaded');
  return raw;
}

/** The Selling Partner API of the report's seller. Errors: SELLER_UNKNOWN. */
export function sellerOf({ sellerId }: ReportRef, context: PipelineContext): SellingPartner {
  const seller = context.sellingPartner(sellerId);
  if (!seller) throw new ReportsError('SELLER_UNKNOWN', { sellerId });
  return seller;
}

function documentFacts(report: Report, ref: ReportRef): DocumentFacts {
  const { sellerId, reportType } = ref;
  const { reportId, documentId, marketplaceIds, createdAt, dataStart, dataEnd, status } = report;
  if (!documentId) {
    const thing = `report ${reportId}`;
    const found = 'a finished report without a document';
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
