import { isRetryable, ReportsError } from '../errors/reports-error.js';
import { documentsReason, piiTreatment } from '../privacy/pii-policy.js';
import { failedChecks } from '../schema/document-checks.js';
import { withBytes } from '../source/document/raw-store.js';
import type { RawDocument } from '../source/types.js';
import { pluralize } from '../text/pluralize.js';
import { ledgerEntry } from '../warehouse/ledger/ledger-entry.js';
import { ledgerKey, type Load } from '../warehouse/types.js';
import type { PipelineContext } from './context.js';
import { type ConvertedDocument, convertDocument, type ConvertOptions } from './convert-document.js';
import { rawMetadata } from './document-metadata.js';
import { letGoOf } from './load-record.js';
import type { ReportRef } from './report-job.js';
import type { WrittenLake } from './write-lake.js';

export interface BuildOptions extends Pick<ReportRef, 'pipeline' | 'maxDocumentBytes'> {
  /** Stops the conversion with its reason. */
  signal?: AbortSignal | undefined;
}

export interface BuildSteps {
  /** Called when all rows are written, before they are synced to disk. */
  onConverted?: (() => void) | undefined;
  /** Returns the bytes once more if they turn out to be truncated or corrupt. */
  fetchAgain?: () => Promise<RawDocument>;
}

/**
 * Converts a raw document to Parquet files in the lake and returns the load that commits them. A document that cannot be loaded
 * becomes a quarantined load. Errors: retryable ones, which say nothing about the document.
 */
export async function buildLoad(
  raw: RawDocument,
  options: BuildOptions,
  context: PipelineContext,
  steps: BuildSteps = {},
): Promise<Load> {
  const startedMs = context.clock.now();
  const { reportType } = raw.facts;
  const known = {
    key: ledgerKey(raw.facts),
    ...rawMetadata(raw, context.raw.folder),
    pipeline: options.pipeline,
  };
  try {
    const { document, parsed, written } = await convertOrFetchAgain(raw, options, context, steps);
    await refuseIfAllRejected(raw, written, context);
    const entry = ledgerEntry({
      ...known,
      rawBytes: document.raw.bytes,
      status: written.tables.some(({ rows }) => rows > 0) ? 'loaded' : 'empty',
      notes: [...document.notes, ...parsed.notes],
      tables: written.tables.map(({ name, rows, rejects }) => ({ name, rows, rejects })),
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
    const reason = documentsReason(error, { ...known, reportType }, context);
    return { entry: ledgerEntry({ ...known, ...reason }), tables: [], rejectsPath: null };
  }
}

/** A partial document never loads: bytes that turn out to be truncated or corrupt are fetched once more. */
async function convertOrFetchAgain(
  raw: RawDocument,
  { pipeline, maxDocumentBytes, signal }: BuildOptions,
  context: PipelineContext,
  { onConverted, fetchAgain }: BuildSteps,
): Promise<ConvertedDocument> {
  const { config, lake, schemas } = context;
  const { reportType } = raw.facts;
  const options: ConvertOptions = {
    schema: schemas.get(reportType),
    pii: piiTreatment({ pipeline, reportType }, config),
    maxTextBytes: maxDocumentBytes,
    signal,
    onRowsWritten: () => {
      onConverted?.();
      context.onEvent({ event: 'document_converted', key: ledgerKey(raw.facts) });
    },
  };
  const convert = (document: RawDocument) =>
    withBytes(document, context.raw, signal, () =>
      convertDocument(document, { lake, engine: config.engine }, options),
    );
  try {
    return await convert(raw);
  } catch (error) {
    if (!isDamagedDocument(error) || !fetchAgain) throw error;
    return await convert(await fetchAgain());
  }
}

function isDamagedDocument(error: unknown): boolean {
  return (
    error instanceof ReportsError &&
    (error.code === 'DOCUMENT_TRUNCATED' || error.code === 'DOCUMENT_CORRUPT')
  );
}

/** A document whose rows are all rejected proves nothing: it must not clear a snapshot as an empty one does. */
async function refuseIfAllRejected(
  { facts: { reportType, documentId } }: RawDocument,
  written: WrittenLake,
  { lake }: PipelineContext,
): Promise<void> {
  const { tables, rejects } = written;
  if (rejects === 0 || tables.some(({ rows }) => rows > 0)) return;
  await letGoOf(written, lake);
  throw new ReportsError('ROWS_REJECTED', { reportType, documentId, count: pluralize(rejects, 'row') });
}
