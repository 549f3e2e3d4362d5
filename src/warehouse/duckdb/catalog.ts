import type { DuckDBConnection } from '@duckdb/node-api';
import { listOf, readColumnType } from '../../schema/column-type.js';
import { lineage } from '../../schema/lineage.js';
import type { ColumnType } from '../../schema/types.js';
import { run } from './sql.js';

const plainTypes = {
  string: 'VARCHAR',
  int64: 'BIGINT',
  float64: 'DOUBLE',
  bool: 'BOOLEAN',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
  json: 'JSON',
} as const;

/** The columns every table of reports ends with when it is made, and their types. Times are in UTC. */
export const lineageColumns = lineage.map((column) => [column.name, duckDbType(column.type)] as const);

export interface TableColumn {
  name: string;
  /** As DuckDB spells it, e.g. DECIMAL(18,4). */
  typeText: string;
  /** Undefined for a type that no report schema has, e.g. INTEGER. */
  type: ColumnType | undefined;
}

export interface Relation {
  name: string;
  isView: boolean;
  /** By name in lower case: DuckDB's names have no case. */
  columns: Map<string, TableColumn>;
}

/** The tables and views of the file, by name in lower case. */
export type Relations = Map<string, Relation>;

export async function readRelations(connection: DuckDBConnection): Promise<Relations> {
  // Not `duckdb_views()`: on a file just opened it makes all of DuckDB's own views first, which takes three times as long as the rest.
  const rows = await run(
    connection,
    `SELECT columns.table_name, tables.table_name IS NULL, column_name, data_type
     FROM duckdb_columns() columns
     LEFT JOIN duckdb_tables() tables
       ON tables.database_oid = columns.database_oid AND tables.schema_oid = columns.schema_oid
         AND tables.table_name = columns.table_name
     WHERE columns.database_name = current_database() AND columns.schema_name = 'main' AND NOT columns.internal
     ORDER BY columns.table_name, column_index`,
  );
  const relations: Relations = new Map();
  for (const row of rows) {
    const [table, column, typeText] = [String(row[0]), String(row[2]), String(row[3])];
    const relation = relations.get(table.toLowerCase()) ?? {
      name: table,
      isView: row[1] === true,
      columns: new Map(),
    };
    relation.columns.set(column.toLowerCase(), { name: column, typeText, type: columnTypeOf(typeText) });
    relations.set(table.toLowerCase(), relation);
  }
  return relations;
}

/** Whether it is a table that loads made: it has the lineage columns. */
export function isReportTable(relation: Relation): boolean {
  return !relation.isView && lineageColumns.every(([name]) => relation.columns.has(name));
}

/** The type of a column in DuckDB. Timestamps have no zone there: they are UTC. */
export function duckDbType(type: ColumnType): string {
  if (type.kind === 'list') return `${duckDbType(type.item)}[]`;
  return type.kind === 'decimal' ? `DECIMAL(${type.precision},${type.scale})` : plainTypes[type.kind];
}

/** The type of a report schema for a type as DuckDB spells it; undefined where none has such. */
export function columnTypeOf(typeText: string): ColumnType | undefined {
  if (typeText.endsWith('[]')) return listOf(columnTypeOf(typeText.slice(0, -2)));
  const plain = Object.entries(plainTypes).find(([, text]) => text === typeText);
  return readColumnType(plain?.[0] ?? typeText.toLowerCase());
}
