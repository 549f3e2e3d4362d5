import type { CatalogueEntry, ErrorKind } from './entry.js';
import { bucketErrors } from './buckets.js';
import { documentErrors } from './documents.js';
import { parsingErrors } from './parsing.js';
import { queueErrors } from './queue.js';
import { schemaErrors } from './schemas.js';
import { sellingPartnerErrors } from './selling-partner.js';
import { settingsErrors } from './settings.js';
import { warehouseErrors } from './warehouse.js';

/**
 * The catalogue of errors. Each failure that a user can meet has one entry: a code that never
 * changes its meaning, a message (doing what, to which thing, found what), a kind and a remedy
 * (what to do next). The files of this folder define the entries by area. `docs/errors.md` is
 * generated from them, and a test keeps both equal.
 */
export const catalogue = {
  ...settingsErrors,
  ...schemaErrors,
  ...queueErrors,
  ...sellingPartnerErrors,
  ...documentErrors,
  ...parsingErrors,
  ...bucketErrors,
  ...warehouseErrors,
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof catalogue;

/**
 * Details of a failure, which fill the placeholders of message and remedy. They never contain
 * secrets, tokens or presigned URLs.
 */
export type ErrorDetails = Record<string, string | number | boolean | null | undefined>;

/**
 * An error from the catalogue. People read `message`, which is complete; programs read `details`.
 */
export class ReportsError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly remedy: string;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}, options: { cause?: unknown } = {}) {
    const entry: CatalogueEntry = catalogue[code];
    super(fill(entry.message, details), options);
    this.name = 'ReportsError';
    this.code = code;
    this.kind = entry.kind;
    this.remedy = fill(entry.remedy, details);
    this.details = details;
  }
}

/**
 * Whether a retry can help. An error outside the catalogue is a bug or a broken machine, and so
 * retryable.
 */
export function isRetryable(error: unknown): boolean {
  return !(error instanceof ReportsError) || error.kind === 'retryable';
}

/** Returns the code of an error from the catalogue; UNEXPECTED for any other error. */
export function errorCode(error: unknown): string {
  return error instanceof ReportsError ? error.code : 'UNEXPECTED';
}

const machineCodes = new Set([
  'EACCES',
  'EBUSY',
  'EEXIST',
  'EIO',
  'EMFILE',
  'ENFILE',
  'ENOSPC',
  'EPERM',
  'EROFS',
]);

/**
 * Whether a failure says nothing about the document it occurred with. Such a document may be
 * retried without a limit.
 */
export function isNotTheDocumentsFault(error: unknown): boolean {
  if (error instanceof ReportsError) {
    // If a host answers but cannot send the document, the document may be the cause. It may also be
    // too wide for the memory.
    return error.kind === 'retryable'
      ? error.code !== 'DOWNLOAD_FAILED' && error.code !== 'WAREHOUSE_OUT_OF_MEMORY'
      : error.code === 'WAREHOUSE_UNREADABLE';
  }
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && machineCodes.has(code);
}

/** Whether an error says that the warehouse file is damaged. */
export function isDamagedWarehouse(error: unknown): error is ReportsError {
  return error instanceof ReportsError && error.code === 'WAREHOUSE_UNREADABLE';
}

/** Returns one line that says what went wrong, for an error of any origin. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function fill(template: string, details: ErrorDetails): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? ''));
}
