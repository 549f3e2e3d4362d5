import { listOf, readColumnType } from '../../schema/column-type.js';
import { lineage } from '../../schema/lineage.js';
import type { ColumnType } from '../../schema/types.js';

/** The DuckDB type of a column. Timestamps have no zone: they are UTC. */
export function duckDbType(type: ColumnType): string {
  if (type.kind === 'list') return `${duckDbType(type.item)}[]`;
  return type.kind === 'decimal' ? `DECIMAL(${type.precision},${type.scale})` : plainTypes[type.kind];
}

/** The report schema's type for a DuckDB type; undefined if there is none. */
export function columnTypeOf(typeText: string): ColumnType | undefined {
  if (typeText.endsWith('[]')) return listOf(columnTypeOf(typeText.slice(0, -2)));
  const plain = Object.entries(plainTypes).find(([, text]) => text === typeText);
  return readColumnType(plain?.[0] ?? typeText.toLowerCase());
}

const plainTypes = {
  string: 'VARCHAR',
  int64: 'BIGINT',
  float64: 'DOUBLE',
  bool: 'BOOLEAN',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
  json: 'JSON',
} as const;

/** The last columns of every report table, with their types. Times are UTC. */
export const lineageColumns = lineage.map((column) => [column.name, duckDbType(column.type)] as const);
