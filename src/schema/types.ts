import type { Span } from '../yaml/span.js';
import type { DocumentCheck } from './document-checks.js';

/*
 * The types of a report schema after reading. `spec.ts` defines its YAML; the files are in
 * `schemas/`.
 */

/**
 * The type of a single value: string, int64, decimal(p,s), float64, bool, date or timestamp (UTC).
 */
export type ScalarType =
  | { kind: 'string' }
  | { kind: 'int64' }
  | { kind: 'decimal'; precision: number; scale: number }
  | { kind: 'float64' }
  | { kind: 'bool' }
  | { kind: 'date' }
  | { kind: 'timestamp' };

/** A column type: a scalar type, json, or a list such as list(string). */
export type ColumnType = ScalarType | { kind: 'json' } | { kind: 'list'; item: ScalarType };

export type DocumentFormat = 'tsv' | 'csv' | 'xlsx' | 'json' | 'xml' | 'raw';

/**
 * How reports of a type are made: by Amazon itself, by createReport, by createReportSchedule, or
 * only by a person in Seller Central.
 */
export type MadeBy = 'automatic' | 'requested' | 'scheduled' | 'seller-central';

/** What is known about requesting a report type. A fact is absent if nobody states it. */
export interface RequestFacts {
  madeBy?: MadeBy[];
  /**
   * Which of the requested marketplaces a report covers: one of them, all of them, or the whole
   * region whatever the request names.
   */
  marketplaces?: 'one' | 'many' | 'ignored';
  /** How long after the end of a window its data is complete. */
  settlesAfter?: Span;
  /** How long after the end of a window Amazon still restates its data. */
  restatedFor?: Span;
  maxWindow?: Span;
  /** The maximum age of the start of a window. */
  oldestStart?: Span;
  /** The minimum time between two reports of the type. */
  minInterval?: { minutes: number; per: 'application' | 'seller' };
  /** `account`: all applications of a seller share the reports of a day. */
  reportsPerDay?: { count: number; per: 'application' | 'account' };
  /** How often Amazon makes new content: an earlier report is CANCELLED, or the same again. */
  generatedEveryMinutes?: number;
  /** By name. */
  options?: Record<string, OptionFacts>;
  /** How long Amazon keeps the reports, if not 90 days. */
  retention?: Span;
  /** ISO date since which Amazon no longer makes the reports. */
  ended?: string;
  /** The types that replace one that ended. */
  replacedBy?: string[];
  /** For each fact but `madeBy`, the address or the name of the page that states it. */
  sources: Record<string, string>;
}

/** What is known about one of the `reportOptions` of a report type. */
export interface OptionFacts {
  /** The allowed values, if it is one of a list. */
  values?: string[];
  /** The value that Amazon takes if the option is omitted. */
  default?: string;
  required?: boolean;
  /** The longest value, in characters. */
  maxCharacters?: number;
  /** What separates several items in the value. */
  separator?: string;
  maxItems?: number;
}

/**
 * How cells are quoted. `none`: a double quote is data. `outer`: one pair of quotes around a cell
 * is removed; inner quotes are not doubled. `csv`: RFC 4180.
 */
export type Quoting = 'none' | 'outer' | 'csv';

/**
 * How the rows of a document are combined with those of the table. docs/schemas.md describes each.
 */
export type LoadMode = 'append' | 'merge' | 'replace' | 'snapshot';

/**
 * How the history of a table of snapshots is kept: `changes`, one row for each time that a row
 * stayed the same; `daily`, the rows of the last document of each day.
 */
export type HistoryMode = 'daily' | 'changes';

export interface ColumnSchema {
  /** snake_case, valid in DuckDB and BigQuery. */
  name: string;
  /**
   * Amazon's header and its other known spellings, best first; in JSON and XML, see
   * `object-path.ts`.
   */
  from: string[];
  type: ColumnType;
  description?: string;
  /**
   * For dates such as 03/04/2026 and 26/11/05 if nothing in the document shows the order of day,
   * month and year. By default the marketplace decides, with a warning.
   */
  dateOrder?: 'mdy' | 'dmy' | 'ymd';
  /** Whether it contains personal data of buyers. */
  pii?: true;
  /** Of a string column: whether texts that mean "no value", such as `--`, are NULL. */
  nullTexts?: true;
}

export interface TableSchema {
  /** Name of the table in the warehouse. */
  name: string;
  /** In JSON and XML, the path to the list of its rows; `$` is the document itself. */
  rows?: string;
  load: {
    mode: LoadMode;
    /**
     * Names of the columns that, with the seller, identify the rows that a newer document replaces.
     * Empty for append and snapshot.
     */
    key: string[];
    /** One line that says why this mode and key suit the report type. */
    why?: string;
  };
  partitionBy?: string;
  /** How its history is kept by default; absent for none. */
  history?: HistoryMode;
  /** Totals stated in documents, verified at each load. */
  checks?: DocumentCheck[];
  columns: ColumnSchema[];
}

export interface ReportSchema {
  reportType: string;
  description: string;
  /** The group in the list of report types. */
  category?: string;
  /** Absent if nothing is known. */
  request?: RequestFacts;
  format: DocumentFormat;
  quoting: Quoting;
  /** Whether getReportDocument needs a restricted data token. */
  restricted: boolean;
  /**
   * One table for delimited formats and xlsx, one for each list of rows in JSON and XML. None for
   * `raw`, and none if columns are to be inferred.
   */
  tables: TableSchema[];
  /** The file it was read from, for messages. */
  file: string;
}

/** All known report schemas by report type. A type without a schema loads with inferred columns. */
export type ReportSchemas = ReadonlyMap<string, ReportSchema>;

/** A column of one document's table, after its header was matched with the schema. */
export interface ResolvedColumn {
  name: string;
  /** The header cell as spelled in the document; undefined for a schema column that it lacks. */
  header?: string;
  type: ColumnType;
  /** Of a string column: whether texts that mean "no value", such as `--`, are NULL. */
  nullTexts?: true;
  /**
   * `schema`: declared. `added`: unknown header, a new column. `inferred`: report type without
   * schema.
   */
  origin: 'schema' | 'added' | 'inferred';
  /** For an added column, the schema's column that precedes it in the document. */
  after?: string;
  /** For an added column, the schema's column that follows it in the document. */
  before?: string;
  /** For a column that no schema knows: whether its name or its values show personal data. */
  pii?: true;
}

/** Amazon's three regions: North America, Europe with the Middle East and India, Far East. */
export type ReportRegion = 'na' | 'eu' | 'fe';
