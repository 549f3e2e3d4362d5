import { describeError, type ErrorCode, ReportsError } from '../../errors/reports-error.js';

/** What BigQuery says of a failure, in an answer or of a job. */
export interface Failure {
  /** HTTP status; absent for a job that ended in an error, and where there was no answer. */
  status?: number;
  /** BigQuery's own word, e.g. `quotaExceeded`. */
  reason?: string;
  message: string;
}

interface Row {
  /** What it is, for the reference page and the tests. */
  name: string;
  code: ErrorCode;
  where: (failure: Failure) => boolean;
  /** Whether the same commit may be tried again at once, with a pause. */
  isPassing?: boolean;
}

const reasonIs =
  (...reasons: string[]) =>
  ({ reason }: Failure) =>
    reasons.includes(reason ?? '');
const says =
  (pattern: RegExp) =>
  ({ message }: Failure) =>
    pattern.test(message);

const tableMissing = 'table missing';
const rateLimit = 'rate limit';

/** Each kind of failure, the first that fits counts. Sources: the error table of BigQuery's documentation, and the issues it is met in. */
export const failureRows: Row[] = [
  {
    name: 'concurrent update',
    code: 'WAREHOUSE_BUSY',
    where: says(/aborted due to concurrent update|could not serialize access|too many DML statements/i),
    isPassing: true,
  },
  { name: 'streaming buffer', code: 'WAREHOUSE_BUSY', where: says(/streaming buffer/i) },
  {
    name: rateLimit,
    code: 'WAREHOUSE_BUSY',
    where: reasonIs('rateLimitExceeded', 'jobRateLimitExceeded', 'userRateLimitExceeded', 'tableUnavailable'),
    isPassing: true,
  },
  {
    name: 'too many requests',
    code: 'WAREHOUSE_BUSY',
    where: ({ status }) => status === 429,
    isPassing: true,
  },
  {
    name: 'quota exceeded',
    code: 'WAREHOUSE_QUOTA_EXCEEDED',
    where: reasonIs('quotaExceeded', 'dailyLimitExceeded', 'billingTierLimitExceeded', 'resourcesExceeded'),
  },
  {
    name: 'credentials missing',
    code: 'WAREHOUSE_ACCESS_DENIED',
    where: says(/could not load the default credentials|invalid_grant|no such file.*key|ENOENT/i),
  },
  {
    name: 'permission denied',
    code: 'WAREHOUSE_ACCESS_DENIED',
    where: (failure) =>
      reasonIs('accessDenied', 'billingNotEnabled', 'blocked', 'forbidden')(failure) ||
      failure.status === 401 ||
      failure.status === 403,
  },
  {
    name: 'dataset or project missing',
    code: 'WAREHOUSE_NOT_FOUND',
    where: (failure) =>
      (reasonIs('notFound')(failure) || failure.status === 404) && !says(/not found: (table|job)/i)(failure),
  },
  {
    name: tableMissing,
    code: 'WAREHOUSE_BUSY',
    where: (failure) => reasonIs('notFound')(failure) || failure.status === 404,
    isPassing: true,
  },
  {
    name: 'bucket in another location',
    code: 'WAREHOUSE_NOT_FOUND',
    where: says(/cannot read and write in different locations/i),
  },
  {
    name: 'schema mismatch or value out of range',
    code: 'WAREHOUSE_REFUSED',
    where: reasonIs('invalid', 'invalidQuery', 'responseTooLarge', 'duplicate'),
  },
  {
    name: 'server error',
    code: 'WAREHOUSE_UNREACHABLE',
    where: (failure) =>
      reasonIs('backendError', 'internalError', 'stopped', 'timeout')(failure) ||
      (failure.status ?? 0) >= 500,
    isPassing: true,
  },
  { name: 'refused request', code: 'WAREHOUSE_REFUSED', where: ({ status }) => status === 400 },
  { name: 'no answer', code: 'WAREHOUSE_UNREACHABLE', where: () => true },
];

/** An error of the catalogue for a failure. The detail `isPassing` says that trying again at once can help. */
export function failureError(failure: Failure, path: string, cause?: unknown): ReportsError {
  const row = failureRows.find(({ where }) => where(failure)) as Row;
  const found = failure.message.split('\n', 1)[0] ?? '';
  const details = { path, found, thing: 'the documents', reason: failure.reason ?? null, row: row.name };
  return new ReportsError(row.code, { ...details, ...(row.isPassing && { isPassing: true }) }, { cause });
}

/** What an error of the client says. */
export function failureOf(error: unknown): Failure {
  const { code, errors } = error as { code?: unknown; errors?: { reason?: string }[] };
  const reason = errors?.[0]?.reason;
  return {
    message: describeError(error),
    ...(typeof code === 'number' && { status: code }),
    ...(reason !== undefined && { reason }),
  };
}

/** Whether an error says that a table is not there, one that was dropped say. */
export function isTableMissing(error: unknown): boolean {
  return error instanceof ReportsError && error.details.row === tableMissing;
}

/** Whether a call did nothing, as there were too many of them. */
export function isRateLimit(failure: Failure): boolean {
  return failureRows.find(({ where }) => where(failure))?.name === rateLimit;
}

/** Whether a failure says that a dataset, a table or a job is not there. */
export function isMissing({ status, reason }: Failure): boolean {
  return status === 404 || reason === 'notFound';
}
