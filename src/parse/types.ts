import type { RecordBatch } from 'apache-arrow';
import type { DocumentCheck } from '../schema/document-checks.js';
import type { Findings } from '../schema/findings.js';
import type { LoadMode, Quoting, ResolvedColumn } from '../schema/types.js';

/**
 * A value in a batch: text, bigint for int64 and timestamp (microseconds), number for float64 and
 * date (days).
 */
export type Value = string | bigint | number | boolean;

/** A value, or a whole row, that could not be loaded as it is. */
export interface Reject {
  /** Number of the data row in the document, from 1; the same as `_row` in the table. */
  row: number;
  /** Column name in the table; null for a whole row. */
  column: string | null;
  /** The raw text of the value, or of the whole line. */
  raw: string;
  /** For example `expected int64` or `2 cells more than the header`. */
  reason: string;
}

/**
 * Rows of one table, in document order, with their rejects. The memory of a batch may be reused for
 * the next: take what is needed before pulling it.
 */
export interface ParsedBatch {
  table: string;
  /**
   * One Arrow column per resolved column, in order, then `_row` (Int64): string, json and lists as
   * Utf8, decimal as Decimal, int64 as Int64, float64 as Float64, bool as Bool, date as DateDay,
   * timestamp as TimestampMicrosecond in UTC. All are nullable except `_row`. The columnar parser
   * dictionary-encodes them, and uses Arrow's Null for a column without any value.
   */
  batch: RecordBatch;
  rejects: Reject[];
}

/** A table that a document fills. */
export interface ParsedTable {
  name: string;
  load: { mode: LoadMode; key: string[] };
  partitionBy?: string;
  /**
   * For a table inferred from JSON or XML, the path of its rows as a report schema would have it.
   */
  rowsPath?: string;
  /** Totals stated in the document that its rows must add up to. */
  checks?: DocumentCheck[];
  columns: ResolvedColumn[];
}

/** What was decided for the document as a whole. */
export interface Dialect {
  delimiter?: string;
  quoting?: Quoting;
  decimalMark: '.' | ',';
  dateOrder: 'mdy' | 'dmy' | 'ymd';
  /** Lines before the header. */
  preambleLines: number;
}

export type Engine = 'columnar' | 'reference';

/** What became of a document, known once its last row was read. */
export interface ParsedDocument extends Findings {
  /** The parser that read it; undefined for a document without tables. */
  engine?: Engine;
  dialect: Dialect;
  tables: ParsedTable[];
}
