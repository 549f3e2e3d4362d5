import type { Logger } from 'pino';
import type { ExportTable } from '../../schema/export/tables.js';
import { columnTypeText } from '../../schema/column-type.js';
import type { TablePlan } from '../rules/plan-tables.js';
import { castType, postgresType, widenedSql } from './column-types.js';
import type { PostgresServer } from './connection.js';
import type { Session } from './session.js';
import { identifier } from './sql.js';
import { columnComment, createIndexes, createTable, keyIndex } from './table-sql.js';
import { dropViewsOn } from './views.js';

/** The tables of the report schemas by name, for descriptions. */
export type Descriptions = ReadonlyMap<string, ExportTable>;

/** What a commit needs to change tables. */
export interface TableChange {
  server: PostgresServer;
  descriptions: Descriptions;
  log?: Logger;
}

/**
 * How long a change waits for those who read the table. Everybody else who opens the table
 * meanwhile waits behind it.
 */
export const lockWaitMs = 3000;

/** Whether an existing table lacks columns, or has narrower ones. */
export function isChange({ existing, columns }: TablePlan): boolean {
  return existing !== undefined && [...columns.values()].some((column) => differs(existing, column));
}

/**
 * Creates a table with the key of the load that fills it first. Returns the statements for its
 * indexes, which take half the time once the first rows are in.
 */
export async function makeTable(
  session: Session,
  { server, descriptions }: TableChange,
  plan: TablePlan,
  key: string[],
): Promise<string[]> {
  const full = server.table(plan.name);
  const table = { name: plan.name, columns: [...plan.columns.values()], key };
  await session.runAll(createTable(full, table, descriptions.get(plan.name)));
  return createIndexes(full, table);
}

/**
 * Adds columns and widens types, as one statement. Must be in a short transaction of its own: until
 * it ends, nobody else can read the table.
 */
export async function changeTable(
  session: Session,
  { server, descriptions, log }: TableChange,
  { name: table, existing, columns }: TablePlan,
): Promise<void> {
  if (!existing) return;
  await session.run(`SET LOCAL lock_timeout = ${lockWaitMs}`);
  const full = server.table(table);
  const changed = [...columns.values()].filter((column) => differs(existing, column));
  const present = (name: string) => existing.columns.get(name.toLowerCase());
  if (changed.some(({ name }) => present(name))) await dropViewsOn(session, server, table);
  const actions: string[] = [];
  for (const { name, type } of changed) {
    const before = present(name)?.type;
    const column = identifier(name);
    if (!before) {
      actions.push(`ADD COLUMN IF NOT EXISTS ${column} ${postgresType(type)}`);
      log?.info({ table, column: name, type: columnTypeText(type) }, 'column added');
      continue;
    }
    let value = widenedSql(column, before, type);
    // USING accepts no subquery, and calls a function that has one.
    if (before.kind === 'list') {
      const made = `pg_temp.widened_${actions.length}`;
      await session.run(
        `CREATE OR REPLACE FUNCTION ${made} (value ${castType(before)}) RETURNS ${castType(type)}
         LANGUAGE sql STABLE AS $body$ SELECT ${widenedSql('value', before, type)} $body$`,
      );
      value = `${made}(${column})`;
    }
    actions.push(`ALTER COLUMN ${column} TYPE ${postgresType(type)} USING ${value}`);
    log?.info(
      { table, column: name, from: columnTypeText(before), to: columnTypeText(type) },
      'column widened',
    );
  }
  await session.run(`ALTER TABLE ${full} ${actions.join(', ')}`);
  const added = changed.filter(({ name }) => !present(name));
  await session.runAll(added.flatMap(({ name }) => columnComment(full, name, descriptions.get(table))));
}

/**
 * Replaces the index on seller and key by one on the seller, if the table is there. Rows of the
 * same key are found more slowly by then.
 */
export async function dropKeyIndex(session: Session, server: PostgresServer, table: string): Promise<void> {
  const { rows } = await session.run(
    `SELECT i.relname FROM pg_index AS x JOIN pg_class AS i ON i.oid = x.indexrelid
     JOIN pg_class AS t ON t.oid = x.indrelid JOIN pg_namespace AS n ON n.oid = t.relnamespace
     JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = x.indkey[0]
     WHERE n.nspname = $1 AND t.relname = $2 AND x.indnatts > 1 AND a.attname = '_seller_id'`,
    [server.schema, table],
  );
  // A reader that holds the table for long must not keep all other readers from it meanwhile.
  await session.run(`SET LOCAL lock_timeout = ${lockWaitMs}`);
  for (const [index] of rows) await session.run(`DROP INDEX IF EXISTS ${server.table(String(index))}`);
  if (rows.length > 0) await session.run(keyIndex(server.table(table), { columns: [], key: [] }));
}

function differs(
  existing: NonNullable<TablePlan['existing']>,
  { name, type }: Parameters<typeof identityOf>[0],
): boolean {
  const present = existing.columns.get(name.toLowerCase());
  return !present?.type || identityOf({ name, type: present.type }) !== identityOf({ name, type });
}

function identityOf({ name, type }: { name: string; type: Parameters<typeof columnTypeText>[0] }): string {
  return `${name.toLowerCase()} ${columnTypeText(type)}`;
}
