import { count } from '../count.js';
import { describeError, isRetryable, ReportsError } from '../errors.js';
import type { FileDigest } from '../files/file-digest.js';
import { checkRaw, withBytes } from '../source/document/raw-store.js';
import type { RawDocument } from '../source/types.js';
import { type LedgerEntry, ledgerKey } from '../warehouse/types.js';
import type { PipelineContext } from './context.js';
import { type ConvertedDocument, convertDocument } from './convert-document.js';
import type { PiiTreatment } from './pii-policy.js';

/** What is known of a raw document besides its bytes. */
export interface PrepareOptions {
  pipeline: string | null;
  /** Limit of the gunzipped size. */
  maxDocumentBytes: number;
  signal?: AbortSignal;
  /** Its bytes were written just now, and need not be compared with their digest. */
  isFresh?: boolean;
  /** The document as it was loaded before: fewer rows than it had are refused unless the bytes are the same. */
  before?: LedgerEntry;
  acceptLoss?: boolean;
  /** Nobody tries again later: that Amazon is not reached leaves a damaged document what it is. */
  isLastTry?: boolean;
}

/**
 * Converts the bytes of a raw document, if they are what was written; else, and if they turn out truncated or corrupt, those that are fetched
 * once more. Errors: RAW_DAMAGED, ROWS_MISSING, and those of documents and of fetching.
 */
export async function convertRaw(
  raw: RawDocument,
  { maxDocumentBytes, signal, isFresh, before, acceptLoss, isLastTry }: PrepareOptions,
  pii: PiiTreatment | undefined,
  context: PipelineContext,
  fetchAgain?: () => Promise<RawDocument>,
): Promise<ConvertedDocument> {
  const schema = context.schemas.get(raw.facts.reportType);
  const options = {
    maxTextBytes: maxDocumentBytes,
    ...(schema ? { schema } : {}),
    ...(pii ? { pii } : {}),
    ...(signal ? { signal } : {}),
  };
  const { lake, config } = context;
  const convert = (document: RawDocument, isWrittenNow: boolean) =>
    withBytes(document, context.raw, signal, async () => {
      if (!isWrittenNow) await checkRaw(document, context.raw, ledgerDigest(before));
      const onRowsWritten = (rows: number) => {
        if (before && !acceptLoss) refuseFewerRows(rows, document, before, context);
        context.onEvent({ event: 'document_converted', key: ledgerKey(raw.facts) });
      };
      return convertDocument(document, { lake, engine: config.engine }, { ...options, onRowsWritten });
    });
  try {
    return await convert(raw, isFresh === true);
  } catch (error) {
    if (!isDamage(error) || !fetchAgain) throw error;
    if (error.code === 'RAW_DAMAGED') {
      context.log.warn({ key: ledgerKey(raw.facts) }, `${error.message}; fetching it again`);
    }
    return await convert(await fetchInPlace(error, fetchAgain, isLastTry === true), true);
  }
}

function isDamage(error: unknown): error is ReportsError {
  const codes = ['DOCUMENT_TRUNCATED', 'DOCUMENT_CORRUPT', 'RAW_DAMAGED'];
  return error instanceof ReportsError && codes.includes(error.code);
}

/** If Amazon does not have the document any more, what is wrong is still the damage of the one that was kept. */
async function fetchInPlace(
  damage: ReportsError,
  fetchAgain: () => Promise<RawDocument>,
  isLastTry: boolean,
): Promise<RawDocument> {
  try {
    return await fetchAgain();
  } catch (error) {
    if (isRetryable(error) && !isLastTry) throw error;
    if (damage.code !== 'RAW_DAMAGED') throw isLastTry ? damage : error;
    const found = `${damage.details.found}; fetching it again: ${describeError(error)}`;
    throw new ReportsError('RAW_DAMAGED', { ...damage.details, found }, { cause: error });
  }
}

/** What the ledger knows of the bytes of a document. */
function ledgerDigest(before: LedgerEntry | undefined): Partial<FileDigest> {
  const { rawBytes: bytes = null, rawSha256: sha256 = null } = before ?? {};
  return { ...(bytes !== null && { bytes }), ...(sha256 !== null && { sha256 }) };
}

/** From the same bytes a changed schema may make fewer rows; from others the missing ones may be lost. */
function refuseFewerRows(
  rows: number,
  { facts, path, kept }: RawDocument,
  before: LedgerEntry,
  { raw }: PipelineContext,
): void {
  const rowsBefore = before.tables.reduce((sum, table) => sum + table.rows, 0);
  const isSame = before.rawSha256 !== null && before.rawSha256 === kept?.sha256;
  if (rows >= rowsBefore || isSame) return;
  throw new ReportsError('ROWS_MISSING', {
    documentId: facts.documentId,
    found: count(rows, 'row'),
    expected: count(rowsBefore, 'row'),
    path: raw.nameOf(path),
  });
}
