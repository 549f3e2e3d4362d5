import { fileURLToPath } from 'node:url';
import type { CatalogueEntry, ErrorKind } from './entry.js';
import { type ErrorDetails, fill } from './fill.js';
import { bucketErrors } from './buckets.js';
import { documentErrors } from './documents.js';
import { machineErrors } from './machine.js';
import { parsingErrors } from './parsing.js';
import { postgresErrors } from './postgres.js';
import { queueErrors } from './queue.js';
import { schemaErrors } from './schemas.js';
import { quote } from './secrets.js';
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
  ...machineErrors,
  ...bucketErrors,
  ...warehouseErrors,
  ...postgresErrors,
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof catalogue;

/**
 * When trying again can help.
 * - `now`: after a short pause, as with a rate limit or a commit of somebody else that came first.
 * - `later`: in a later run; somebody may have to act first.
 * - `never`: the same attempt gives the same result.
 */
export type Retry = 'now' | 'later' | 'never';

/**
 * An error from the catalogue. `message` is complete for a reader; `details` keep the ids for a
 * machine.
 */
export class ReportsError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly retry: Retry;
  readonly remedy: string;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, given: ErrorDetails = {}, options: { cause?: unknown; retry?: Retry } = {}) {
    const { found } = given;
    const details = typeof found === 'string' ? { ...given, found: quote(found) } : given;
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

/**
 * An error of the catalogue for what the file system, the system or the runtime reports; any other
 * error comes back as it is. `path` names what was worked on if the error doesn't: the errors of
 * open files don't.
 */
export function knownError(error: unknown, path?: string): unknown {
  if (!(error instanceof Error) || error instanceof ReportsError) return error;
  const { code = '', path: ofError } = error as NodeJS.ErrnoException;
  const cause = { cause: error };
  if (memoryCodes.has(code) || (error instanceof RangeError && memoryWords.test(error.message))) {
    return new ReportsError('OUT_OF_MEMORY', { found: error.message }, cause);
  }
  const isOfSystem = /^E[A-Z]+$/.test(code) && !networkCodes.has(code);
  if (loaderCodes.has(code) || (isOfSystem && isFromLoader(error))) {
    const [found = ''] = error.message.split('\n', 1);
    return new ReportsError('PROGRAM_UNREADABLE', { path: ofError ?? programFolder, found }, cause);
  }
  if (!isOfSystem) return error;
  const named = path ?? ofError ?? 'a file';
  if (fullCodes.has(code)) return new ReportsError('DISK_FULL', { path: named, found: code }, cause);
  // Node says `EROFS: read-only file system, mkdir '/mnt/raw'`.
  const found = error.message.startsWith(code) ? error.message.replace(/, .*/s, '') : code;
  return new ReportsError('FILE_SYSTEM_FAILED', { path: named, found, code }, cause);
}

/** What Node reports if it can't find or read a file of the program. */
const loaderCodes = new Set([
  'ERR_DLOPEN_FAILED',
  'ERR_INVALID_PACKAGE_CONFIG',
  'ERR_MODULE_NOT_FOUND',
  'MODULE_NOT_FOUND',
]);
const programFolder = fileURLToPath(new URL('../..', import.meta.url));

/** Whether Node's loader of modules made the call of the file system that failed. */
function isFromLoader({ stack = '' }: Error): boolean {
  const frames = stack.split('\n').filter((line) => /^ +at /.test(line));
  const caller = frames.find((frame) => !/node:(internal\/)?fs\b/.test(frame));
  return caller?.includes('node:internal/modules/') ?? false;
}

const fullCodes = new Set(['ENOSPC', 'EDQUOT']);
const memoryCodes = new Set([
  'ENOMEM',
  'ERR_MEMORY_ALLOCATION_FAILED',
  'ERR_WORKER_OUT_OF_MEMORY',
  'Z_MEM_ERROR',
]);
const memoryWords = /allocation failed|could not allocate memory|out of memory/i;

/** What sockets report: of a service, whose own errors of the catalogue say more. */
const networkCodes = new Set([
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'EPROTO',
  'ETIMEDOUT',
]);

/**
 * Whose fault a failure is. What the machine or a service causes may be tried as often as it
 * takes. `unknown` is a bug, or what only a few documents cause: it is tried a few times.
 */
export function faultOf(error: unknown): 'document' | 'machine' | 'service' | 'unknown' {
  const known = knownError(error);
  if (!(known instanceof ReportsError)) {
    return networkCodes.has((error as NodeJS.ErrnoException | undefined)?.code ?? '') ? 'service' : 'unknown';
  }
  if (isMachinesError(known.code) || unreadableFile.has(known.code)) return 'machine';
  if (known.kind === 'terminal') return 'document';
  // What an answering host can't send fails by the document, for all that is known; and it may be
  // too wide for the memory.
  if (known.code === 'DOWNLOAD_FAILED' || known.code === 'WAREHOUSE_OUT_OF_MEMORY') return 'unknown';
  return 'service';
}

const unreadableFile = new Set<ErrorCode>(['WAREHOUSE_UNREADABLE', 'WAREHOUSE_FORMAT_UNSUPPORTED']);

/** Whether a code is of what the machine causes, by its file systems or its memory. */
export function isMachinesError(code: string): boolean {
  return code in machineErrors;
}

/**
 * Whether trying again later can help. An error outside the catalogue is a bug or a broken machine:
 * retryable.
 */
export function isRetryable(error: unknown): boolean {
  const known = knownError(error);
  return !(known instanceof ReportsError) || known.kind === 'retryable';
}

/**
 * Whether a failure says nothing about the document it was met with: it may be tried as often as it
 * takes.
 */
export function isNotTheDocumentsFault(error: unknown): boolean {
  const fault = faultOf(error);
  return fault === 'machine' || fault === 'service';
}

/** Returns the code of an error from the catalogue; UNEXPECTED for any other error. */
export function errorCode(error: unknown): string {
  const known = knownError(error);
  return known instanceof ReportsError ? known.code : 'UNEXPECTED';
}

/** What to do about an error; undefined if it is not in the catalogue. */
export function remedyOf(error: unknown): string | undefined {
  const known = knownError(error);
  return known instanceof ReportsError ? known.remedy : undefined;
}

/** Whether an error says that the warehouse file is damaged. */
export function isDamagedWarehouse(error: unknown): error is ReportsError {
  return error instanceof ReportsError && error.code === 'WAREHOUSE_UNREADABLE';
}

/** One line that says what went wrong, for an error of any origin; without secrets. */
export function describeError(error: unknown): string {
  return quote(error instanceof Error ? error.message : String(error));
}
