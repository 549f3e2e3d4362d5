import type { ColumnType } from '../../schema/types.js';
import type { TableColumn } from '../rules/relations.js';

/** The temporary table with the rows of the documents that come, and their lineage. */
export const comingTable = '_history_coming';

/** A column of a list of rows that a statement contains. */
export type CellKind = 'text' | 'time' | 'number';

/** What differs between warehouses in the SQL that keeps histories. */
export interface HistoryDialect {
  identifier(name: string): string;
  /** The full name of a table. */
  table(name: string): string;
  /** Quotes text. */
  literal(text: string): string;
  /** A time in ISO 8601 in UTC as a value that compares with the times of tables. */
  time(iso: string): string;
  /** A day such as 2026-01-31 as a value that compares with days of tables. */
  day(iso: string): string;
  /** What a NULL is cast to. */
  types: Record<CellKind, string>;
  /** What follows FROM for rows with those columns; the values are SQL. */
  rows(columns: Record<string, CellKind>, rows: string[][], alias: string): string;
  /** The name of a temporary table in statements. */
  temporary(name: string): string;
  /** Creates a temporary table, in place of one of that name. */
  createTemporary(name: string, query: string): string;
  /** A text that is the same for rows with the same values, NULLs included. */
  content(columns: { value: string; type: ColumnType | undefined }[]): string;
  /** A list of texts as one text, with commas; empty for NULL and for a list without items. */
  joined(list: string): string;
  /** The list that a text with commas was made from. */
  split(text: string): string;
}

/** SQL for the values of columns of `alias`. */
export function contentOf(dialect: HistoryDialect, columns: TableColumn[], alias: string): string {
  // The columns of an empty document may be unknown, and no warehouse has rows without values.
  if (columns.length === 0) return `CAST(${dialect.literal('')} AS ${dialect.types.text})`;
  return dialect.content(
    columns.map(({ name, type }) => ({ value: `${alias}.${dialect.identifier(name)}`, type })),
  );
}
