import type { CatalogueEntry } from './entry.js';

/** Errors of parsing documents and of writing their rows. */
export const parsingErrors = {
  HEADER_NOT_FOUND: {
    kind: 'terminal',
    message: 'parsing {reportType} document {documentId}: no header line found; the text begins {found}',
    remedy:
      'Look at the raw document. If it is of another type, load it with `sp-reports load FILE --type REPORT_TYPE`.',
  },
  HEADER_UNKNOWN: {
    kind: 'terminal',
    message:
      'parsing {reportType} document {documentId}: its schema knows none of the headers {found}{better}',
    remedy:
      'If the document is of another type, load it as that type. If its headers are in another language, add them to `from` in the report schema, then run `sp-reports reload {documentId}`.',
  },
  KEY_COLUMN_MISSING: {
    kind: 'terminal',
    message:
      'parsing {reportType} document {documentId}: no header for any of the key columns {columns}, which decide which older rows are replaced; found {found}{better}',
    remedy:
      'Add the matching headers to `from` in the report schema, then run `sp-reports reload {documentId}`.',
  },
  PROCESS_KILLED: {
    kind: 'terminal',
    message:
      'loading document {documentId}: the program was killed while it was working on it, at least {count} times',
    remedy:
      'Find out what killed it, for example a memory limit, and raise that limit. Then run `sp-reports reload {documentId}`, or load the file again.',
  },
  ROWS_REJECTED: {
    kind: 'terminal',
    message: 'parsing {reportType} document {documentId}: every row is rejected: {found}',
    remedy:
      'Look at the raw document: its header may lack cells. If `schemaContract` discards its rows, correct the report schema or choose another contract. The rows already in the table are unchanged.',
  },
  WRONG_REPORT_TYPE: {
    kind: 'terminal',
    message: 'parsing {reportType} document {documentId}: it is no document of this type: {found}',
    remedy:
      'Nothing of it was loaded, and the rows already in the table are unchanged. If it is of another type, load it with `sp-reports load FILE --type REPORT_TYPE`. If Amazon changed the headers, add them to `from` in the report schema, then run `sp-reports reload {documentId}`.',
  },
  SCHEMA_FROZEN: {
    kind: 'terminal',
    message:
      'parsing {reportType} document {documentId}: {found}, and `schemaContract` freezes the table {table}',
    remedy:
      'Nothing of it was loaded. Add the columns to the report schema or correct their types, or choose another contract for the table in pipelines.yaml. Then run `sp-reports reload {documentId}`.',
  },
  TYPE_UNDECIDED: {
    kind: 'terminal',
    message: 'choosing the report type of {path}: {found}',
    remedy:
      'Give its type with `--type`, or put the type into the file name. `sp-reports schemas list` lists the types that have a schema.',
  },
  SNAPSHOT_HELD: {
    kind: 'terminal',
    message: 'loading {reportType} document {documentId}: it would remove rows: {found}',
    remedy:
      'The rows already in the table are unchanged, because a pipeline has `snapshotLoss: hold`. If the document is right, run `sp-reports reload {documentId} --accept-loss`. Otherwise, request the report again.',
  },
  NOT_A_REPORT: {
    kind: 'terminal',
    message: 'parsing {reportType} document {documentId}: got an error message instead of a report: {found}',
    remedy: 'Request the report again, with other options if the message says so.',
  },
  DOCUMENT_UNPARSABLE: {
    kind: 'terminal',
    message: 'parsing {reportType} document {documentId}, line {line}: {found}',
    remedy: 'Check `format` and `quoting` in the report schema, then run `sp-reports reload {documentId}`.',
  },
  DOCUMENT_TOO_DEEP: {
    kind: 'terminal',
    message: 'parsing {reportType} document {documentId}: {found}; the limit is {limit}',
    remedy:
      'Nothing of it was loaded, and the raw document is kept. No report is nested that deeply: look at the document, and request the report again.',
  },
  HEADER_TOO_LONG: {
    kind: 'terminal',
    message: 'parsing {reportType} document {documentId}: {found}; the limit is {limit}',
    remedy:
      'Nothing of it was loaded, and the raw document is kept. No report has such a header: look at the document, and request the report again.',
  },
  ROW_TOO_LONG: {
    kind: 'terminal',
    message: 'parsing {reportType} document {documentId}: {found}; the limit is {limit}',
    remedy:
      'Nothing of it was loaded, and the raw document is kept. Look at the document: no row of a report is that long. Request the report again, for a shorter period if rows grow with the period. If the document is right, raise `{setting}` in pipelines.yaml, then run `sp-reports reload {documentId}`.',
  },
  TOO_MANY_COLUMNS: {
    kind: 'terminal',
    message: 'parsing {reportType} document {documentId}: {found}; the limit is {limit}',
    remedy:
      'Nothing of it was loaded, and the raw document is kept. Look at the document: if its names are values, it needs a report schema with `rows` and `json` columns for them. If they are columns, raise `{setting}` in pipelines.yaml, then run `sp-reports reload {documentId}`.',
  },
  WORKBOOK_TOO_LARGE: {
    kind: 'terminal',
    message: 'parsing {reportType} document {documentId}: {found}; the limit is {limit}',
    remedy:
      'Nothing of it was loaded, and the raw document is kept. Save its first sheet as tab-separated text, without cells far away from the others, and load that with `sp-reports load`. Or raise `{setting}` in pipelines.yaml, then run `sp-reports reload {documentId}`.',
  },
  DOCUMENT_TOO_COMPLEX: {
    kind: 'terminal',
    message: 'parsing {reportType} document {documentId}: it exceeds what the runtime can hold ({found})',
    remedy:
      'Nothing of it was loaded, and the raw document is kept. Look at the document, and request the report again, for a shorter period if it is large.',
  },
  FORMAT_UNSUPPORTED: {
    kind: 'terminal',
    message: 'parsing {reportType} document {documentId}: this version cannot turn {found} into rows',
    remedy: 'The raw document is kept. Run `sp-reports reload {documentId}` after an upgrade.',
  },
  PII_KEY_MISSING: {
    kind: 'retryable',
    message:
      'hashing the personal data of a {reportType} document: the variable that `piiHashKey` names is not set',
    remedy: 'Nothing was loaded. Set the variable that `piiHashKey` in pipelines.yaml names, then run again.',
  },
  PARQUET_FAILED: {
    kind: 'terminal',
    message: 'writing Parquet {path}: {found}',
    remedy: 'Please report this as a bug, with the report type. The raw document is kept.',
  },
} as const satisfies Record<string, CatalogueEntry>;
