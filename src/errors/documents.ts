import type { CatalogueEntry } from './entry.js';

/** Errors of documents, and of reports that have no rows. */
export const documentErrors = {
  DOWNLOAD_FAILED: {
    kind: 'retryable',
    message: 'downloading document {documentId}: {found}',
    remedy:
      'Nothing to do: a later run continues the download where this one stopped. If a notification announced the document, its message stays on the queue until then.',
  },
  DOWNLOAD_UNAVAILABLE: {
    kind: 'retryable',
    message: 'downloading document {documentId}: {found}',
    remedy:
      'Check that this machine can reach the hosts that serve documents for Amazon (*.amazonaws.com, *.cloudfront.net), including any proxy or firewall. A later run continues the download where this one stopped. If a notification announced the document, its message stays on the queue until then.',
  },
  DOCUMENT_BUSY: {
    kind: 'retryable',
    message: 'downloading document {documentId}: {found}',
    remedy:
      'Nothing to do: a later run finds the document. If a notification announced it, its message stays on the queue until then.',
  },
  DOCUMENT_TRUNCATED: {
    kind: 'terminal',
    message: 'gunzipping document {documentId}: it ends too early, after {bytes} bytes of text',
    remedy:
      'It was downloaded twice, with the same result. Request the report again, or run `sp-reports reload {documentId}` later.',
  },
  DOCUMENT_CORRUPT: {
    kind: 'terminal',
    message: 'gunzipping document {documentId}: the bytes are damaged ({found})',
    remedy:
      'It was downloaded twice, with the same result. Request the report again, or run `sp-reports reload {documentId}` later.',
  },
  DOCUMENT_TOO_LARGE: {
    kind: 'terminal',
    message: 'gunzipping document {documentId}: it has {found} bytes of text or more; the limit is {limit}',
    remedy: 'Raise `limits.maxDocumentBytes` in pipelines.yaml, then run `sp-reports reload {documentId}`.',
  },
  RAW_MISSING: {
    kind: 'terminal',
    message: 'looking for the raw document {documentId}: no file {path}',
    remedy:
      'Download it again with `sp-reports reload {documentId}` (Amazon keeps reports for 30 to 90 days).',
  },
  RAW_DAMAGED: {
    kind: 'terminal',
    message: 'reading the raw document {documentId}: {path} has changed since it was written: {found}',
    remedy:
      'Its rows stay in the tables. Run `sp-reports reload {documentId}`: if its seller is configured, this downloads the document again, as long as Amazon keeps the report. Otherwise restore the file from a copy first.',
  },
  RAW_METADATA_UNREADABLE: {
    kind: 'terminal',
    message: 'reading the metadata of a raw document: {path}: {found}',
    remedy:
      'Its rows stay in the tables. Run `sp-reports verify --repair`: it downloads the document again, or writes the metadata again as the ledger has it. To load a document with other metadata, do not edit the file, but use the options of `sp-reports load`.',
  },
  ROWS_MISSING: {
    kind: 'terminal',
    message:
      'loading document {documentId} again: it has {found} now, but the ledger says {expected}, and nothing proves that its bytes are unchanged',
    remedy:
      'Its rows in the tables were not changed. Check the raw document {path}. If the smaller number is right, run `sp-reports reload {documentId} --accept-loss`.',
  },
  RAW_PURGED: {
    kind: 'terminal',
    message:
      'looking for the raw document {documentId}: `sp-reports purge` removed it, together with the personal data in its tables',
    remedy:
      'Its rows are still in the tables, without that data. To restore the data, load a copy of the document with `sp-reports load`.',
  },
  FILE_UNREADABLE: {
    kind: 'terminal',
    message: 'opening {path}: {found}',
    remedy: 'Check the name and the permissions of the file.',
  },
  ARCHIVE_UNREADABLE: {
    kind: 'terminal',
    message: 'opening the archive {path}: {found}',
    remedy: 'If you trust the archive, unpack it and load its files. Otherwise download it again.',
  },
  REPORT_FATAL: {
    kind: 'terminal',
    message: 'report {reportId} of type {reportType} is FATAL at Amazon: {found}',
    remedy: 'Request the report again with other options or another date range.',
  },
} as const satisfies Record<string, CatalogueEntry>;
