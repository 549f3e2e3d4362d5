import type { DocumentCheck } from './document-checks.js';

/**
 * What a report schema says, after reading. The YAML spelling of it is in `spec.ts`; files are in `schemas/`.
 */

/** A type of one value, as written in YAML: string, int64, decimal(p,s), float64, bool, date or timestamp (UTC). */
export type ScalarType =
  | { kind: 'string' }
  | { kind: 'int64' }
  | { kind: 'decimal'; precision: number; scale: number }
  | { kind: 'float64' }
  | { kind: 'bool' }
  | { kind: 'date' }
  | { kind: 'timestamp' };

/** A column type as written in YAML: of one value, json, or a list such as list(string). */
export type ColumnType = ScalarType | { kind: 'json' } | { kind: 'list'; item: ScalarType };

export type DocumentFormat = 'tsv' | 'csv' | 'xlsx' | 'json' | 'xml' | 'raw';

/** How reports of a type come about: by Amazon itself, by createReport, by createReportSchedule. */
export type MadeBy = 'automatic' | 'requested' | 'scheduled';

/**
 * How cells are quoted. `none`: a double quote is data. `outer`: one pair around a cell is taken off, inner quotes
 * are not doubled. `csv`: RFC 4180.
 */
export type Quoting = 'none' | 'outer' | 'csv';

/** How the rows of a document meet those of the table. See DESIGN words: append, merge, replace, snapshot. */
export type LoadMode = 'append' | 'merge' | 'replace' | 'snapshot';

export interface ColumnSchema {
  /** snake_case, valid in DuckDB and BigQuery. */
  name: string;
  /** Amazon's header and its other known spellings, best first. In JSON and XML paths, see `object-path.ts`. */
  from: string[];
  type: ColumnType;
  description?: string;
  /** For slashed dates whose day and month a document cannot settle, e.g. 03/04/2026. Else the marketplace decides. */
  dateOrder?: 'mdy' | 'dmy';
  /** It holds personal data of buyers. */
  pii?: true;
}

export interface TableSchema {
  /** Table name in the warehouse. */
  name: string;
  /** In JSON and XML the path to the list of its rows; `$` is the document itself. */
  rows?: string;
  load: {
    mode: LoadMode;
    /** Column names; together with the seller they say which rows a newer document replaces. Empty for append and snapshot. */
    key: string[];
    /** One line: why this mode and key are right for the type. */
    why?: string;
  };
  partitionBy?: string;
  /** What documents say of themselves, to be checked at each load. */
  checks?: DocumentCheck[];
  columns: ColumnSchema[];
}

export interface ReportSchema {
  reportType: string;
  description: string;
  /** The group under which the list of report types has it. */
  category?: string;
  /** Absent where it is not known. */
  madeBy?: MadeBy[];
  format: DocumentFormat;
  quoting: Quoting;
  /** Whether getReportDocument needs a restricted data token. */
  restricted: boolean;
  /** One table for delimited formats and xlsx, one for each list of rows in JSON and XML; none for `raw`, and where columns are to be inferred. */
  tables: TableSchema[];
  /** The file it was read from, for messages. */
  file: string;
}

/** All known report schemas by report type. A type without one loads with inferred columns. */
export type ReportSchemas = ReadonlyMap<string, ReportSchema>;

/** A column of one document's table, after the header was met with the schema. */
export interface ResolvedColumn {
  name: string;
  /** The header cell as the document spells it; undefined for a schema column that this document lacks. */
  header?: string;
  type: ColumnType;
  /** `schema`: declared. `added`: unknown header, kept as a new column. `inferred`: type without a schema. */
  origin: 'schema' | 'added' | 'inferred';
  /** Of an added column the schema's column that stands before it in the document. */
  after?: string;
}

/** Amazon's three regions: North America, Europe with the Middle East and India, Far East. */
export type ReportRegion = 'na' | 'eu' | 'fe';
