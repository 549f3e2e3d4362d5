import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { systemClock } from '../../src/runtime/clock.js';
import { duckDbLedger } from '../../src/warehouse/duckdb/ledger-queries.js';
import { openDuckDbWarehouse } from '../../src/warehouse/duckdb/warehouse.js';
import { explainDocument } from '../../src/warehouse/ledger/explain-document.js';
import { ledgerPages } from '../../src/warehouse/ledger/ledger-pages.js';
import { documentOfLedger, makeLargeLedger } from './large-ledger.js';

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

  it('shows which documents come before and after one of long ago', async () => {
    const [row] = (await open().seen([`A2/${documentOfLedger(5000)}`])).values();
    assert.ok(row);
    const { before: earlier, after: later } = await explainDocument(row, open());
    // Each seller has a document of each type every hour: nine in all.
    const [expected, ...others] = [4991, 5009, 5018, 5027].map(documentOfLedger);
    assert.equal(earlier?.documentId, expected);
    assert.deepEqual(
      later.map(({ documentId }) => documentId),
      others,
    );
  });

  it('is searched for the documents of a table of one day, and those next to it', async () => {
    const instance = await DuckDBInstance.create(join(folder, 'warehouse.duckdb'), {
      access_mode: 'READ_ONLY',
    });
    const connection = await instance.connect();
    try {
      const found = await duckDbLedger(connection).readAround({
        table: 'listings',
        reportTypes: ['GET_MERCHANT_LISTINGS_ALL_DATA'],
        sellers: ['A0'],
        sinceIso: '2025-12-20T00:00:00Z',
        untilIso: '2025-12-20T23:59:59.999999Z',
      });
      const ends = found.map(({ dataEnd }) => String(dataEnd)).sort();
      assert.equal(ends.length, 26);
      assert.deepEqual([ends[0], ends[25]], ['2025-12-19T23:00:00.000Z', '2025-12-21T00:00:00.000Z']);
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
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
