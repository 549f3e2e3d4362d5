import type { DuckDBConnection } from '@duckdb/node-api';
import type { ColumnType, ResolvedColumn } from '../../schema/types.js';
import type { TableLoad } from '../rules/plan-batches.js';
import { duckDbType } from './column-types.js';
import { Refusal } from '../rules/refusal.js';
import type { Relation } from '../rules/relations.js';
import { identifier, parquets, run, utcTimestamp } from './sql.js';
import { widened } from './widened-values.js';

/**
 * SQL for a column of the document as its table has it. Casts to the document's own type first, so
 * that a value that doesn't fit fails the load.
 */
export function documentValue(relation: Relation, column: ResolvedColumn): string {
  const raw = `document.${identifier(column.name)}`;
  const own = ownValue(raw, column.type);
  const target = relation.columns.get(column.name.toLowerCase())?.type;
  return target ? widened(own, column.type, target) : own;
}

/** Parquet files have lists as JSON text. */
function ownValue(raw: string, type: ColumnType): string {
  if (type.kind === 'timestamp') return utcTimestamp(raw);
  return `CAST(${type.kind === 'list' ? `CAST(${raw} AS JSON)` : raw} AS ${duckDbType(type)})`;
}

/** Finds the document whose Parquet file has a different number of rows than the load says. */
export async function wrongCount(connection: DuckDBConnection, loads: TableLoad[]): Promise<Refusal> {
  for (const { table, load } of loads) {
    const [count] = await run(connection, `SELECT count(*) FROM ${parquets([table.parquetPath ?? ''])}`);
    if (Number(count?.[0]) === table.rows) continue;
    return new Refusal(
      `table ${table.name}: ${count?.[0]} rows in ${table.parquetPath}, where the document has ${table.rows}`,
      load,
    );
  }
  return new Refusal('other rows came in than the documents have');
}
