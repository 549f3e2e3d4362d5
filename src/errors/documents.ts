import type { CatalogueEntry } from './entry.js';

/** Of documents, and of reports that hold no rows. */
export const documentErrors = {
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
  RAW_DAMAGED: {
    kind: 'terminal',
    message: 'reading the raw document {documentId}: {path} is not what was written: {found}',
    remedy:
      'Rows of it that are in the tables stay there. Restore the file from a copy, then `sp-reports reload {documentId}`; if its seller is configured, that fetches it from Amazon for as long as Amazon keeps the report.',
  },
  RAW_FACTS_UNREADABLE: {
    kind: 'terminal',
    message: 'reading what is known of a raw document: {path}: {found}',
    remedy:
      'Rows of it that are in the tables stay there. Restore the file from a copy, then `sp-reports reload` with the document id, which is in its name; if its seller is configured, that fetches the document from Amazon.',
  },
  ROWS_MISSING: {
    kind: 'terminal',
    message:
      'loading document {documentId} again: it has {found} now, the ledger says {expected}, and nothing shows that its bytes are those of before',
    remedy:
      'Its rows were left as they are. Check the raw document {path}; if the smaller one is right, `sp-reports reload {documentId} --accept-loss`.',
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
  REPORT_FATAL: {
    kind: 'terminal',
    message: 'report {reportId} of type {reportType} is FATAL at Amazon: {found}',
    remedy: 'Request the report again with other options or a different date range.',
  },
} as const satisfies Record<string, CatalogueEntry>;
