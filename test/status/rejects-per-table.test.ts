import assert from 'node:assert/strict';
import { summaryJson } from '../../src/commands/output/summary.js';
import { addCommitted, emptySummary } from '../../src/ingest/work-summary.js';
import type { Run } from '../../src/runs/run.js';
import { openMetrics } from '../../src/status/metrics.js';
import type { LedgerEntry } from '../../src/warehouse/types.js';
import { ledgerEntry } from '../../src/warehouse/ledger/ledger-entry.js';
import { fakeSnapshot } from './fake-snapshot.js';

const twoTables = (tables: LedgerEntry['tables']) =>
  ledgerEntry({ key: 'A1/doc-1', status: 'loaded', tables, rejects: 3 });

/** Rejected values by table: as the summary of a run prints them, and as the metrics count them. */
async function figures(entry: LedgerEntry) {
  const sums = emptySummary();
  addCommitted(sums, entry);
  const tables = summaryJson(sums).tables as { name: string; rejects: number }[];
  const metrics = openMetrics(async () => fakeSnapshot());
  const watch = metrics.watch({ pipeline: { name: 'all' }, kind: 'drain' } as Run);
  watch.onEvent?.({ event: 'work_finished', key: entry.key, outcome: 'loaded', entry });
  const text = await metrics.text();
  const counted = [...text.matchAll(/^sp_reports_rejected_values_total\{table="(\w+)"\} (\d+)$/gm)];
  return {
    summary: Object.fromEntries(tables.map(({ name, rejects }) => [name, rejects])),
    metrics: Object.fromEntries(counted.map(([, table, value]) => [table, Number(value)])),
  };
}

describe('the rejected values of a document with two tables', () => {
  it('are counted for their table, in the summary and in the metrics', async () => {
    const entry = twoTables([
      { name: 'orders', rows: 5, rejects: 1 },
      { name: 'items', rows: 9, rejects: 2 },
    ]);
    const expected = { orders: 1, items: 2 };
    assert.deepEqual(await figures(entry), { summary: expected, metrics: expected });
  });

  it('add up to those of the document if its ledger row does not count them per table', async () => {
    const entry = twoTables([
      { name: 'orders', rows: 5 },
      { name: 'items', rows: 9 },
    ]);
    const expected = { orders: 3, items: 0 };
    assert.deepEqual(await figures(entry), { summary: expected, metrics: expected });
  });

  it('are zero for a table without any', async () => {
    const entry = twoTables([
      { name: 'orders', rows: 5 },
      { name: 'items', rows: 9, rejects: 3 },
    ]);
    const expected = { orders: 0, items: 3 };
    assert.deepEqual(await figures(entry), { summary: expected, metrics: expected });
  });
});
