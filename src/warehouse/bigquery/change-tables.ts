import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { columnTypeText } from '../../schema/column-type.js';
import type { ExportTable } from '../../schema/export/tables.js';
import { lineage } from '../../schema/lineage.js';
import type { ColumnType } from '../../schema/types.js';
import type { BigQueryClient } from './client.js';
import { bigQueryType, columnTypeOfField, type Field, widenedSql } from './column-types.js';
import { identifier } from './sql.js';
import { makeState, noteTable, readState, runTransaction, type State, type TableState } from './state.js';
import { columnSql, columnsSql, tableSql, typeIn } from './table-sql.js';

/** What the tables hold, for descriptions; by table name. */
export type Descriptions = ReadonlyMap<string, ExportTable>;

/** Longer than any statement that changes a table may take: their job has ended by then. */
const changeMs = 15 * 60_000;

/**
 * Makes and changes the tables. The change is noted before it is made, so that one that was broken off is found and made again.
 * False where somebody else's commit came first.
 */
export async function changeTables(
  client: BigQueryClient,
  state: State,
  tables: TableState[],
  descriptions: Descriptions,
  log?: Logger,
): Promise<boolean> {
  if (tables.length === 0) return true;
  const untilMs = Date.now() + changeMs;
  const noted = tables.map((table) => {
    const before = state.tables.get(table.name.toLowerCase());
    // A change that was broken off is made from where it began.
    return { table, pending: { untilMs, was: before?.pending ? before.pending.was : before?.table } };
  });
  const { outcome } = await runTransaction(
    client,
    state.version,
    noted.flatMap(({ table, pending }) => noteTable(client, table, pending)),
  );
  if (outcome === 'changed') return false;
  state.version += 1;
  for (const { table, pending } of noted) {
    await changeTable(client, table, pending.was, descriptions.get(table.name), log);
    state.tables.set(table.name.toLowerCase(), { table, pending });
  }
  return true;
}

/** The names of the tables that are in the dataset. */
export async function existingTables(client: BigQueryClient): Promise<Set<string>> {
  interface Listed {
    tables?: { tableReference: { tableId: string } }[];
    nextPageToken?: string;
  }
  const names = new Set<string>();
  let pageToken: string | undefined;
  do {
    const page: Listed = await client.request({
      uri: `/datasets/${client.place.dataset}/tables`,
      qs: { maxResults: 1000, ...(pageToken !== undefined && { pageToken }) },
    });
    for (const { tableReference } of page.tables ?? []) names.add(tableReference.tableId);
    pageToken = page.nextPageToken;
  } while (pageToken);
  return names;
}

/** Makes again, empty, the tables that loads have filled and somebody has dropped, those of the ledger too. */
export async function remakeDropped(
  client: BigQueryClient,
  descriptions: Descriptions,
  log?: Logger,
): Promise<void> {
  const state = await readState(client);
  if (!state) return;
  const existing = await existingTables(client);
  await makeState(client);
  for (const { table } of state.tables.values()) {
    if (existing.has(table.name)) continue;
    await changeTable(client, table, undefined, descriptions.get(table.name), log);
    log?.warn(
      { table: table.name },
      `${table.name} was dropped, and is created again without rows; \`sp-reports reload ${table.name}\` loads its documents again`,
    );
  }
}

/** Waits until nobody is changing one of those tables; gives those whose change was broken off. */
export async function pendingTables(state: State, names: string[]): Promise<TableState[] | 'changing'> {
  const pending = names.flatMap((name) => {
    const known = state.tables.get(name.toLowerCase());
    return known?.pending ? [{ table: known.table, ...known.pending }] : [];
  });
  const isChanging = pending.some(
    ({ was, table, untilMs }) => untilMs > Date.now() && was && rewrites(was, table),
  );
  if (!isChanging) return pending.map(({ table }) => table);
  await delay(2000);
  return 'changing';
}

async function changeTable(
  client: BigQueryClient,
  table: TableState,
  was: TableState | undefined,
  described: ExportTable | undefined,
  log?: Logger,
): Promise<void> {
  const name = client.table(table.name);
  if (!was) {
    await client.run(
      `CREATE TABLE IF NOT EXISTS ${name} (${columnsSql(table, described)}) ${tableSql(table, described)}`,
    );
  } else {
    const known = new Set(was.columns.map((column) => column.name));
    const added = table.columns.filter((column) => !known.has(column.name));
    if (added.length > 0) {
      const actions = added.map((column) => `ADD COLUMN IF NOT EXISTS ${columnSql(column, described)}`);
      await client.run(`ALTER TABLE ${name} ${actions.join(', ')}`);
      for (const column of added) {
        log?.info(
          { table: table.name, column: column.name, type: bigQueryType(column.type) },
          'column added',
        );
      }
    }
    for (const { name: column, type } of was.columns) {
      const to = typeIn(table, column);
      if (columnTypeText(type) === columnTypeText(to) || !isMadeInPlace(type, to)) continue;
      await client.run(
        `ALTER TABLE ${name} ALTER COLUMN ${identifier(column)} SET DATA TYPE ${bigQueryType(to)}`,
      );
      logWidened(table.name, column, type, to, log);
    }
    if (rewrites(was, table)) await rewrite(client, was, table, described, log);
  }
}

/** Whether BigQuery can widen a column without reading its values. */
function isMadeInPlace(from: ColumnType, to: ColumnType): boolean {
  return to.kind === 'decimal' && (from.kind === 'decimal' || from.kind === 'int64');
}

/** Whether a column changes its type in such a way that all rows are to be written again. */
function rewrites(was: TableState, table: TableState): boolean {
  return was.columns.some(({ name, type }) => {
    const to = typeIn(table, name);
    return columnTypeText(type) !== columnTypeText(to) && !isMadeInPlace(type, to);
  });
}

function logWidened(table: string, column: string, from: ColumnType, to: ColumnType, log?: Logger): void {
  log?.info({ table, column, from: columnTypeText(from), to: columnTypeText(to) }, 'column widened');
}

/** Makes the table again with wider columns: BigQuery changes no type to text, and none from date to timestamp. */
async function rewrite(
  client: BigQueryClient,
  was: TableState,
  table: TableState,
  described: ExportTable | undefined,
  log?: Logger,
): Promise<void> {
  const fields = await fieldsOf(client, table.name);
  let widened = 0;
  const values = [...table.columns, ...lineage].map(({ name }) => {
    const column = identifier(name);
    const type = was.columns.find((each) => each.name === name)?.type;
    const to = type && typeIn(table, name);
    if (!type || !to || columnTypeText(type) === columnTypeText(to) || isMadeInPlace(type, to)) return column;
    const found = fields.get(name.toLowerCase());
    // A change that was broken off may have been made already.
    if (found?.kind === to.kind && found.kind !== type.kind) return column;
    widened += 1;
    logWidened(table.name, name, type, to, log);
    return `${widenedSql(column, type, to)} AS ${column}`;
  });
  if (widened === 0) return;
  await client.run(
    `CREATE OR REPLACE TABLE ${client.table(table.name)} (${columnsSql(table, described)}) ${tableSql(table, described)}
     AS SELECT ${values.join(', ')} FROM ${client.table(table.name)}`,
  );
}

async function fieldsOf(client: BigQueryClient, table: string): Promise<Map<string, ColumnType | undefined>> {
  const { schema } = await client.request<{ schema?: { fields?: Field[] } }>({
    uri: `/datasets/${client.place.dataset}/tables/${table}`,
  });
  return new Map((schema?.fields ?? []).map((field) => [field.name.toLowerCase(), columnTypeOfField(field)]));
}
