import type { Logger } from 'pino';
import type { BigQueryClient } from './client.js';
import { type Descriptions, recreateTable } from './create-table.js';
import { restoreTable } from './rewrite-table.js';
import { existingTables } from './list-tables.js';
import { makeState } from './make-state.js';
import { readState } from './state.js';

/**
 * Recreates, empty, the tables that loads filled and somebody dropped, including those of the
 * ledger. A table whose change is pending is left to that change.
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
  for (const { table, pending } of state.tables.values()) {
    if (existing.has(table.name) || pending) continue;
    if (await restoreTable(client, table.name)) continue;
    await recreateTable(client, table, descriptions.get(table.name), log);
  }
}
