import type { LedgerEntry } from '../warehouse/types.js';

/** What a finding is about, and what is wrong with it. */
export type FindingKind =
  | 'raw_missing'
  | 'raw_damaged'
  | 'raw_unhashed'
  | 'raw_orphaned'
  | 'metadata_missing'
  | 'metadata_damaged'
  | 'metadata_orphaned'
  | 'parquet_missing'
  | 'parquet_damaged'
  | 'parquet_unhashed'
  | 'parquet_orphaned'
  | 'record_missing'
  | 'record_damaged'
  | 'record_orphaned'
  | 'file_foreign'
  | 'rows_missing'
  | 'rows_surplus'
  | 'rows_orphaned'
  | 'table_missing';

/**
 * - `unneeded`: nothing is wrong.
 * - `none`: the program has no other copy, or would have to delete something.
 * - `possible`: `--repair` tries it.
 * - `done`, `failed`: it was tried.
 */
export type Repair = 'unneeded' | 'none' | 'possible' | 'done' | 'failed';

export interface Finding {
  kind: FindingKind;
  /** Of the file, as messages name it; null for rows of a table. */
  path: string | null;
  /**
   * Of the ledger row; for what the ledger does not have, what its key would be. Null if nobody
   * knows it.
   */
  key: string | null;
  /** Null if it concerns all tables of the document. */
  table: string | null;
  /** How many rows it concerns; null if nobody knows. */
  rows: number | null;
  found: string;
  repair: Repair;
}

/**
 * Whether somebody has to do something about it. A file without a hash is not wrong, it is less
 * protected.
 */
export function isWrong({ kind, repair }: Finding): boolean {
  return !isUnhashed(kind) && (repair === 'none' || repair === 'possible' || repair === 'failed');
}

export function isUnhashed(kind: FindingKind): boolean {
  return kind === 'raw_unhashed' || kind === 'parquet_unhashed';
}

/** The rows of a document that are in tables. */
export function rowsOf({ tables }: Pick<LedgerEntry, 'tables'>): number {
  return tables.reduce((sum, { rows, superseded = 0 }) => sum + rows - superseded, 0);
}
