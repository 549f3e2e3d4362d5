import type { LoadMode, ResolvedColumn } from '../schema/types.js';
import type { LedgerEntry } from './ledger-types.js';

/** The rows of one document for one table. */
export interface LoadTable {
  name: string;
  mode: LoadMode;
  key: string[];
  partitionBy?: string;
  columns: ResolvedColumn[];
  /**
   * Absolute path of the Parquet file: the columns as the batches had them, then `_row`. Null if
   * there are no rows.
   */
  parquetPath: string | null;
  rows: number;
  /** Rejected values; absent if there are none. */
  rejects?: number;
  /** Numeric columns with a header in which every value is NULL or zero. */
  emptyMeasures?: string[];
  /** Whether these are all the numeric columns. */
  allMeasuresEmpty?: true;
}

/** One document to commit: its ledger entry and its rows. */
export interface Load {
  entry: LedgerEntry;
  tables: LoadTable[];
  /**
   * Absolute path of a Parquet file with the columns table_name, row_number, column_name, raw and
   * reason. Null if nothing was rejected.
   */
  rejectsPath: string | null;
  /** The key of a ledger row that this load replaces, if it is not its own. */
  replacesKey?: string;
  /** Accepts that far fewer rows replace what is there. */
  acceptLoss?: boolean;
  /** When it was loaded, if it comes from another warehouse; otherwise the time of the commit. */
  loadedAt?: string;
}

/** The Parquet files of a load. */
export function parquetPaths({ tables, rejectsPath }: Pick<Load, 'tables' | 'rejectsPath'>): string[] {
  return [...tables.map((table) => table.parquetPath), rejectsPath].filter((path) => path !== null);
}
