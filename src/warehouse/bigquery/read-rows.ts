import type { BigQueryClient } from './client.js';
import { toJsonValue } from './values.js';

/** Runs a query with few rows and returns all of them, as objects by column name. */
export async function readRows(client: BigQueryClient, sql: string): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  for await (const page of client.pages(await client.run(sql))) {
    const fields = page.schema?.fields ?? [];
    for (const { f } of page.rows ?? []) {
      rows.push(
        Object.fromEntries(fields.map((field, index) => [field.name, toJsonValue(f[index]?.v, field)])),
      );
    }
  }
  return rows;
}
