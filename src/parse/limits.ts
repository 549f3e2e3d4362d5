import type { DocumentLimits } from '../config/documents-spec.js';
import { ReportsError } from '../errors/reports-error.js';
import type { DocumentMetadata } from '../source/types.js';

/*
 * What one document may cost, whatever is in it. A small archive may unpack to very much, and one
 * value may be all of it. Limits that a document may have good reason to exceed are settings. Both
 * engines refuse the same documents: the columnar parser leaves what exceeds a limit to the
 * reference parser.
 */

/**
 * Lists, objects and elements inside each other. BigQuery keeps no JSON that is nested deeper, and
 * what reads nested values calls itself once for each level.
 */
export const maxNesting = 500;

/** A batch of the reference parser has fewer rows than usual if they have more text than this. */
export const maxBatchCharacters = 16 * 1024 * 1024;

/**
 * Characters at the beginning of a text that decide its format and in which its header is found.
 */
export const headCharacters = 256 * 1024;

type LimitCode =
  | 'DOCUMENT_TOO_DEEP'
  | 'HEADER_TOO_LONG'
  | 'ROW_TOO_LONG'
  | 'TOO_MANY_COLUMNS'
  | 'WORKBOOK_TOO_LARGE';

/**
 * A document exceeds a limit, which is that of a setting if there is one to raise. `documentError`
 * makes an error of the catalogue of it.
 */
export class LimitExceeded extends Error {
  constructor(
    readonly code: LimitCode,
    readonly details: { found: string; limit: number; setting?: `documents.${keyof DocumentLimits}` },
  ) {
    super(`${details.found}; the limit is ${details.limit}`);
  }
}

/** The limit that a setting has was exceeded, with what was found. */
export function exceeded(
  code: LimitCode,
  setting: keyof DocumentLimits,
  limits: DocumentLimits,
  found: string,
): LimitExceeded {
  return new LimitExceeded(code, { found, limit: limits[setting], setting: `documents.${setting}` });
}

/** Errors: LimitExceeded. */
export function checkNesting(depth: number): void {
  if (depth <= maxNesting) return;
  const found = `values are nested ${depth} levels deep or deeper`;
  throw new LimitExceeded('DOCUMENT_TOO_DEEP', { found, limit: maxNesting });
}

/** `what`: for example `a line`. Errors: LimitExceeded. */
export function checkRowLength(characters: number, what: string, limits: DocumentLimits): void {
  if (characters <= limits.maxRowCharacters) return;
  const found = `${what} has ${characters} characters or more`;
  throw exceeded('ROW_TOO_LONG', 'maxRowCharacters', limits, found);
}

/** Errors: LimitExceeded. */
export function checkRowValues(values: number, limits: DocumentLimits): void {
  if (values <= limits.maxRowValues) return;
  throw exceeded('ROW_TOO_LONG', 'maxRowValues', limits, `a row has ${values} values or more`);
}

/** Errors: LimitExceeded. */
export function checkColumns(columns: number, limits: DocumentLimits): void {
  if (columns <= limits.maxColumns) return;
  const found = `its rows have ${columns} columns or more`;
  throw exceeded('TOO_MANY_COLUMNS', 'maxColumns', limits, found);
}

/** Refuses a header line that the beginning of a text does not hold. Errors: LimitExceeded. */
export function checkHeaderLine(head: string, start: number, lineEnd: string): void {
  if (head.length < headCharacters || head.indexOf(lineEnd, start) >= 0) return;
  const found = `the header line has ${head.length - start} characters or more`;
  throw new LimitExceeded('HEADER_TOO_LONG', { found, limit: headCharacters });
}

/** Errors: LimitExceeded. */
export function checkLists(lists: number, limits: DocumentLimits): void {
  if (lists <= limits.maxLists) return;
  const found = `it has ${lists} lists or more, each a table`;
  throw exceeded('TOO_MANY_COLUMNS', 'maxLists', limits, found);
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
