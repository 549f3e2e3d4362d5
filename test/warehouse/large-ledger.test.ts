import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/runtime/clock.js';
import { openDuckDbWarehouse } from '../../src/warehouse/duckdb/warehouse.js';
import { ledgerPages } from '../../src/warehouse/ledger/ledger-pages.js';
import { makeLargeLedger } from './large-ledger.js';

describe('a ledger of 20,000 documents', () => {
  const documents = 20_000;
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'large-ledger-'));
    await makeLargeLedger(join(folder, 'warehouse.duckdb'), documents);
  });
  after(() => rmSync(folder, { recursive: true }));

  const open = () => openDuckDbWarehouse({ path: join(folder, 'warehouse.duckdb') });

  it('has as many periods as there are gaps between them, not as many as documents', async () => {
    const periods = await open().periods();
    assert.ok(periods.length > 0 && periods.length <= 9, `${periods.length} periods`);
    assert.ok(periods.every(({ dataStart, dataEnd }) => String(dataStart) < String(dataEnd)));
  });

  it('is read in pages of 1,000 rows, each document once', async () => {
    const keys = new Set<string>();
    for await (const page of ledgerPages(open(), systemClock)) {
      assert.ok(page.length <= 1000);
      for (const { key } of page) keys.add(key);
    }
    assert.equal(keys.size, documents);
  });
});
