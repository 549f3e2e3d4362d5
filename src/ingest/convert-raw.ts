import { schemaContract } from '../config/schema-contract.js';
import { describeError, faultOf, isRetryable, ReportsError } from '../errors/reports-error.js';
import type { FileDigest } from '../files/file-digest.js';
import { piiTreatment } from '../privacy/pii-policy.js';
import type { Decision } from '../schema/findings.js';
import { checkRaw, withBytes } from '../source/document/raw-store.js';
import type { RawDocument } from '../source/types.js';
import { pluralize } from '../text/pluralize.js';
import { type LedgerEntry, ledgerKey } from '../warehouse/types.js';
import type { PipelineContext } from './context.js';
import { type ConvertedDocument, type ConvertOptions, convertDocument } from './convert-document.js';
import { earlierDecisions } from './earlier-decisions.js';
import type { ReportRef } from './report-job.js';

/** The metadata of a raw document, and how to convert it. */
export interface ConvertRawOptions extends Pick<ReportRef, 'pipeline' | 'maxDocumentBytes'> {
  /** Stops the conversion with its reason. */
  signal?: AbortSignal | undefined;
  /** Its bytes were written just now and need not be compared with their hash. */
  isFresh?: boolean;
  /**
   * The document as it was loaded before: fewer rows than it had are refused unless the bytes are
   * the same.
   */
  before?: LedgerEntry | undefined;
  /** Accepts fewer rows than before. */
  acceptLoss?: boolean | undefined;
  /** What was decided about the document before it was read. */
  decisions?: Decision[];
  /** Documents that will be committed before this one. */
  uncommitted?: readonly LedgerEntry[];
  /** Nobody tries again later: if Amazon cannot be reached, the document counts as damaged. */
  isLastTry?: boolean;
}

export interface ConvertRawSteps {
  /** Called when all rows are written, before they are synced to disk. */
  onConverted?: (() => void) | undefined;
  /** Returns the bytes once more if those that are kept are damaged. */
  fetchAgain?: (() => Promise<RawDocument>) | undefined;
}

/**
 * Converts a raw document to Parquet if its bytes are what was written. Bytes that are damaged,
 * truncated or corrupt are downloaded once more. Errors: RAW_DAMAGED; ROWS_MISSING; those of
 * documents and of the download.
 */
export async function convertRaw(
  raw: RawDocument,
  options: ConvertRawOptions,
  context: PipelineContext,
  { onConverted, fetchAgain }: ConvertRawSteps = {},
): Promise<ConvertedDocument> {
  const { pipeline, maxDocumentBytes, signal, isFresh = false, before, acceptLoss, isLastTry } = options;
  const { config, lake, schemas } = context;
  const { reportType } = raw.metadata;
  const key = ledgerKey(raw.metadata);
  const convertOptions: ConvertOptions = {
    schema: schemas.get(reportType),
    schemas,
    pii: piiTreatment({ pipeline, reportType }, config),
    contractOf: schemaContract({ pipeline, reportType }, config),
    maxTextBytes: maxDocumentBytes,
    limits: config.documents,
    signal,
    earlier: earlierDecisions(raw.metadata, context, options.uncommitted),
  };
  const convert = (document: RawDocument, isWrittenNow: boolean) =>
    withBytes(document, context.raw, signal, async () => {
      if (!isWrittenNow) await checkRaw(document, context.raw, ledgerDigest(before));
      const onRowsWritten = (rows: number) => {
        if (before && !acceptLoss) refuseFewerRows(rows, document, before, context);
        onConverted?.();
        context.onEvent({ event: 'document_converted', key });
      };
      return convertDocument(document, { lake, engine: config.engine }, { ...convertOptions, onRowsWritten });
    });
  try {
    return await convert(raw, isFresh);
  } catch (error) {
    if (!isDamage(error) || !fetchAgain) throw error;
    if (error.code === 'RAW_DAMAGED') context.log.warn({ key }, `${error.message}; downloading it again`);
    return await convert(await fetchReplacement(error, fetchAgain, isLastTry === true), true);
  }
}

function isDamage(error: unknown): error is ReportsError {
  const codes = ['DOCUMENT_TRUNCATED', 'DOCUMENT_CORRUPT', 'RAW_DAMAGED'];
  return error instanceof ReportsError && codes.includes(error.code);
}

/**
 * If Amazon no longer has the document, the error remains that the kept one is damaged. A failure
 * of the machine, such as a full disk, says nothing about either.
 */
async function fetchReplacement(
  damage: ReportsError,
  fetchAgain: () => Promise<RawDocument>,
  isLastTry: boolean,
): Promise<RawDocument> {
  try {
    return await fetchAgain();
  } catch (error) {
    if (faultOf(error) === 'machine' || (isRetryable(error) && !isLastTry)) throw error;
    if (damage.code !== 'RAW_DAMAGED') throw isLastTry ? damage : error;
    const found = `${damage.details.found}; downloading it again: ${describeError(error)}`;
    throw new ReportsError('RAW_DAMAGED', { ...damage.details, found }, { cause: error });
  }
}

/** The size and hash of a document's bytes in the ledger. */
function ledgerDigest(before: LedgerEntry | undefined): Partial<FileDigest> {
  return { bytes: before?.rawBytes ?? undefined, sha256: before?.rawSha256 ?? undefined };
}

/**
 * A changed schema may make fewer rows of the same bytes; from other bytes the missing rows may be
 * lost.
 */
function refuseFewerRows(
  rows: number,
  { metadata, path, kept }: RawDocument,
  before: LedgerEntry,
  { raw }: PipelineContext,
): void {
  const rowsBefore = before.tables.reduce((sum, table) => sum + table.rows, 0);
  const isSame = before.rawSha256 !== null && before.rawSha256 === kept?.sha256;
  if (rows >= rowsBefore || isSame) return;
  throw new ReportsError('ROWS_MISSING', {
    documentId: metadata.documentId,
    found: pluralize(rows, 'row'),
    expected: pluralize(rowsBefore, 'row'),
    path: raw.nameOf(path),
  });
}
