import type { DuckDBConnection } from '@duckdb/node-api';
import { columnTypeOf } from '../staging/column-types.js';
import type { Relations } from '../rules/relations.js';
import { run } from '../staging/sql.js';

/** Reads the tables and views of the file. */
export async function readRelations(connection: DuckDBConnection): Promise<Relations> {
  // Not `duckdb_views()`: on a newly opened file it first creates all of DuckDB's own views, which
  // takes three times as long as the rest.
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
