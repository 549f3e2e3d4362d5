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
 * The catalogue of errors. Every failure a user can meet has one entry: a code that never changes its meaning,
 * a message (doing what, to which thing, found what), a kind and a remedy (do what next).
 * `errors/` has them by area; `docs/errors.md` is generated from them, and a test holds both equal.
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

/** Facts about a failure; the placeholders of the message are filled from them. Never secrets, tokens or presigned URLs. */
export type ErrorDetails = Record<string, string | number | boolean | null | undefined>;

/**
 * When trying again can help.
 * - `now`: after a short pause, as with a rate limit or a commit of somebody else that came first.
 * - `later`: in a later run; somebody may have to act first.
 * - `never`: the same attempt gives the same result.
 */
export type Retry = 'now' | 'later' | 'never';

/** An error from the catalogue. `message` is complete for a reader; `details` keep the ids for a machine. */
export class ReportsError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly retry: Retry;
  readonly remedy: string;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}, options: { cause?: unknown; retry?: Retry } = {}) {
    const entry: CatalogueEntry = catalogue[code];
    super(fill(entry.message, details), 'cause' in options ? { cause: options.cause } : {});
    this.name = 'ReportsError';
    this.code = code;
    this.kind = entry.kind;
    this.retry = options.retry ?? (entry.kind === 'retryable' ? 'later' : 'never');
    this.remedy = fill(entry.remedy, details);
    this.details = details;
  }
}

/** Whether trying again later can help. An error outside the catalogue is a bug or a broken machine: retryable. */
export function isRetryable(error: unknown): boolean {
  return !(error instanceof ReportsError) || error.kind === 'retryable';
}

/** The code of an error from the catalogue; UNEXPECTED for any other. */
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

/** Whether a failure says nothing about the document it was met with: it may be tried as often as it takes. */
export function isNotTheDocumentsFault(error: unknown): boolean {
  if (error instanceof ReportsError) {
    // What an answering host can't send fails by the document, for all that is known; and it may be too wide for the memory.
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

/** One line that says what went wrong, for an error of any origin. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function fill(template: string, details: ErrorDetails): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? ''));
}
