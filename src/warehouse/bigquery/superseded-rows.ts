import { documentId } from '../rules/document-id.js';
import type { LoadTable } from '../types.js';
import type { BigQueryClient } from './client.js';
import { readRows } from './read-rows.js';
import { lateSnapshots, mayBeSuperseded } from '../rules/newest-wins.js';
import { countKept } from './load-modes.js';
import type { StagedBatch } from './stage.js';

/** How many rows of each load of each batch a newer report holds; 0 if none. */
export async function countSuperseded(
  client: BigQueryClient,
  staged: StagedBatch[],
  rowsSql: string[],
): Promise<Map<LoadTable, number>> {
  const counts = new Map<LoadTable, number>();
  for (const [index, { batch, files }] of staged.entries()) {
    for (const { table } of batch.loads) counts.set(table, 0);
    if (batch.loads[0]?.table.mode === 'snapshot') {
      for (const { table } of lateSnapshots(batch)) counts.set(table, table.rows);
    }
    if (files.length === 0 || !mayBeSuperseded(batch)) continue;
    const found = await readRows(
      client,
      countKept(batch, { rows: rowsSql[index] ?? '', ledger: '', table: client.table(batch.relation.name) }),
    );
    const kept = new Map(
      found.map((row) => Object.values(row)).map(([document, count]) => [document, Number(count)]),
    );
    for (const load of batch.loads) {
      counts.set(load.table, load.table.rows - (kept.get(documentId(load)) ?? 0));
    }
  }
  return counts;
}
