import type { DuckDBConnection } from '@duckdb/node-api';
import type { View } from '../../schema/views.js';
import { findHistory, isHistory } from '../history/history-tables.js';
import { isReportTable } from '../rules/relations.js';
import { hasRows, isReadBy, namesTable } from '../rules/table-stays.js';
import { identifier, run } from '../staging/sql.js';
import { readRelations } from './relations.js';
import { readVersions, refreshViews } from './views.js';

/** See `Warehouse.dropEmptyTable`. */
export async function dropEmptyTable(
  connection: DuckDBConnection,
  views: View[],
  table: string,
): Promise<string | undefined> {
  const relations = await readRelations(connection);
  const relation = relations.get(table.toLowerCase());
  if (!relation || !isReportTable(relation)) return undefined;
  const name = identifier(relation.name);
  const [count] = await run(connection, `SELECT count(*) FROM ${name}`);
  if (Number(count?.[0]) > 0 && !isHistory(relations, relation.name)) return hasRows;
  const readers = await viewsOfOthers(connection, relation.name);
  if (readers.length > 0) return isReadBy(readers);
  await run(connection, `DROP TABLE ${name}`);
  const history = findHistory(relations, relation.name);
  if (history) await dropEmptyTable(connection, views, history.relation.name);
  await refreshViews(connection, views, await readRelations(connection));
  return undefined;
}

/** The views that this program did not make and that read a table. DuckDB would break them. */
async function viewsOfOthers(connection: DuckDBConnection, table: string): Promise<string[]> {
  const own = await readVersions(connection);
  const rows = await run(
    connection,
    `SELECT view_name, sql FROM duckdb_views() WHERE database_name = current_database() AND NOT internal ORDER BY 1`,
  );
  return rows
    .filter(([name, sql]) => !own.has(String(name).toLowerCase()) && namesTable(String(sql), table))
    .map(([name]) => String(name));
}
