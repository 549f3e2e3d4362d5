import type { Logger } from 'pino';
import { withoutUndefined } from '../../runtime/without-undefined.js';
import type { BigQueryClient } from './client.js';
import { type Descriptions, recreateTable } from './create-table.js';
import { restoreTable } from './rewrite-table.js';
import { makeState, readState } from './state.js';

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
