import type { QueryResult, StreamedAnswer } from '../types.js';

/** Collects a streamed answer. */
export async function readWhole({ columns, groups }: StreamedAnswer): Promise<QueryResult> {
  const rows: Record<string, unknown>[] = [];
  for await (const group of groups) {
    for (const row of group.rows()) {
      rows.push(Object.fromEntries(columns.map(({ name }, index) => [name, row[index]])));
    }
  }
  return { columns, rows };
}
