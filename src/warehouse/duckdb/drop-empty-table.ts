import type { DuckDBConnection } from '@duckdb/node-api';
import { fileError } from '../../errors/duckdb-error.js';
import { isThere } from '../../files/whole-file.js';
import type { View } from '../../schema/views.js';
import { findHistory } from '../history/history-tables.js';
import { isReportTable, type Relation } from '../rules/relations.js';
import { identifier, run } from '../staging/sql.js';
import { withConnection } from './connection.js';
import { readRelations } from './relations.js';
import { refreshViews } from './views.js';

/** See `WarehouseFile.dropEmptyTable`. */
export async function dropEmptyTable(
  { path, views, memoryLimitMegabytes }: { path: string; views: View[]; memoryLimitMegabytes: number },
  table: string,
): Promise<boolean> {
  if (!isThere(path)) return false;
  const file = { path, mode: 'write' as const, lockWaitMs: 10_000, memoryLimitMegabytes };
  return withConnection(file, async (connection) => {
    try {
      const relations = await readRelations(connection);
      const relation = relations.get(table.toLowerCase());
      if (!relation || !isReportTable(relation)) return false;
      if (!(await dropIfEmpty(connection, relation))) return false;
      const history = findHistory(relations, relation.name);
      if (history) await dropIfEmpty(connection, history.relation);
      await refreshViews(connection, views, await readRelations(connection));
      return true;
    } catch (error) {
      throw fileError(error, path);
    }
  });
}

async function dropIfEmpty(connection: DuckDBConnection, relation: Relation): Promise<boolean> {
  const name = identifier(relation.name);
  const [count] = await run(connection, `SELECT count(*) FROM ${name}`);
  if (Number(count?.[0]) > 0) return false;
  await run(connection, `DROP TABLE ${name}`);
  return true;
}
