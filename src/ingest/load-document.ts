import { count } from '../text/pluralize.js';
import { describeError, isRetryable, ReportsError } from '../errors/reports-error.js';
import { failedChecks } from '../schema/document-checks.js';
import { downloadDocument } from '../source/document/download.js';
import { examineDocument } from '../source/document/examine.js';
import { findRaw, withBytes } from '../source/document/raw-store.js';
import type { CallOptions, DocumentFacts, RawDocument, Report, ReportStatus } from '../source/types.js';
import type { LedgerEntry, Load } from '../warehouse/types.js';
import { ledgerKey } from '../warehouse/types.js';
import type { PipelineContext } from './context.js';
import { evictLocalCopies } from './load-record.js';
import type { WrittenLake } from './write-lake.js';
import { type ConvertedDocument, convertDocument } from './convert-document.js';
import { faultPoint } from '../runtime/fault-point.js';
import { ledgerEntry, quarantineReason, rawFacts, reportFacts } from './ledger-entry.js';
import { documentsReason, type PiiTreatment, piiTreatment } from '../privacy/pii-policy.js';

/** A report that somebody asked to load: from a notification, a sweep or the ledger. */
export interface ReportRequest {
  sellerId: string;
  reportType: string;
  /** As the notification has it; undefined where only getReport can tell. */
  status?: ReportStatus;
  reportId?: string;
  documentId?: string;
  /** Known already where a sweep found it. */
  report?: Report;
  pipeline: string | null;
  /** Limit of the gunzipped size. */
  maxDocumentBytes: number;
}

/**
 * Takes one report from Amazon to Parquet, ready to commit: report, location, raw bytes, text, batches, Parquet.
 * A terminal failure becomes a quarantined load; a retryable one is thrown.
 */
export async function prepareLoad(
  request: ReportRequest,
  context: PipelineContext,
  call: CallOptions,
): Promise<Load> {
  try {
    if (request.status === 'CANCELLED') {
      return withoutRows(request, { ...(await cancelledFacts(request, context, call)), ...cancelled });
    }
    const report = await describeReport(request, context, call);
    if (report.status === 'CANCELLED') return withoutRows(request, { ...reportFacts(report), ...cancelled });
    if (report.status === 'FATAL') {
      const reason = await fatalReason(report, request, context, call);
      return withoutRows(request, { ...reportFacts(report), ...reason });
    }
    const raw = await fetchRaw(report, request, context, call);
    const fetchAgain = () => fetchRaw(report, request, context, call, { again: true });
    return await prepareRaw(raw, { ...request, ...call }, context, fetchAgain);
  } catch (error) {
    if (isRetryable(error)) throw error;
    return withoutRows(request, quarantineReason(error));
  }
}

/**
 * The second half of the path, from the raw bytes on, for everything that loads without Amazon too. A document that can't be loaded
 * becomes a quarantined load. `fetchAgain` gives the bytes once more where they turn out truncated or corrupt.
 */
export async function prepareRaw(
  raw: RawDocument,
  options: Pick<ReportRequest, 'pipeline' | 'maxDocumentBytes'> & { signal?: AbortSignal },
  context: PipelineContext,
  fetchAgain?: () => Promise<RawDocument>,
): Promise<Load> {
  const startedMs = context.clock.now();
  const known = {
    key: ledgerKey(raw.facts),
    ...rawFacts(raw, context.raw.folder),
    pipeline: options.pipeline,
  };
  try {
    const pii = piiTreatment({ ...known, reportType: raw.facts.reportType }, context.config);
    const { document, parsed, written } = await convertOrFetchAgain(raw, options, pii, context, fetchAgain);
    await refuseRejectedRows(raw, written, context);
    const entry = ledgerEntry({
      ...known,
      rawBytes: document.raw.bytes,
      status: written.tables.some(({ rows }) => rows > 0) ? 'loaded' : 'empty',
      notes: [...document.notes, ...parsed.notes],
      tables: written.tables.map(({ name, rows }) => ({ name, rows })),
      rejects: written.rejects,
      checks: written.checks,
      textBytes: document.textBytes,
      charset: document.charset,
      dialect: { ...parsed.dialect },
      engine: parsed.engine ?? context.config.engine,
      durationMs: context.clock.now() - startedMs,
    });
    for (const warning of failedChecks(written.checks)) context.log.warn({ key: known.key }, warning);
    return { entry, tables: written.tables, rejectsPath: written.rejectsPath };
  } catch (error) {
    if (isRetryable(error)) throw error;
    const reason = documentsReason(error, { ...known, reportType: raw.facts.reportType }, context);
    return { entry: ledgerEntry({ ...known, ...reason }), tables: [], rejectsPath: null };
  }
}

async function describeReport(
  request: ReportRequest,
  context: PipelineContext,
  call: CallOptions,
): Promise<Report> {
  const report =
    request.report ?? (await sellerOf(request, context).getReport(requireReportId(request), call));
  faultPoint('report-known');
  const documentId = request.documentId ?? report.documentId;
  return { ...report, status: statusOf(report, request), ...(documentId ? { documentId } : {}) };
}

/** Neither side may make rows of what the other knows to be none. Where getReport lags behind, the notification is the newer word. */
function statusOf(report: Report, request: ReportRequest): ReportStatus {
  const { reportId, status: found } = report;
  if (request.status === 'FATAL' || found === 'FATAL' || found === 'CANCELLED' || found === 'DONE') {
    return request.status === 'FATAL' ? 'FATAL' : found;
  }
  if (request.status === 'DONE' && (request.documentId || report.documentId)) return 'DONE';
  throw new ReportsError('REPORT_NOT_READY', { reportId, sellerId: request.sellerId, found });
}

const cancelled = {
  status: 'cancelled' as const,
  reason: 'Amazon cancelled it: no data for the period, or requested too often',
};

/** What it would have been about, so that its period counts as answered; only where that costs no waiting. */
async function cancelledFacts(
  { report, reportId, sellerId }: ReportRequest,
  { sellingPartner, clock }: PipelineContext,
  call: CallOptions,
): Promise<Partial<LedgerEntry>> {
  const atOnceMs = 1000;
  const soon = {
    ...call,
    deadlineMs: Math.min(call.deadlineMs ?? Number.POSITIVE_INFINITY, clock.now() + atOnceMs),
  };
  try {
    const known =
      report ?? (reportId ? await sellingPartner(sellerId)?.getReport(reportId, soon) : undefined);
    return known ? reportFacts(known) : {};
  } catch {
    call.signal?.throwIfAborted();
    return {};
  }
}

async function fetchRaw(
  report: Report,
  request: ReportRequest,
  context: PipelineContext,
  call: CallOptions,
  options: { again?: boolean } = {},
): Promise<RawDocument> {
  const facts = documentFacts(report, request);
  const kept = await findRaw(context.raw, facts);
  if (kept && !options.again) return kept;
  if (kept) await context.raw.remove(kept.path);
  const restricted = context.schemas.get(facts.reportType)?.restricted ?? false;
  const raw = await downloadDocument({
    store: context.raw,
    facts,
    locate: async () => {
      const location = await sellerOf(request, context).getReportDocument(facts.documentId, {
        ...call,
        restricted,
      });
      context.onEvent({ event: 'document_located', key: ledgerKey(facts) });
      faultPoint('located');
      return location;
    },
    onBytes: (bytes) => context.onEvent({ event: 'bytes_downloaded', key: ledgerKey(facts), bytes }),
    pace: { bytes: context.config.download.minBytesPerMinute, withinMs: 60_000 },
    ...(call.signal ? { signal: call.signal } : {}),
  });
  faultPoint('downloaded');
  return raw;
}

/** A document whose rows are all rejected tells nothing: it must not clear a snapshot as an empty one does. */
async function refuseRejectedRows(
  { facts }: RawDocument,
  written: WrittenLake,
  { lake }: PipelineContext,
): Promise<void> {
  const { tables, rejects } = written;
  if (rejects === 0 || tables.some(({ rows }) => rows > 0)) return;
  await evictLocalCopies(written, lake);
  const { reportType, documentId } = facts;
  throw new ReportsError('ROWS_REJECTED', { reportType, documentId, count: count(rejects, 'row') });
}

/** A partial document never loads: bytes that turn out truncated or corrupt are fetched once more. */
async function convertOrFetchAgain(
  raw: RawDocument,
  { maxDocumentBytes, signal }: Pick<ReportRequest, 'maxDocumentBytes'> & { signal?: AbortSignal },
  pii: PiiTreatment | undefined,
  context: PipelineContext,
  fetchAgain?: () => Promise<RawDocument>,
): Promise<ConvertedDocument> {
  const schema = context.schemas.get(raw.facts.reportType);
  const options = {
    maxTextBytes: maxDocumentBytes,
    onRowsWritten: () => context.onEvent({ event: 'document_converted', key: ledgerKey(raw.facts) }),
    ...(schema ? { schema } : {}),
    ...(pii ? { pii } : {}),
    ...(signal ? { signal } : {}),
  };
  const { lake, config } = context;
  const convert = (document: RawDocument) =>
    withBytes(document, context.raw, signal, () =>
      convertDocument(document, { lake, engine: config.engine }, options),
    );
  try {
    return await convert(raw);
  } catch (error) {
    const damaged =
      error instanceof ReportsError &&
      (error.code === 'DOCUMENT_TRUNCATED' || error.code === 'DOCUMENT_CORRUPT');
    if (!damaged || !fetchAgain) throw error;
    return await convert(await fetchAgain());
  }
}

/** The document of a FATAL report explains the failure; it is a reason, never rows. */
async function fatalReason(
  report: Report,
  request: ReportRequest,
  context: PipelineContext,
  call: CallOptions,
): Promise<Pick<LedgerEntry, 'status' | 'reasonCode' | 'reason'>> {
  const explanation = report.documentId
    ? await explain(report, request, context, call).catch((error: unknown) => {
        if (isRetryable(error)) throw error;
        return describeError(error);
      })
    : 'Amazon gave no explanation';
  const error = new ReportsError('REPORT_FATAL', {
    reportId: report.reportId,
    reportType: report.reportType,
    found: explanation,
  });
  return { status: 'fatal', reasonCode: error.code, reason: error.message };
}

async function explain(
  report: Report,
  request: ReportRequest,
  context: PipelineContext,
  call: CallOptions,
): Promise<string> {
  const explanationCharacters = 2000;
  const raw = await fetchRaw(report, request, context, call);
  return withBytes(raw, context.raw, call.signal, async () => {
    const document = await examineDocument(raw, { maxTextBytes: request.maxDocumentBytes });
    let text = '';
    for await (const chunk of document.openText()) {
      text += chunk;
      if (text.length >= explanationCharacters) break;
    }
    return text.slice(0, explanationCharacters).trim();
  });
}

function withoutRows(
  request: ReportRequest,
  known: Partial<LedgerEntry> & Pick<LedgerEntry, 'status'>,
): Load {
  const { sellerId, reportType, reportId = null, documentId = null, pipeline } = request;
  const ids = { sellerId, documentId: documentId ?? request.report?.documentId ?? null, reportId };
  return {
    entry: ledgerEntry({ key: ledgerKey(ids), ...ids, reportType, pipeline, ...known }),
    tables: [],
    rejectsPath: null,
  };
}

function documentFacts(report: Report, request: ReportRequest): DocumentFacts {
  if (!report.documentId) {
    throw new ReportsError('API_NOT_FOUND', {
      operation: 'getReport',
      thing: `report ${report.reportId}`,
      sellerId: request.sellerId,
      found: 'a finished report without a document',
    });
  }
  return {
    sellerId: request.sellerId,
    documentId: report.documentId,
    reportType: request.reportType,
    reportId: report.reportId,
    marketplaceIds: report.marketplaceIds,
    reportCreatedAt: report.createdAt,
    ...(report.status === 'FATAL' ? { reportStatus: 'FATAL' as const } : {}),
    ...(report.dataStart ? { dataStart: report.dataStart } : {}),
    ...(report.dataEnd ? { dataEnd: report.dataEnd } : {}),
  };
}

function sellerOf(request: ReportRequest, context: PipelineContext) {
  const seller = context.sellingPartner(request.sellerId);
  if (!seller) throw new ReportsError('SELLER_UNKNOWN', { sellerId: request.sellerId });
  return seller;
}

function requireReportId(request: ReportRequest): string {
  if (request.reportId) return request.reportId;
  throw new ReportsError('NOTIFICATION_UNREADABLE', { messageId: '', found: 'no reportId' });
}
