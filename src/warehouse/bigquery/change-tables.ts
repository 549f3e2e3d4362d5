import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { columnTypeText } from '../../schema/column-type.js';
import type { ExportTable } from '../../schema/export/tables.js';
import type { BigQueryClient } from './client.js';
import { bigQueryType } from './column-types.js';
import { createTable, type Descriptions, recreateTable } from './create-table.js';
import { hasEnded } from './errors.js';
import {
  type FoundColumns,
  isBeingCopied,
  isRewritten,
  isWidened,
  isWidenedInPlace,
  restoreTable,
  rewriteTable,
} from './rewrite-table.js';
import { identifier } from './sql.js';
import {
  type PendingChange,
  readState,
  recordTables,
  retryOnConflict,
  rowOfTable,
  runTransaction,
  type State,
  type TableRecord,
  type TableState,
} from './state.js';
import { columnSql, typeIn } from './table-sql.js';

/** Others repeat a change that is still pending after this time, if it does not copy a table. */
const changeMs = 15 * 60_000;

/** The changes that this process makes no more, by `by`. They may still be pending. */
const abandoned = new Set<string>();

/** A change as it is recorded before it is made. */
interface Change {
  table: TableState;
  pending: PendingChange & { by: string };
}

/**
 * Creates and changes tables. A change is recorded before it is made, so that an interrupted one is
 * found and repeated. One that BigQuery refuses is taken back, so that the table stays usable for
 * documents that do not need it. Returns false if another commit came first, or if the change that
 * was taken back was begun by another commit: it may not concern these documents.
 */
export async function changeTables(
  client: BigQueryClient,
  state: State,
  tables: TableState[],
  descriptions: Descriptions,
  log?: Logger,
): Promise<boolean> {
  if (tables.length === 0) return true;
  const [untilMs, by] = [client.clock.now() + changeMs, randomUUID()];
  const changes = tables.map((table): Change => {
    const before = state.tables.get(rowOfTable(table.name));
    // An interrupted change starts over from where it began.
    return { table, pending: { untilMs, by, was: before?.pending ? before.pending.was : before?.table } };
  });
  const { outcome } = await runTransaction(client, state.version, recordTables(client, changes));
  if (outcome === 'changed') return false;
  state.version += 1;
  for (const change of changes) {
    const { name } = change.table;
    try {
      if (await changeTable(client, change, descriptions.get(name), log)) continue;
      abandoned.add(by);
      return false;
    } catch (error) {
      abandoned.add(by);
      if (!hasEnded(error)) throw error;
      log?.warn({ table: name }, `the table can't be changed, and stays as it is: ${String(error)}`);
      await takeBack(client, changes);
      if (state.tables.get(rowOfTable(name))?.pending) return false;
      throw error;
    }
  }
  // Made, but pending until the transaction: if that fails, the next attempt must not wait for it.
  abandoned.add(by);
  for (const change of changes) state.tables.set(rowOfTable(change.table.name), change);
  return true;
}

/**
 * Waits while somebody else is changing one of those tables. Returns the tables whose change was
 * interrupted.
 */
export async function pendingTables(
  client: BigQueryClient,
  state: State,
  names: string[],
): Promise<TableState[] | 'changing'> {
  const { clock } = client;
  const pending = names.flatMap((name) => {
    const known = state.tables.get(rowOfTable(name));
    return known?.pending ? [{ table: known.table, ...known.pending }] : [];
  });
  const isChanging = async ({ was, table, untilMs, by }: (typeof pending)[number]) => {
    if (!was || !isRewritten({ was, table })) return false;
    if (untilMs > clock.now() && !abandoned.has(by ?? '')) return true;
    return by !== undefined && isBeingCopied(client, { table, by });
  };
  const changing = await Promise.all(pending.map(isChanging));
  if (!changing.includes(true)) return pending.map(({ table }) => table);
  await clock.sleep(2000);
  return 'changing';
}

/** Returns false if somebody else makes the change by now. */
async function changeTable(
  client: BigQueryClient,
  { table, pending: { was, by } }: Change,
  described: ExportTable | undefined,
  log?: Logger,
): Promise<boolean> {
  const found = was && (await restoreTable(client, table.name));
  if (!found) {
    await (was ? recreateTable : createTable)(client, table, described, log);
    return true;
  }
  const name = client.table(table.name);
  const known = new Set(was.columns.map((column) => column.name));
  const added = table.columns.filter((column) => !known.has(column.name));
  if (added.length > 0) {
    const actions = added.map((column) => `ADD COLUMN IF NOT EXISTS ${columnSql(column, described)}`);
    await client.run(`ALTER TABLE ${name} ${actions.join(', ')}`);
    for (const column of added) {
      log?.info({ table: table.name, column: column.name, type: bigQueryType(column.type) }, 'column added');
    }
  }
  const change = { was, table, by };
  for (const { name: column, type } of was.columns) {
    if (!isWidened(change, column) || !isWidenedInPlace(change, column)) continue;
    const to = typeIn(table, column);
    await client.run(
      `ALTER TABLE ${name} ALTER COLUMN ${identifier(column)} SET DATA TYPE ${bigQueryType(to)}`,
    );
    log?.info(
      { table: table.name, column, from: columnTypeText(type), to: columnTypeText(to) },
      'column widened',
    );
  }
  return !isRewritten(change) || rewriteTable(client, change, found, described, log);
}

/** Records the tables as BigQuery has them, without the changes, unless others make them by now. */
async function takeBack(client: BigQueryClient, changes: Change[]): Promise<void> {
  const found = new Map<Change, FoundColumns | undefined>();
  for (const change of changes) found.set(change, await restoreTable(client, change.table.name));
  await retryOnConflict(client, async () => {
    const state = await readState(client);
    const own = changes.filter(
      ({ table, pending }) => state?.tables.get(rowOfTable(table.name))?.pending?.by === pending.by,
    );
    if (!state || own.length === 0) return 'nothing to take back';
    const records: TableRecord[] = [];
    const gone: string[] = [];
    for (const change of own) {
      const columns = found.get(change);
      const table = columns ? tableAsFound(change, columns) : change.pending.was;
      if (table) records.push({ table });
      else gone.push(change.table.name);
    }
    const { outcome } = await runTransaction(client, state.version, recordTables(client, records, gone));
    return outcome === 'committed' ? outcome : undefined;
  });
}

/** The table with the columns that it has, as wide as they are. */
function tableAsFound({ table, pending: { was } }: Change, found: FoundColumns): TableState {
  const columns = table.columns.flatMap((column) => {
    const now = found.get(column.name.toLowerCase());
    if (!found.has(column.name.toLowerCase())) return [];
    const before = was?.columns.find(({ name }) => name === column.name);
    return now && columnTypeText(now) === columnTypeText(column.type) ? column : (before ?? column);
  });
  return { ...table, columns };
}
