import { ReportsError } from '../errors/reports-error.js';
import type { DocumentMetadata } from '../source/types.js';

/*
 * What one document may cost, whatever is in it. A small archive may unpack to very much, and one
 * value may be all of it. Real reports are far below each of these limits. Both engines refuse the
 * same documents: the columnar parser leaves what exceeds a limit to the reference parser.
 */

/**
 * Lists, objects and elements inside each other. BigQuery keeps no JSON that is nested deeper, and
 * what reads nested values calls itself once for each level.
 */
export const maxNesting = 500;

/**
 * Characters of what is read as a whole: a line, a quoted row, an object of a list, and everything
 * beside the lists of a document. The columnar parser applies it to bytes, of which there are never
 * fewer.
 */
export const maxRowCharacters = 16 * 1024 * 1024;

/** Values inside one object, list or element that is read as a whole: each may be an object. */
export const maxRowValues = 1_000_000;

/** A batch of the reference parser has fewer rows than usual if they have more text than this. */
export const maxBatchCharacters = 16 * 1024 * 1024;

/**
 * Characters at the beginning of a text that decide its format and in which its header is found.
 */
export const headCharacters = 256 * 1024;

/**
 * Columns of a table. DuckDB commits no table of twice as many within its default limit of memory.
 */
export const maxColumns = 2000;

/** Lists of one document: each has buffers of its own and may become a table. */
export const maxLists = 200;

/** Bytes of all XML in a workbook, which is in memory as a whole. */
export const maxWorkbookBytes = 64 * 1024 * 1024;

/** Cells of the rectangle around all cells of a sheet: its rows have a place for each of them. */
export const maxSheetCells = 2_000_000;

/**
 * Characters of a sheet as text: its cells share their texts, so that a small workbook may stand
 * for very much.
 */
export const maxSheetCharacters = 256 * 1024 * 1024;

type LimitCode = 'DOCUMENT_TOO_DEEP' | 'ROW_TOO_LONG' | 'TOO_MANY_COLUMNS' | 'WORKBOOK_TOO_LARGE';

/** A document exceeds a limit. `documentError` makes an error of the catalogue of it. */
export class LimitExceeded extends Error {
  constructor(
    readonly code: LimitCode,
    readonly details: { found: string; limit: number | string },
  ) {
    super(`${details.found}; the limit is ${details.limit}`);
  }
}

/** Errors: LimitExceeded. */
export function checkNesting(depth: number): void {
  if (depth <= maxNesting) return;
  const found = `values are nested more than ${maxNesting} levels deep`;
  throw new LimitExceeded('DOCUMENT_TOO_DEEP', { found, limit: maxNesting });
}

/** `what`: for example `a line`. Errors: LimitExceeded. */
export function checkRowLength(characters: number, what: string): void {
  if (characters <= maxRowCharacters) return;
  throw new LimitExceeded('ROW_TOO_LONG', {
    found: `${what} is too long`,
    limit: `${maxRowCharacters} characters`,
  });
}

/** Errors: LimitExceeded. */
export function checkRowValues(values: number): void {
  if (values <= maxRowValues) return;
  throw new LimitExceeded('ROW_TOO_LONG', {
    found: 'a row has too many values',
    limit: `${maxRowValues} values`,
  });
}

/** Errors: LimitExceeded. */
export function checkColumns(columns: number): void {
  if (columns <= maxColumns) return;
  const found = 'its rows have more columns than any table';
  throw new LimitExceeded('TOO_MANY_COLUMNS', { found, limit: maxColumns });
}

/** Refuses a header line that the beginning of a text does not hold. Errors: LimitExceeded. */
export function checkHeaderLine(head: string, start: number, lineEnd: string): void {
  if (head.length < headCharacters || head.indexOf(lineEnd, start) >= 0) return;
  throw new LimitExceeded('ROW_TOO_LONG', {
    found: 'the header line is too long',
    limit: `${headCharacters} characters`,
  });
}

/** Errors: LimitExceeded. */
export function checkLists(lists: number): void {
  if (lists <= maxLists) return;
  const found = `it has more than ${maxLists} lists, each a table`;
  throw new LimitExceeded('TOO_MANY_COLUMNS', { found, limit: maxLists });
}

/**
 * The error of the catalogue for a document that exceeds a limit, of this program or of the
 * runtime: no machine could load it. Any other error is returned as it is.
 */
export function documentError(error: unknown, { reportType, documentId }: DocumentMetadata): unknown {
  if (error instanceof LimitExceeded) {
    return new ReportsError(error.code, { reportType, documentId, ...error.details }, { cause: error });
  }
  if (!exceedsRuntime(error)) return error;
  return new ReportsError(
    'DOCUMENT_TOO_COMPLEX',
    { reportType, documentId, found: error.message },
    { cause: error },
  );
}

/**
 * Lack of memory is not meant: that is the machine's. The kernel traps when its address space of 4
 * GB is used up.
 */
function exceedsRuntime(error: unknown): error is Error {
  if (error instanceof WebAssembly.RuntimeError) return true;
  if (!(error instanceof Error)) return false;
  const { code = '' } = error as NodeJS.ErrnoException;
  if (code === 'ERR_STRING_TOO_LONG' || code === 'ERR_BUFFER_TOO_LARGE') return true;
  return error instanceof RangeError && runtimeLimits.test(error.message);
}

const runtimeLimits =
  /maximum call stack size|invalid string length|invalid (?:typed )?array length|maximum size exceeded/i;
