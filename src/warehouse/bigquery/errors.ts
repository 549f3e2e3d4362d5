import { describeError, type ErrorCode, ReportsError, type Retry } from '../../errors/reports-error.js';

/** What BigQuery reports about a failure, in a response or of a job. */
export interface BigQueryFailure {
  /** HTTP status; absent for a job that ended in an error, and if there was no response. */
  status?: number;
  /** BigQuery's own reason code, for example `quotaExceeded`. */
  reason?: string;
  message: string;
}

interface FailureRow {
  /** Names the row on the reference page and in the tests, and for `BigQueryError.failure`. */
  name: string;
  code: ErrorCode;
  where: (failure: BigQueryFailure) => boolean;
  /** `now`: the same commit may be tried again after a pause. */
  retry?: Retry;
}

/** A failure of BigQuery as an error of the catalogue. */
export class BigQueryError extends ReportsError {
  constructor(
    /** The row of `failureRows` that it matched. */
    readonly failure: FailureName,
    /** BigQuery's own reason code; undefined if it gave none. */
    readonly reason: string | undefined,
    /** HTTP status; undefined for a job that ended in an error, and if there was no response. */
    readonly status: number | undefined,
    ...of: ConstructorParameters<typeof ReportsError>
  ) {
    super(...of);
  }
}

const reasonIs =
  (...reasons: string[]) =>
  ({ reason }: BigQueryFailure) =>
    reasons.includes(reason ?? '');
const says =
  (pattern: RegExp) =>
  ({ message }: BigQueryFailure) =>
    pattern.test(message);

/**
 * Every kind of failure; the first row that matches counts.
 * Sources: the error table of BigQuery's documentation, and the public issues that show the others.
 */
export const failureRows = [
  {
    name: 'concurrent update',
    code: 'WAREHOUSE_BUSY',
    where: says(/aborted due to concurrent update|could not serialize access|too many DML statements/i),
    retry: 'now',
  },
  { name: 'streaming buffer', code: 'WAREHOUSE_BUSY', where: says(/streaming buffer/i) },
  {
    name: 'rate limit',
    code: 'WAREHOUSE_BUSY',
    where: reasonIs('rateLimitExceeded', 'jobRateLimitExceeded', 'userRateLimitExceeded', 'tableUnavailable'),
    retry: 'now',
  },
  {
    name: 'too many requests',
    code: 'WAREHOUSE_BUSY',
    where: ({ status }) => status === 429,
    retry: 'now',
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
    name: 'outside the perimeter',
    code: 'WAREHOUSE_PERIMETER_DENIED',
    where: says(/VPC Service Controls|vpcServiceControlsUniqueIdentifier/i),
  },
  {
    name: 'encryption key denied',
    code: 'WAREHOUSE_KEY_DENIED',
    where: says(/cloud ?kms|cryptoKeys\/|gcp\.restrict(NonCmekServices|CmekCryptoKeyProjects)/i),
  },
  {
    name: 'bucket in another location',
    code: 'WAREHOUSE_NOT_FOUND',
    where: says(/cannot read and write in different locations/i),
  },
  {
    name: 'schema mismatch or value out of range',
    code: 'WAREHOUSE_REFUSED',
    where: reasonIs('invalid', 'invalidQuery', 'responseTooLarge'),
  },
  {
    name: 'too many bytes to bill',
    code: 'WAREHOUSE_REFUSED',
    where: reasonIs('bytesBilledLimitExceeded'),
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
    name: 'table missing',
    code: 'WAREHOUSE_BUSY',
    where: (failure) => reasonIs('notFound')(failure) || failure.status === 404,
    retry: 'now',
  },
  {
    name: 'made by another process',
    code: 'WAREHOUSE_BUSY',
    where: reasonIs('duplicate'),
    retry: 'now',
  },
  {
    name: 'server error',
    code: 'WAREHOUSE_UNREACHABLE',
    where: (failure) =>
      reasonIs(
        'backendError',
        'internalError',
        'jobBackendError',
        'jobInternalError',
        'stopped',
        'timeout',
      )(failure) || (failure.status ?? 0) >= 500,
    retry: 'now',
  },
  { name: 'refused request', code: 'WAREHOUSE_REFUSED', where: ({ status }) => status === 400 },
  { name: 'no answer', code: 'WAREHOUSE_UNREACHABLE', where: () => true },
] as const satisfies readonly FailureRow[];

export type FailureName = (typeof failureRows)[number]['name'];

/** Converts a failure into an error of the catalogue. */
export function failureError(failure: BigQueryFailure, path: string, cause?: unknown): BigQueryError {
  const { name, code, retry } = rowOf(failure);
  const found = failure.message.split('\n', 1)[0] ?? '';
  const details = { path, found, thing: 'the documents', reason: failure.reason ?? null };
  return new BigQueryError(name, failure.reason, failure.status, code, details, { cause, retry });
}

/** Reads a failure out of an error that BigQuery's client threw. */
export function failureOf(error: unknown): BigQueryFailure {
  const { code, errors } = error as { code?: unknown; errors?: { reason?: string }[] };
  const reason = errors?.[0]?.reason;
  return {
    // The client's message about several errors begins with a line that says no more than that.
    message: describeError(error).replace(/^Multiple errors occurred.*\s+1\. /, ''),
    status: typeof code === 'number' ? code : undefined,
    reason,
  };
}

/** Whether a job or a table of that name exists already. */
export function isTaken(error: unknown): boolean {
  return error instanceof BigQueryError && error.reason === 'duplicate';
}

/** Whether a table is missing, for example because somebody dropped it. */
export function isTableMissing(error: unknown): boolean {
  return error instanceof BigQueryError && error.failure === 'table missing';
}

/**
 * Whether what failed has ended for sure: BigQuery refused it, or says that its job failed. After
 * a lost answer the job may still run.
 */
export function hasEnded(error: unknown): boolean {
  if (!(error instanceof BigQueryError)) return false;
  if (error.status !== undefined) return error.status < 500;
  return error.reason !== undefined;
}

/** Whether BigQuery refused a call, and did nothing, because there were too many of them. */
export function isRateLimit(failure: BigQueryFailure): boolean {
  return rowOf(failure).name === 'rate limit';
}

/** Whether a dataset, a table or a job does not exist. */
export function isMissing({ status, reason }: BigQueryFailure): boolean {
  return status === 404 || reason === 'notFound';
}

function rowOf(failure: BigQueryFailure): FailureRow & { name: FailureName } {
  const row = failureRows.find(({ where }) => where(failure));
  if (!row) throw new Error('the last row matches every failure');
  return row;
}
