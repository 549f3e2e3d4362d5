import type { CatalogueEntry } from './entry.js';

/** Of parsing, and of what is written of it. */
export const parsingErrors = {
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
  DOCUMENT_TOO_DEEP: {
    kind: 'terminal',
    message: 'parsing {reportType} document {documentId}: {found}',
    remedy:
      'Nothing of it was loaded, and the raw document is kept. No report is nested that deep: look at the document, and request the report again.',
  },
  ROW_TOO_LONG: {
    kind: 'terminal',
    message: 'parsing {reportType} document {documentId}: {found}; the limit is {limit}',
    remedy:
      'Nothing of it was loaded, and the raw document is kept. Look at the document: no row of a report is that long. Request the report again, for a shorter period if rows grow with the period.',
  },
  TOO_MANY_COLUMNS: {
    kind: 'terminal',
    message: 'parsing {reportType} document {documentId}: {found}; the limit is {limit}',
    remedy:
      'Nothing of it was loaded, and the raw document is kept. Look at the document: if its names are values, it needs a report schema with `rows` and `json` columns for them.',
  },
  WORKBOOK_TOO_LARGE: {
    kind: 'terminal',
    message: 'parsing {reportType} document {documentId}: {found}; the limit is {limit}',
    remedy:
      'Nothing of it was loaded, and the raw document is kept. Save its first sheet as tab-separated text, without cells far away from the others, and load that with `sp-reports load`.',
  },
  DOCUMENT_TOO_COMPLEX: {
    kind: 'terminal',
    message: 'parsing {reportType} document {documentId}: it exceeds what the runtime can hold ({found})',
    remedy:
      'Nothing of it was loaded, and the raw document is kept. Look at the document, and request the report again, for a shorter period if it is large.',
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
} as const satisfies Record<string, CatalogueEntry>;
