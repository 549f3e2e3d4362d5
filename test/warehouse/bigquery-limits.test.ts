import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  maxTablesPerTransaction,
  shareTransactions,
  splitByTables,
} from '../../src/warehouse/bigquery/table-limit.js';
import { filled, Scene } from './analyzer/scene.js';
import { makeLoad } from './make-load.js';

describe('transactions of BigQuery', () => {
  it('change at most 100 tables, keep the order, and are as few as that allows', () => {
    const tables = fc.uniqueArray(fc.integer({ min: 0, max: 300 }).map(String), { maxLength: 97 });
    fc.assert(
      fc.property(fc.array(tables, { maxLength: 30 }), fc.integer({ min: 1, max: 12 }), (items, maxItems) => {
        const groups = shareTransactions(items, (item) => item, maxItems);
        const size = (group: string[][]) => new Set(group.flat()).size;
        assert.deepEqual(groups.flat(), items);
        for (const [index, group] of groups.entries()) {
          assert.ok(size(group) <= maxTablesPerTransaction && group.length <= maxItems);
          const next = groups[index + 1]?.[0];
          const couldTakeNext =
            next && group.length < maxItems && size([...group, next]) <= maxTablesPerTransaction;
          assert.ok(!couldTakeNext, 'a document has a transaction of its own without need');
        }
      }),
    );
  });

  it('refuse a document that alone has more tables, and name it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'limits-'));
    try {
      const tables = Array.from({ length: 98 }, (_, index) => ({
        name: `t${index}`,
        columns: { a: 'string' },
        rows: [],
      }));
      const load = await makeLoad(folder, {}, tables);
      assert.throws(() => splitByTables([[{ load, loadedAt: '2026-01-01T00:00:00.000Z' }]], new Map()), {
        message: '98 tables, and a transaction of BigQuery changes at most 97 beside the ledger',
        load,
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('also count the tables that a document filled before', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'limits-'));
    try {
      const tables = (prefix: string, length: number) =>
        Array.from({ length }, (_, index) => ({
          name: `${prefix}${index}`,
          columns: { a: 'string' },
          rows: [],
        }));
      const loads = [
        await makeLoad(folder, { documentId: 'd1' }, tables('a', 40)),
        await makeLoad(folder, { documentId: 'd2' }, tables('b', 40)),
      ].map((load) => ({ load, loadedAt: '2026-01-01T00:00:00.000Z' }));
      assert.equal(splitByTables([loads], new Map()).length, 1);
      const before = await makeLoad(folder, { documentId: 'd2' }, tables('c', 40));
      assert.equal(splitByTables([loads], new Map([[before.entry.key, before.entry]])).length, 2);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

// bigquery-limits.slow.test.ts commits as many tables to the emulator.
describe('a commit of many tables to BigQuery', () => {
  it('takes several transactions, none of which changes more than 100 tables', async () => {
    const scene = await Scene.open();
    try {
      const documents = ['d1', 'd2', 'd3'].map((name) => ({
        of: Array.from({ length: 40 }, (_, index) => filled(`${name}_t${index}`, { a: 'string' })),
      }));
      await scene.commit(...documents);
      const changed = scene.recorder.recorded
        .flatMap((sent) => (sent.do === 'run' && sent.sql.startsWith('BEGIN TRANSACTION') ? [sent.sql] : []))
        .map((sql) =>
          [...sql.matchAll(/(?:INSERT INTO|DELETE FROM|UPDATE) (`[^`]+`)/g)].map(([, name]) => name),
        );
      for (const names of changed) assert.ok(new Set(names).size <= 100);
      const filledTables = new Set(changed.flat().filter((name) => /\.d\d_t\d+`$/.test(name ?? '')));
      assert.equal(filledTables.size, 120);
    } finally {
      scene.close();
    }
  });
});
