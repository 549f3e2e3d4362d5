import type { Logger } from 'pino';
import { withoutUndefined } from '../../runtime/without-undefined.js';
import { columnTypeText } from '../../schema/column-type.js';
import type { ExportTable } from '../../schema/export/tables.js';
import { lineage } from '../../schema/lineage.js';
import type { ColumnType } from '../../schema/types.js';
import type { BigQueryClient } from './client.js';
import { bigQueryType, columnTypeOfField, type Field, widenedSql } from './column-types.js';
import { identifier } from './sql.js';
import { makeState, recordTable, readState, runTransaction, type State, type TableState } from './state.js';
import { columnSql, columnsSql, tableSql, typeIn } from './table-sql.js';

/** The tables of the report schemas by name, for descriptions. */
export type Descriptions = ReadonlyMap<string, ExportTable>;

/** Longer than any statement that changes a table may take: its job has ended by then. */
const changeMs = 15 * 60_000;

/**
 * Creates and changes tables. A change is recorded before it is made, so that an interrupted one is
 * found and repeated. Returns false if another commit came first.
 */
export async function changeTables(
  client: BigQueryClient,
  state: State,
  tables: TableState[],
  descriptions: Descriptions,
  log?: Logger,
): Promise<boolean> {
  if (tables.length === 0) return true;
  const untilMs = client.clock.now() + changeMs;
  const noted = tables.map((table) => {
    const before = state.tables.get(table.name.toLowerCase());
    // An interrupted change starts over from where it began.
    return { table, pending: { untilMs, was: before?.pending ? before.pending.was : before?.table } };
  });
  const { outcome } = await runTransaction(
    client,
    state.version,
    noted.flatMap(({ table, pending }) => recordTable(client, table, pending)),
  );
  if (outcome === 'changed') return false;
  state.version += 1;
  for (const { table, pending } of noted) {
    await changeTable(client, table, pending.was, descriptions.get(table.name), log);
    state.tables.set(table.name.toLowerCase(), { table, pending });
  }
  return true;
}

/** The names of the tables in the dataset. */
export async function existingTables(client: BigQueryClient): Promise<Set<string>> {
  interface Listed {
    tables?: { tableReference: { tableId: string } }[];
    nextPageToken?: string;
  }
  const names = new Set<string>();
  let pageToken: string | undefined;
  do {
    const page: Listed = await client.request({
      uri: `/datasets/${client.target.dataset}/tables`,
      qs: withoutUndefined({ maxResults: 1000, pageToken }),
    });
    for (const { tableReference } of page.tables ?? []) names.add(tableReference.tableId);
    pageToken = page.nextPageToken;
  } while (pageToken);
  return names;
}

/**
 * Recreates, empty, the tables that loads filled and somebody dropped, including those of the
 * ledger.
 */
export async function recreateDropped(
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

/**
 * Waits while somebody else is changing one of those tables. Returns the tables whose change was
 * interrupted.
 */
export async function pendingTables(
  { clock }: BigQueryClient,
  state: State,
  names: string[],
): Promise<TableState[] | 'changing'> {
  const pending = names.flatMap((name) => {
    const known = state.tables.get(name.toLowerCase());
    return known?.pending ? [{ table: known.table, ...known.pending }] : [];
  });
  const isChanging = pending.some(
    ({ was, table, untilMs }) => untilMs > clock.now() && was && rewrites(was, table),
  );
  if (!isChanging) return pending.map(({ table }) => table);
  await clock.sleep(2000);
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
      if (columnTypeText(type) === columnTypeText(to) || !isWidenedInPlace(type, to)) continue;
      await client.run(
        `ALTER TABLE ${name} ALTER COLUMN ${identifier(column)} SET DATA TYPE ${bigQueryType(to)}`,
      );
      logWidened(table.name, column, type, to, log);
    }
    if (rewrites(was, table)) await rewrite(client, was, table, described, log);
  }
}

/** Whether BigQuery can widen a column without reading its values. */
function isWidenedInPlace(from: ColumnType, to: ColumnType): boolean {
  return to.kind === 'decimal' && (from.kind === 'decimal' || from.kind === 'int64');
}

/** Whether a column changes its type so that all rows must be rewritten. */
function rewrites(was: TableState, table: TableState): boolean {
  return was.columns.some(({ name, type }) => {
    const to = typeIn(table, name);
    return columnTypeText(type) !== columnTypeText(to) && !isWidenedInPlace(type, to);
  });
}

function logWidened(table: string, column: string, from: ColumnType, to: ColumnType, log?: Logger): void {
  log?.info({ table, column, from: columnTypeText(from), to: columnTypeText(to) }, 'column widened');
}

/**
 * Recreates the table with wider columns: BigQuery changes no type to text, and none from date to
 * timestamp.
 */
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
    if (!type || !to || columnTypeText(type) === columnTypeText(to) || isWidenedInPlace(type, to))
      return column;
    const found = fields.get(name.toLowerCase());
    // An interrupted change may have been made already.
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
    uri: `/datasets/${client.target.dataset}/tables/${table}`,
  });
  return new Map((schema?.fields ?? []).map((field) => [field.name.toLowerCase(), columnTypeOfField(field)]));
}
