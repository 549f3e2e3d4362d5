import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { readRows } from '../../src/maintenance/rebuild-reading.js';
import type { HeldLedger, LedgerRow } from '../../src/warehouse/types.js';
import { holdDuckDbFile, openDuckDbWarehouse } from '../../src/warehouse/duckdb/warehouse.js';
import { documentOfLedger, makeLargeLedger } from '../warehouse/large-ledger.js';

const isoOf = (epochMs: number) => new Date(epochMs).toISOString();

describe('the rows of the old ledger that a rebuild reads', () => {
  const times = fc.array(fc.option(fc.integer({ min: 0, max: 5_000 })), { maxLength: 40 });

  it('are those of all documents that it has, whenever these were loaded', async () => {
    await fc.assert(
      fc.asyncProperty(times, async (loadedMs) => {
        const page = loadedMs.map((ms, index) => ({
          key: `k${index}`,
          loadedAt: ms === null ? null : isoOf(ms),
        }));
        let parts = 0;
        const seen: HeldLedger['seen'] = async (keys, { loadedSince = '', loadedBefore = '' } = {}) => {
          parts += 1;
          const found = page.filter(
            ({ key, loadedAt }) =>
              keys.includes(key) && loadedAt !== null && loadedAt >= loadedSince && loadedAt < loadedBefore,
          );
          return new Map(found.map((row) => [row.key, row as LedgerRow]));
        };
        const rows = await readRows(page, { seen });
        const known = page.filter(({ loadedAt }) => loadedAt !== null);
        assert.deepEqual([...rows.keys()].sort(), known.map(({ key }) => key).sort());
        assert.ok(parts <= 2, `${parts} parts`);
      }),
    );
  });

  it('are whole, in a warehouse file of many loads', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rebuild-rows-'));
    try {
      const path = join(folder, 'warehouse.duckdb');
      await makeLargeLedger(path, 3000);
      const keys = [5, 6, 7, 2900].map((number) => `A${number % 3}/${documentOfLedger(number)}`);
      const expected = await openDuckDbWarehouse({ path }).seen(keys);
      const page = [...expected.values(), { key: 'A0/unknown', loadedAt: null }];
      const rows = await holdDuckDbFile(path, 128, (ledger) => readRows(page, ledger));
      assert.equal(expected.size, keys.length);
      assert.deepEqual(
        keys.map((key) => rows.get(key)),
        keys.map((key) => expected.get(key)),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
