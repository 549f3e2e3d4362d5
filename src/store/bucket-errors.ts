import { describeError, type ErrorCode, knownError, ReportsError } from '../errors/reports-error.js';

/** What a bucket's client reports about a failure. */
interface BucketFailure {
  /** HTTP status; undefined if there was no answer. */
  status: number | undefined;
  /** The service's own code, for example NoSuchBucket. */
  name: string;
  message: string;
}

const codes: { code: ErrorCode; where: (failure: BucketFailure) => boolean }[] = [
  { code: 'BUCKET_CHANGED', where: ({ status }) => status === 412 || status === 409 },
  {
    code: 'BUCKET_NOT_FOUND',
    where: ({ status, name, message }) =>
      /NoSuchBucket|PermanentRedirect/.test(name) || /bucket does not exist/i.test(message) || status === 404,
  },
  {
    code: 'BUCKET_ACCESS_DENIED',
    where: ({ status, name, message }) =>
      status === 401 ||
      status === 403 ||
      name === 'CredentialsProviderError' ||
      /could not load (the default )?credentials|invalid_grant|region is missing|ENOENT/i.test(message),
  },
  { code: 'BUCKET_UNREACHABLE', where: () => true },
];

/**
 * Converts a failure with a bucket or one of its objects into an error of the catalogue. `url`
 * names it in the message. Errors of this machine, for example a full disk, become its own.
 */
export function bucketError(error: unknown, url: string): unknown {
  const known = knownError(error);
  if (known instanceof ReportsError) return known;
  const failure = failureOf(error);
  const { code } = codes.find(({ where }) => where(failure)) as { code: ErrorCode };
  const said = failure.message.split('\n', 1)[0] || failure.name;
  const found = /region is missing/i.test(said) ? `${said}: set bucket.region in pipelines.yaml` : said;
  return new ReportsError(code, { url, found }, { cause: error });
}

/** Whether an object does not exist. The bucket may be missing instead. */
export function isMissing(error: unknown): boolean {
  const { status, name, message } = failureOf(error);
  if (name === 'NoSuchBucket' || /bucket does not exist/i.test(message)) return false;
  return status === 404 || name === 'NoSuchKey' || name === 'NotFound';
}

function failureOf(error: unknown): BucketFailure {
  const { $metadata, code, name, errors } = error as {
    $metadata?: { httpStatusCode?: number };
    code?: unknown;
    name?: string;
    errors?: { message?: string }[];
  };
  const status = $metadata?.httpStatusCode ?? (Number.isInteger(Number(code)) ? Number(code) : undefined);
  return { status, name: name ?? '', message: errors?.[0]?.message ?? describeError(error) };
}
