import { withoutUndefined } from '../../runtime/without-undefined.js';
import type { BigQueryClient } from './client.js';

/** A table or view as the list of a dataset has it. */
export interface ListedTable {
  tableReference: { tableId: string };
  /** For example TABLE or VIEW. */
  type?: string;
  labels?: Record<string, string>;
  /** Epoch milliseconds, as decimal text. */
  expirationTime?: string;
  timePartitioning?: { expirationMs?: string };
}

/** The tables and views of the dataset. */
export async function listTables(client: BigQueryClient): Promise<ListedTable[]> {
  interface Listed {
    tables?: ListedTable[];
    nextPageToken?: string;
  }
  const found: ListedTable[] = [];
  let pageToken: string | undefined;
  do {
    const page: Listed = await client.request({
      uri: `/datasets/${client.target.dataset}/tables`,
      qs: withoutUndefined({ maxResults: 1000, pageToken }),
    });
    found.push(...(page.tables ?? []));
    pageToken = page.nextPageToken;
  } while (pageToken);
  return found;
}

/** The names of the tables in the dataset. */
export async function existingTables(client: BigQueryClient): Promise<Set<string>> {
  return new Set((await listTables(client)).map(({ tableReference }) => tableReference.tableId));
}
