import { describeError, isRetryable, ReportsError } from '../errors/reports-error.js';
import { faultPoint } from '../runtime/fault-point.js';
import { examineDocument } from '../source/document/examine.js';
import { withBytes } from '../source/document/raw-store.js';
import type { CallOptions, Report, ReportStatus } from '../source/types.js';
import { ledgerEntry, quarantineReason } from '../warehouse/ledger/ledger-entry.js';
import type { LedgerEntry, Load } from '../warehouse/types.js';
import type { PipelineContext } from './context.js';
import { reportMetadata } from './document-metadata.js';
import { fetchDocument, sellerOf } from './fetch-document.js';
import { keyOfReport, type ReportRef } from './report-job.js';

/** A report that Amazon has finished. A cancelled one may have nothing but a status. */
export type FinishedReport =
  | (Report & { status: 'DONE' | 'FATAL' })
  | (Partial<Report> & { status: 'CANCELLED' });

/** Whether the report has a document: rows, or the reason why it failed. */
export function hasDocument(report: FinishedReport): report is Report & { status: 'DONE' | 'FATAL' } {
  return report.status !== 'CANCELLED';
}

/** Whether the report has a document with rows. */
export function isDone(report: FinishedReport): report is Report & { status: 'DONE' } {
  return report.status === 'DONE';
}

/**
 * Finds out by getReport, unless it is known already, which document the report has, its period and
 * how it ended. Errors: REPORT_NOT_READY; NOTIFICATION_UNREADABLE; SELLER_UNKNOWN; those of
 * getReport.
 */
export async function identifyReport(
  ref: ReportRef,
  context: PipelineContext,
  call: CallOptions,
): Promise<FinishedReport> {
  if (ref.status === 'CANCELLED') {
    return { ...(await describeCancelled(ref, context, call)), status: 'CANCELLED' };
  }
  const report = ref.report ?? (await sellerOf(ref, context).getReport(requireReportId(ref), call));
  faultPoint('report-known');
  const documentId = ref.documentId ?? report.documentId;
  return { ...report, status: finalStatus(report, ref), documentId };
}

/**
 * The load of a report that has no rows: its period and the reason, for the ledger. The document of
 * a FATAL report explains the failure; it is a reason, never rows.
 */
export async function loadWithoutDocument(
  report: FinishedReport,
  ref: ReportRef,
  context: PipelineContext,
  call: CallOptions,
): Promise<Load> {
  const metadata = reportMetadata(report);
  if (report.status === 'CANCELLED') {
    const reason = 'Amazon cancelled it: no data for the period, or requested too often';
    return ledgerOnlyLoad(ref, { ...metadata, status: 'cancelled', reason });
  }
  const { reportId, reportType } = report;
  const found = await explainFailure(report, ref, context, call);
  const error = new ReportsError('REPORT_FATAL', { reportId, reportType, found });
  const reason = { status: 'fatal' as const, reasonCode: error.code, reason: error.message };
  return ledgerOnlyLoad(ref, { ...metadata, ...reason });
}

/** The load of a report that cannot be loaded: the reason, for the ledger. */
export function quarantinedLoad(ref: ReportRef, error: unknown): Load {
  return ledgerOnlyLoad(ref, quarantineReason(error));
}

function ledgerOnlyLoad(ref: ReportRef, known: Partial<LedgerEntry> & Pick<LedgerEntry, 'status'>): Load {
  const { sellerId, reportType, reportId = null, pipeline } = ref;
  const documentId = ref.documentId ?? ref.report?.documentId ?? null;
  const ids = { sellerId, documentId, reportId, reportType };
  return {
    entry: ledgerEntry({ key: keyOfReport(ref), ...ids, pipeline, ...known }),
    tables: [],
    rejectsPath: null,
  };
}

/**
 * A report loads only if neither the notification nor getReport says that it has no rows. If
 * getReport lags behind, the notification is the newer information.
 */
function finalStatus(report: Report, ref: ReportRef): 'DONE' | 'FATAL' | 'CANCELLED' {
  const { reportId, status: found } = report;
  if (ref.status === 'FATAL') return 'FATAL';
  if (isFinal(found)) return found;
  if (ref.status === 'DONE' && (ref.documentId || report.documentId)) return 'DONE';
  throw new ReportsError('REPORT_NOT_READY', { reportId, sellerId: ref.sellerId, found });
}

function isFinal(status: ReportStatus): status is 'DONE' | 'FATAL' | 'CANCELLED' {
  return status === 'DONE' || status === 'FATAL' || status === 'CANCELLED';
}

/**
 * What a cancelled report would have been about, so that its period counts as answered; only if the
 * quota allows it without waiting.
 */
async function describeCancelled(
  { report, reportId, sellerId }: ReportRef,
  { sellingPartner, clock }: PipelineContext,
  call: CallOptions,
): Promise<Partial<Report>> {
  const maxWaitMs = 1000;
  const deadlineMs = Math.min(call.deadlineMs ?? Number.POSITIVE_INFINITY, clock.now() + maxWaitMs);
  if (report || !reportId) return report ?? {};
  try {
    return (await sellingPartner(sellerId)?.getReport(reportId, { ...call, deadlineMs })) ?? {};
  } catch {
    call.signal?.throwIfAborted();
    return {};
  }
}

async function explainFailure(
  report: Report,
  ref: ReportRef,
  context: PipelineContext,
  call: CallOptions,
): Promise<string> {
  if (!report.documentId) return 'Amazon gave no explanation';
  try {
    return await readExplanation(report, ref, context, call);
  } catch (error) {
    if (isRetryable(error)) throw error;
    return describeError(error);
  }
}

async function readExplanation(
  report: Report,
  ref: ReportRef,
  context: PipelineContext,
  call: CallOptions,
): Promise<string> {
  const maxCharacters = 2000;
  const { raw } = await fetchDocument(report, ref, context, call);
  return withBytes(raw, context.raw, call.signal, async () => {
    const document = await examineDocument(raw, { maxTextBytes: ref.maxDocumentBytes });
    let text = '';
    for await (const chunk of document.openText()) {
      text += chunk;
      if (text.length >= maxCharacters) break;
    }
    return text.slice(0, maxCharacters).trim();
  });
}

function requireReportId({ reportId }: ReportRef): string {
  if (reportId) return reportId;
  throw new ReportsError('NOTIFICATION_UNREADABLE', { messageId: '', found: 'no reportId' });
}
