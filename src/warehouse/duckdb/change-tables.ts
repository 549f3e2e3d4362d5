import type { DuckDBConnection } from '@duckdb/node-api';
import type { Logger } from 'pino';
import { duckDbType } from '../staging/column-types.js';
import type { TablePlan } from '../rules/plan-tables.js';
import { canonicalValue } from '../staging/widened-values.js';
import { createTable } from './table-sql.js';
import { identifier, run } from '../staging/sql.js';

/**
 * Creates the table, adds columns, widens types. Returns false if nothing had to change. Must come
 * before all rows of a commit: DuckDB can't commit a transaction that alters a table after changing
 * its rows.
 */
export async function applyPlan(
  connection: DuckDBConnection,
  plan: TablePlan,
  log?: Logger,
): Promise<boolean> {
  const { existing } = plan;
  const table = identifier(plan.name);
  const planned = [...plan.columns.values()].map((column) => ({
    ...column,
    typeText: duckDbType(column.type),
  }));
  if (!existing) {
    await run(connection, createTable(plan.name, planned));
    return true;
  }
  const canonical: string[] = [];
  let changed = false;
  for (const { name, type, typeText } of planned) {
    const present = existing.columns.get(name.toLowerCase());
    if (present?.typeText === typeText) continue;
    changed = true;
    const column = identifier(name);
    if (!present?.type) {
      await run(connection, `ALTER TABLE ${table} ADD COLUMN ${column} ${typeText}`);
      log?.info({ table: plan.name, column: name, type: typeText }, 'column added');
      continue;
    }
    await run(connection, `ALTER TABLE ${table} ALTER COLUMN ${column} TYPE ${typeText}`);
    log?.info({ table: plan.name, column: name, from: present.typeText, to: typeText }, 'column widened');
    const value = canonicalValue(column, present.type, type);
    if (value !== column) canonical.push(`${column} = ${value}`);
  }
  // Not in the USING clause of the ALTER: DuckDB can't replay a USING clause with a function from
  // the write-ahead log, and the file would not open after a crash.
  if (canonical.length > 0) await run(connection, `UPDATE ${table} SET ${canonical}`);
  return changed;
}
