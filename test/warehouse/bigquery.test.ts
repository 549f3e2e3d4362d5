import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBigQueryWarehouse } from '../../src/warehouse/bigquery/warehouse.js';
import { makeLoad } from './make-load.js';
import { describeWarehouse } from './warehouse-suite.js';

const endpoint = process.env.BIGQUERY_EMULATOR;

if (endpoint) {
  const newPlace = () => ({
    project: 'test-project',
    dataset: `d${randomUUID().replaceAll('-', '')}`,
    location: 'US',
    endpoint,
  });

  describe('BigQuery warehouse of several processes', function () {
    this.timeout(120_000);

    it('has the rows of a document once that all of them commit at the same time, from nothing', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'bigquery-'));
      const place = newPlace();
      const warehouses = Array.from({ length: 3 }, () => openBigQueryWarehouse(place));
      try {
        const load = await makeLoad(folder, {}, { columns: { a: 'string' }, rows: [{ a: '1' }, { a: '2' }] });
        await Promise.all(warehouses.map((each) => each.commit([load])));
        const found = await warehouses[0]?.query('SELECT a FROM things ORDER BY a');
        assert.deepEqual(found?.rows, [{ a: '1' }, { a: '2' }]);
        assert.equal((await warehouses[0]?.loads({}))?.length, 1);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });

  describeWarehouse('BigQuery', async () => openBigQueryWarehouse(newPlace()), {
    runs: 1,
    keyedModes: ['replace'],
    decimal: (text) => text.replace(/\.?0+$/, ''),
    jsonText: (text) => JSON.stringify(JSON.parse(text)),
    hasNullInLists: false,
    hasColumnsOfOneName: false,
  });
} else {
  it('BigQuery warehouse', function () {
    console.warn('  skipped: BIGQUERY_EMULATOR is not set; see scripts/bigquery-emulator');
    this.skip();
  });
}
