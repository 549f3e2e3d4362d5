/**
 * The catalogue of errors. Every failure a user can meet has one entry: a code that never changes its meaning,
 * a message (doing what, to which thing, found what), a kind and a remedy (do what next).
 * `docs/errors.md` is generated from it and a test holds both equal.
 */

/**
 * What may be done about a failure.
 * - `terminal`: trying again gives the same result; a document that fails so is quarantined.
 * - `retryable`: nothing is wrong with the document; its message goes back to the queue and comes again.
 */
export type ErrorKind = 'terminal' | 'retryable';

interface CatalogueEntry {
  kind: ErrorKind;
  /** `{name}` is replaced by the detail of that name. */
  message: string;
  remedy: string;
}

export const catalogue = {
  // Command line and settings
  USAGE: {
    kind: 'terminal',
    message: '{problem}',
    remedy: 'See `sp-reports --help` or `sp-reports <command> --help`.',
  },
  CONFIG_NOT_FOUND: {
    kind: 'terminal',
    message: 'reading the settings: no file {path}',
    remedy:
      'Run in the folder that holds pipelines.yaml, or name the file with --config; to begin, `sp-reports init` writes one.',
  },
  CONFIG_INVALID: {
    kind: 'terminal',
    message: 'reading {path}: {count} found\n{problems}',
    remedy:
      'Mend each line, then run `sp-reports config check`. Every key is described in docs/pipelines.md.',
  },
  FILE_EXISTS: {
    kind: 'terminal',
    message: 'writing {path}: it is there already',
    remedy:
      'Nothing was changed. Edit it, and see `sp-reports config check`; or name another file with --config.',
  },

  STATUS_NOT_SERVED: {
    kind: 'terminal',
    message: 'serving the status page on {host}, port {port}: {found}',
    remedy:
      'Reports are loaded all the same. Give it another `status.port` in pipelines.yaml where another program has that one, or `status: false`.',
  },

  ALARM_NOT_SENT: {
    kind: 'retryable',
    message: 'sending alarms to the webhook: {found}',
    remedy:
      'Check the variable that `alarms.webhook` in pipelines.yaml names, and try it with `sp-reports alarms --test`. What was to be told is told the next time.',
  },

  // Report schemas
  SCHEMA_INVALID: {
    kind: 'terminal',
    message: 'reading the report schemas and views: {count} found\n{problems}',
    remedy:
      'Mend each line, then run `sp-reports schemas check`. Report schemas are described in docs/schemas.md, views in docs/views.md.',
  },
  SCHEMA_UNKNOWN: {
    kind: 'terminal',
    message: 'looking for the schema of {reportType}: there is none{nearest}',
    remedy:
      'See `sp-reports schemas list`; make one with `sp-reports schemas infer FILE --type {reportType}`.',
  },

  // Queue and notifications
  QUEUE_NOT_FOUND: {
    kind: 'terminal',
    message: 'receiving from {queue}: there is no such queue',
    remedy: 'Check `queue` in pipelines.yaml against the URL the AWS console shows, region included.',
  },
  QUEUE_ACCESS_DENIED: {
    kind: 'terminal',
    message: 'receiving from {queue}: AWS refused the credentials ({found})',
    remedy:
      'Give the AWS identity sqs:ReceiveMessage, sqs:DeleteMessage, sqs:ChangeMessageVisibility and sqs:GetQueueAttributes on the queue.',
  },
  QUEUE_CREDENTIALS_MISSING: {
    kind: 'terminal',
    message: 'receiving from {queue}: there are no AWS credentials ({found})',
    remedy:
      'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run where an instance or container role gives them.',
  },
  QUEUE_UNREACHABLE: {
    kind: 'retryable',
    message: 'talking to {queue}: {found}',
    remedy:
      'Check that this machine reaches SQS, proxy and firewall included, and `aws.endpoint` in pipelines.yaml where it is set (the sandbox of a demo is there while `sp-reports demo --serve` runs); then run it again. Messages stay on the queue meanwhile.',
  },
  NOTIFICATION_UNREADABLE: {
    kind: 'terminal',
    message: 'reading message {messageId}: {found}',
    remedy:
      'The body is kept in the ledger (`sp-reports loads --status quarantined --json`); see who sends to the queue.',
  },
  SELLER_UNKNOWN: {
    kind: 'terminal',
    message: 'looking for seller {sellerId}: pipelines.yaml has no such seller',
    remedy: 'Add it under `sellers:` in pipelines.yaml, then run `sp-reports reload --status quarantined`.',
  },

  // Selling Partner API
  LOGIN_REFUSED: {
    kind: 'retryable',
    message: 'logging in to Amazon for seller {sellerId}: refused with {found}',
    remedy:
      'Check clientId, clientSecret and refreshToken of the seller; authorise the application again if it was revoked.',
  },
  API_ACCESS_DENIED: {
    kind: 'terminal',
    message: 'calling {operation} for {thing} of seller {sellerId}: Amazon refused access ({found})',
    remedy:
      'Give the application the role that this report type needs, authorise it again for a new refresh token, then `sp-reports reload {thing}`.',
  },
  API_NOT_FOUND: {
    kind: 'terminal',
    message: 'calling {operation} for {thing} of seller {sellerId}: Amazon no longer has it ({found})',
    remedy:
      'Reports are kept for 30 to 90 days; ask for it again in Seller Central, or by a `request` entry in pipelines.yaml.',
  },
  SUBSCRIPTION_REFUSED: {
    kind: 'terminal',
    message: 'calling {operation} for {thing} of seller {sellerId}: Amazon refused ({found})',
    remedy:
      'Check that the application is authorised for the seller and the seller is of that region; then `sp-reports doctor`, which goes through all that is needed.',
  },
  REPORT_REQUEST_REFUSED: {
    kind: 'terminal',
    message: 'asking Amazon for {reportType} of seller {sellerId}, {period}: refused ({found})',
    remedy:
      'Check reportOptions, marketplaces and window of the request in pipelines.yaml, and that the application has the role that the type needs; then `sp-reports request`. By itself it is asked again after an hour, four hours, then once a day.',
  },
  REPORT_GIVEN_UP: {
    kind: 'terminal',
    message:
      'asking Amazon for {reportType} of seller {sellerId}, {period}: it failed four times, at last with: {found}',
    remedy:
      "Amazon's words are in the ledger (`sp-reports loads --status fatal`). Mend the request in pipelines.yaml where they ask for it; then `sp-reports request --again`.",
  },
  REPORT_NOT_READY: {
    kind: 'retryable',
    message:
      'asking for report {reportId} of seller {sellerId}: Amazon says {found}, though it told that it has finished',
    remedy: 'Nothing to do: a later run takes it; its message stays on the queue meanwhile.',
  },
  API_REQUEST_REFUSED: {
    kind: 'terminal',
    message: 'calling {operation} for {thing} of seller {sellerId}: Amazon refused the request ({found})',
    remedy: 'Check the region of the seller in pipelines.yaml and the ids in the notification.',
  },
  API_QUOTA_EXCEEDED: {
    kind: 'retryable',
    message: 'calling {operation} for seller {sellerId}: the quota is used up',
    remedy: 'Nothing is lost: a later run goes on with it.',
  },
  API_UNAVAILABLE: {
    kind: 'retryable',
    message: 'calling {operation} for seller {sellerId}: {found}',
    remedy:
      'Nothing is lost: a later run goes on with it. Where it lasts, see whether something stands in between that answers for Amazon, a proxy say.',
  },
  API_UNREACHABLE: {
    kind: 'retryable',
    message: 'calling {operation} for seller {sellerId}: no answer from {host} ({found})',
    remedy:
      'Check that this machine reaches {host}, proxy and firewall included, and `api` in pipelines.yaml where it is set (the sandbox of a demo is there while `sp-reports demo --serve` runs); then run it again. Nothing is lost meanwhile.',
  },

  // Documents
  DOWNLOAD_FAILED: {
    kind: 'retryable',
    message: 'downloading document {documentId}: {found}',
    remedy:
      'Nothing to do: a later run goes on where this one stopped; a message that told of it stays on the queue meanwhile.',
  },
  DOWNLOAD_UNAVAILABLE: {
    kind: 'retryable',
    message: 'downloading document {documentId}: {found}',
    remedy:
      'Check that this machine reaches the hosts Amazon keeps documents on (*.amazonaws.com, *.cloudfront.net), proxy and firewall included; a later run goes on where this one stopped, and a message that told of it stays on the queue meanwhile.',
  },
  DOCUMENT_BUSY: {
    kind: 'retryable',
    message: 'downloading document {documentId}: {found}',
    remedy:
      'Nothing to do: a later run finds the document; a message that told of it stays on the queue meanwhile.',
  },
  DOCUMENT_TRUNCATED: {
    kind: 'terminal',
    message: 'gunzipping document {documentId}: it ends too early, after {bytes} bytes of text',
    remedy: 'It was fetched twice. Request the report again, or `sp-reports reload {documentId}` later.',
  },
  DOCUMENT_CORRUPT: {
    kind: 'terminal',
    message: 'gunzipping document {documentId}: the bytes are damaged ({found})',
    remedy: 'It was fetched twice. Request the report again, or `sp-reports reload {documentId}` later.',
  },
  DOCUMENT_TOO_LARGE: {
    kind: 'terminal',
    message: 'gunzipping document {documentId}: more than {limit} bytes of text',
    remedy: 'Raise `limits.maxDocumentBytes` in pipelines.yaml, then `sp-reports reload {documentId}`.',
  },
  RAW_MISSING: {
    kind: 'terminal',
    message: 'looking for the raw document {documentId}: no file {path}',
    remedy: 'Fetch it again with `sp-reports reload {documentId}` (Amazon keeps reports for 30 to 90 days).',
  },
  RAW_PURGED: {
    kind: 'terminal',
    message:
      'looking for the raw document {documentId}: it was removed by `sp-reports purge`, with the personal data in its tables',
    remedy:
      'Its rows are in the tables still, without that data. To have it again, load a copy of the document with `sp-reports load`.',
  },
  FILE_UNREADABLE: {
    kind: 'terminal',
    message: 'opening {path}: {found}',
    remedy: 'Check the name and the permissions of the file.',
  },

  // Reports that hold no rows
  REPORT_FATAL: {
    kind: 'terminal',
    message: 'report {reportId} of type {reportType} is FATAL at Amazon: {found}',
    remedy: 'Request the report again with other options or a different date range.',
  },

  // Parsing
  HEADER_NOT_FOUND: {
    kind: 'terminal',
    message: 'parsing {reportType} document {documentId}: no header line found; the text begins {found}',
    remedy:
      'Look at the raw document; if the type is another one, `sp-reports load FILE --type REPORT_TYPE`.',
  },
  HEADER_UNKNOWN: {
    kind: 'terminal',
    message: 'parsing {reportType} document {documentId}: its schema knows none of the headers {found}',
    remedy:
      'If the document is of another type, load it with that; if its headers are in another language, add them to `from` in the report schema, then `sp-reports reload {documentId}`.',
  },
  KEY_COLUMN_MISSING: {
    kind: 'terminal',
    message:
      'parsing {reportType} document {documentId}: no header for any of {columns}, by which rows of older reports are replaced; found {found}',
    remedy:
      'Add the headers that stand for them to `from` in the report schema, then `sp-reports reload {documentId}`.',
  },
  PROCESS_KILLED: {
    kind: 'terminal',
    message:
      'loading document {documentId}: the program was killed in the middle of it, {count} times at least',
    remedy:
      'Look at what killed it, a limit of memory, say, and give it more; then load the document with `sp-reports reload {documentId}`.',
  },
  ROWS_REJECTED: {
    kind: 'terminal',
    message: 'parsing {reportType} document {documentId}: every row has more cells than the header ({count})',
    remedy:
      'Look at the raw document: its header may lack cells. The rows already in the table stay as they are.',
  },
  NOT_A_REPORT: {
    kind: 'terminal',
    message: 'parsing {reportType} document {documentId}: a message in place of a report: {found}',
    remedy: 'Request the report again, with other options where the message asks for them.',
  },
  DOCUMENT_UNPARSABLE: {
    kind: 'terminal',
    message: 'parsing {reportType} document {documentId}, line {line}: {found}',
    remedy: 'Check `format` and `quoting` in the report schema, then `sp-reports reload {documentId}`.',
  },
  FORMAT_UNSUPPORTED: {
    kind: 'terminal',
    message: 'parsing {reportType} document {documentId}: {found} cannot be turned into rows by this version',
    remedy: 'The raw document is kept; `sp-reports reload {documentId}` after an upgrade.',
  },
  PII_KEY_MISSING: {
    kind: 'retryable',
    message:
      'hashing the personal data of a {reportType} document: the variable that `piiHashKey` names is not set',
    remedy: 'Set the variable that `piiHashKey` in pipelines.yaml names, then run again; nothing was loaded.',
  },
  PARQUET_FAILED: {
    kind: 'terminal',
    message: 'writing Parquet {path}: {found}',
    remedy: 'Please report this as a bug, with the report type; the raw document is kept.',
  },
  DISK_FULL: {
    kind: 'retryable',
    message: 'writing {path}: {found}',
    remedy: 'Make room on the disk, then run again; nothing was lost.',
  },

  // Buckets of the lake and the raw documents
  BUCKET_ACCESS_DENIED: {
    kind: 'retryable',
    message: 'working on {place}: access was refused ({found})',
    remedy:
      'Give the identity that the program runs as the rights to list, read, write and delete objects there, see docs/lake.md; messages stay on the queue meanwhile.',
  },
  BUCKET_NOT_FOUND: {
    kind: 'retryable',
    message: 'working on {place}: there is no such bucket ({found})',
    remedy:
      'Make the bucket, or check `lake`, `raw` and `bucket` in pipelines.yaml; messages stay on the queue meanwhile.',
  },
  BUCKET_UNREACHABLE: {
    kind: 'retryable',
    message: 'working on {place}: {found}',
    remedy:
      'Check that this machine reaches it, proxy and firewall included, and `bucket.endpoint` in pipelines.yaml; the next run tries again.',
  },
  BUCKET_CHANGED: {
    kind: 'retryable',
    message: 'writing {place}: somebody else has written it meanwhile ({found})',
    remedy: 'Nothing was lost: run the command again.',
  },

  // Warehouse
  WAREHOUSE_LOCKED: {
    kind: 'retryable',
    message: 'opening {path}: another program holds it ({found})',
    remedy:
      'Close the file in the other program, then run again. A program that keeps it open blocks every commit, one that opened it read-only too; `sp-reports query` opens it only while it reads.',
  },
  WAREHOUSE_OUT_OF_MEMORY: {
    kind: 'retryable',
    message: 'working on {path}: {found}',
    remedy:
      'Raise `warehouse.memoryLimitMegabytes` in pipelines.yaml, then run again, or `sp-reports reload --status quarantined`.',
  },
  WAREHOUSE_UNREADABLE: {
    kind: 'terminal',
    message: 'opening {path}: {found}',
    remedy:
      'Run `sp-reports run` or `sp-reports rebuild`: the file is set aside, and made again from the lake and the raw documents.',
  },
  WAREHOUSE_REFUSED: {
    kind: 'terminal',
    message: 'loading {thing} into {path}: {found}',
    remedy: 'The raw document and its Parquet are kept; mend the schema, then `sp-reports reload {thing}`.',
  },
  WAREHOUSE_MISSING: {
    kind: 'terminal',
    message: 'opening {path}: nothing has been loaded yet',
    remedy: 'Run `sp-reports run`, `sp-reports load FILE --type REPORT_TYPE`, or scripts/demo first.',
  },
  WAREHOUSE_BUSY: {
    kind: 'retryable',
    message: 'working on {path}: others write to it ({found})',
    remedy: 'Nothing is lost: a later run goes on with it.',
  },
  WAREHOUSE_QUOTA_EXCEEDED: {
    kind: 'retryable',
    message: 'working on {path}: a quota of the project is used up ({found})',
    remedy:
      'Nothing was lost: messages stay on the queue, and a later drain takes them. For more, see the limits in docs/bigquery.md, or have the quota raised in the Google Cloud console.',
  },
  WAREHOUSE_ACCESS_DENIED: {
    kind: 'retryable',
    message: 'working on {path}: Google refused access ({found})',
    remedy:
      'Give the account roles/bigquery.jobUser on the project and roles/bigquery.dataEditor on the dataset, and set `warehouse.keyFile` in pipelines.yaml or GOOGLE_APPLICATION_CREDENTIALS; messages stay on the queue meanwhile.',
  },
  WAREHOUSE_NOT_FOUND: {
    kind: 'retryable',
    message: 'working on {path}: {found}',
    remedy:
      'Check `project`, `dataset` and `location` of `warehouse` in pipelines.yaml against the Google Cloud console; messages stay on the queue meanwhile.',
  },
  WAREHOUSE_UNREACHABLE: {
    kind: 'retryable',
    message: 'working on {path}: {found}',
    remedy:
      'Check that this machine reaches bigquery.googleapis.com, proxy and firewall included; then run it again. Messages stay on the queue meanwhile.',
  },
  WAREHOUSE_IS_NO_FILE: {
    kind: 'terminal',
    message: 'rebuilding {path}: it is no file that could be made again beside the old one',
    remedy:
      'Load the documents again with `sp-reports reload`; for tables as they were before, see time travel in docs/bigquery.md.',
  },
  QUERY_FAILED: {
    kind: 'terminal',
    message: 'running the query: {found}',
    remedy: 'Mend the query: {hint}',
  },
  REBUILD_INCOMPLETE: {
    kind: 'terminal',
    message:
      'rebuilding {path}: of its ledger {count} can be found neither in {lake} nor in {raw}, {first} for one',
    remedy:
      'Nothing was changed. Check `lake` and `raw` in pipelines.yaml; where they are lost for good, `sp-reports rebuild --accept-loss`.',
  },
  NOT_LOADED: {
    kind: 'terminal',
    message: 'looking for {thing}: not in the ledger{nearest}',
    remedy: 'See `sp-reports loads` for the documents and `sp-reports tables` for the tables.',
  },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof catalogue;

/** Facts about a failure; the placeholders of the message are filled from them. Never secrets, tokens or presigned URLs. */
export type ErrorDetails = Record<string, string | number | boolean | null | undefined>;

/** An error from the catalogue. `message` is complete for a reader; `details` keep the ids for a machine. */
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

/** One line that says what went wrong, for an error of any origin. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function fill(template: string, details: ErrorDetails): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? ''));
}
