import { isRetryable, ReportsError } from '../errors/reports-error.js';
import { documentsReason } from '../privacy/pii-policy.js';
import { checkWarnings } from '../schema/document-checks.js';
import { type Decision, joinFindings } from '../schema/findings.js';
import type { RawDocument } from '../source/types.js';
import { listNames } from '../text/list-names.js';
import { pluralize } from '../text/pluralize.js';
import { ledgerEntry } from '../warehouse/ledger/ledger-entry.js';
import { type LedgerEntry, ledgerKey, type Load } from '../warehouse/types.js';
import type { PipelineContext } from './context.js';
import { type ConvertRawOptions, type ConvertRawSteps, convertRaw } from './convert-raw.js';
import { rawMetadata } from './document-metadata.js';
import { evictLocalCopies } from './load-record.js';
import type { WrittenLake } from './write-lake.js';

/**
 * Converts a raw document to Parquet files in the lake and returns the load that commits them. A
 * document that cannot be loaded becomes a quarantined load. Errors: retryable ones, which say
 * nothing about the document.
 */
export async function buildLoad(
  raw: RawDocument,
  options: ConvertRawOptions,
  context: PipelineContext,
  steps: ConvertRawSteps = {},
): Promise<Load> {
  const startedMs = context.clock.now();
  const known = knownOf(raw, options, context);
  try {
    const { document, parsed, written } = await convertRaw(raw, options, context, steps);
    await refuseIfAllRejected(raw, written, context);
    const findings = joinFindings({ notes: [], decisions: known.decisions }, document, parsed, {
      notes: [],
      warnings: checkWarnings(written.checks),
    });
    const entry = ledgerEntry({
      ...known,
      rawBytes: document.raw.bytes,
      rawSha256: document.raw.kept?.sha256 ?? null,
      files: written.files,
      status: written.tables.some(({ rows }) => rows > 0) ? 'loaded' : 'empty',
      ...findings,
      tables: written.tables.map(({ name, rows, rejects, emptyMeasures, allMeasuresEmpty }) => ({
        name,
        rows,
        rejects,
        emptyMeasures,
        allMeasuresEmpty,
      })),
      rejects: written.rejects,
      checks: written.checks,
      textBytes: document.textBytes,
      charset: document.charset,
      dialect: { ...parsed.dialect },
      engine: parsed.engine ?? context.config.engine,
      durationMs: context.clock.now() - startedMs,
    });
    for (const { code, message } of findings.warnings) context.log.warn({ key: known.key, code }, message);
    const { acceptLoss } = options;
    return { entry, tables: written.tables, rejectsPath: written.rejectsPath, acceptLoss };
  } catch (error) {
    if (isRetryable(error)) throw error;
    return quarantinedLoad(error, raw, options, context);
  }
}

/** The load of a document that cannot be loaded because of `error`: its ledger row alone. */
export function quarantinedLoad(
  error: unknown,
  raw: RawDocument,
  options: KnownOptions,
  context: PipelineContext,
): Load {
  const { reportType } = raw.metadata;
  const known = knownOf(raw, options, context);
  const reason = documentsReason(error, { ...known, reportType }, context);
  return { entry: ledgerEntry({ ...known, ...reason }), tables: [], rejectsPath: null };
}

/** What the ledger row of a document says, however its conversion ends. */
function knownOf(
  raw: RawDocument,
  { pipeline, before, decisions = decidedBefore(before, raw.metadata.reportType) }: KnownOptions,
  context: PipelineContext,
) {
  const key = ledgerKey(raw.metadata);
  return { key, ...rawMetadata(raw, context.raw.folder), pipeline, decisions };
}

type KnownOptions = Pick<ConvertRawOptions, 'pipeline' | 'decisions' | 'before'>;

/** The decisions of an earlier load that reading the document again cannot make. */
function decidedBefore(before: LedgerEntry | undefined, reportType: string): Decision[] {
  const isGiven = ({ subject, value }: Decision) =>
    (subject === 'report_type' && value === reportType) || subject === 'marketplace';
  return before?.decisions.filter(isGiven) ?? [];
}

/**
 * A document whose rows are all rejected proves nothing: it must not clear a snapshot as an empty
 * one does.
 */
async function refuseIfAllRejected(
  { metadata: { reportType, documentId } }: RawDocument,
  written: WrittenLake,
  { lake }: PipelineContext,
): Promise<void> {
  const { tables, rejects, reasons } = written;
  if (rejects === 0 || tables.some(({ rows }) => rows > 0)) return;
  await evictLocalCopies(written, lake);
  const maxReasons = 3;
  const found = listNames(
    [...reasons]
      .sort(([, a], [, b]) => b - a)
      .map(([reason, count]) => `${reason} (${pluralize(count, 'row')})`),
    maxReasons,
  );
  throw new ReportsError('ROWS_REJECTED', { reportType, documentId, found });
}
