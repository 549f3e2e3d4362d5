import type { View } from '../../schema/views.js';
import { findHistory, isHistory } from '../history/history-tables.js';
import { hasRows, isReadBy, namesTable } from '../rules/table-stays.js';
import type { BigQueryClient } from './client.js';
import { listTables } from './list-tables.js';
import { relationsOf } from './relations.js';
import { identifier } from './sql.js';
import { readState, recordTables, retryOnConflict, rowOfTable, runTransaction, type State } from './state.js';
import { refreshViews } from './views.js';

/**
 * See `Warehouse.dropEmptyTable`. Another process may be loading into the table, and BigQuery drops
 * none within a transaction. So the table gets another name first, under which nobody finds it: if
 * rows came in meanwhile, it gets its name back.
 */
export async function dropEmptyTable(
  client: BigQueryClient,
  views: View[],
  table: string,
): Promise<string | undefined> {
  const stays = await retryOnConflict(client, () => tryToDrop(client, views, table));
  if (stays !== isGone) return stays;
  const state = await readState(client);
  const history = state && findHistory(relationsOf(state), table);
  if (history) await dropEmptyTable(client, views, history.relation.name);
  return undefined;
}

const isGone = 'gone';

/** Returns undefined if another commit came first, and the table is as it was. */
async function tryToDrop(client: BigQueryClient, views: View[], table: string): Promise<string | undefined> {
  // Before the rows are counted: a commit that fills the table changes the version.
  const state = await readState(client);
  const known = state?.tables.get(rowOfTable(table));
  if (!state || !known) return isGone;
  if (known.pending) return undefined;
  const { name } = known.table;
  const dropped = `_dropped_${name}`;
  await removeTable(client, dropped);
  const mayHaveRows = isHistory(relationsOf(state), name);
  const isThere = await countRows(client, name);
  if (isThere !== undefined) {
    if (isThere > 0 && !mayHaveRows) return hasRows;
    const readers = await viewsOfOthers(client, state, name);
    if (readers.length > 0) return isReadBy(readers);
    await rename(client, name, dropped);
    const rows = (await countRows(client, dropped)) ?? 0;
    if (rows > 0 && !mayHaveRows) {
      await rename(client, dropped, name);
      return hasRows;
    }
  }
  const { outcome } = await runTransaction(client, state.version, recordTables(client, [], [name]));
  if (outcome === 'changed') {
    // A commit that missed the table has created it again.
    const isBack = (await countRows(client, name)) !== undefined;
    if (isThere !== undefined && !isBack) await rename(client, dropped, name);
    return undefined;
  }
  await removeTable(client, dropped);
  state.version += 1;
  state.tables.delete(rowOfTable(name));
  await refreshViews(client, views, relationsOf(state), state);
  return isGone;
}

async function rename(client: BigQueryClient, from: string, to: string): Promise<void> {
  await client.run(`ALTER TABLE ${client.table(from)} RENAME TO ${identifier(to)}`);
}

async function removeTable(client: BigQueryClient, table: string): Promise<void> {
  await client.requestIfThere({ method: 'DELETE', uri: client.tableUri(table) });
}

/** Undefined if there is no such table. */
async function countRows(client: BigQueryClient, table: string): Promise<number | undefined> {
  const found = await client.requestIfThere<{ numRows?: string }>({ uri: client.tableUri(table) });
  return found && Number(found.numRows ?? 0);
}

/** The views of the dataset that this program did not make and that read a table. */
async function viewsOfOthers(client: BigQueryClient, { views }: State, table: string): Promise<string[]> {
  const names = (await listTables(client))
    .filter(({ type, tableReference }) => type === 'VIEW' && !views.has(tableReference.tableId.toLowerCase()))
    .map(({ tableReference }) => tableReference.tableId)
    .sort();
  const readers: string[] = [];
  for (const name of names) {
    const uri = client.tableUri(name);
    const found = await client.requestIfThere<{ view?: { query?: string } }>({ uri });
    if (namesTable(found?.view?.query ?? '', table)) readers.push(name);
  }
  return readers;
}
