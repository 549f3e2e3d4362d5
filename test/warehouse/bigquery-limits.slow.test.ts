import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBigQueryWarehouse } from '../../src/warehouse/bigquery/warehouse.js';
import { bigQueryEndpoint } from './bigquery-emulator.js';
import { RefusingBigQuery } from './bigquery-refusals.js';
import { makeLoad } from './make-load.js';

const emulator = bigQueryEndpoint;
if (!emulator) {
  it('limits of BigQuery: pending, as BIGQUERY_EMULATOR is not set; see scripts/bigquery-emulator');
} else {
  describe('a commit of many tables to an emulator of BigQuery', () => {
    it('takes several transactions, none of which changes more than 100 tables', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'limits-'));
      const proxy = await RefusingBigQuery.start(emulator);
      const dataset = `d${randomUUID().replaceAll('-', '')}`;
      const place = { project: 'test-project', dataset, location: 'US', endpoint: proxy.endpoint };
      try {
        const warehouse = openBigQueryWarehouse(place);
        const loads = ['d1', 'd2', 'd3'].map((documentId) => {
          const tables = Array.from({ length: 40 }, (_, index) => ({
            name: `${documentId}_t${index}`,
            columns: { a: 'string' },
            rows: index === 0 ? [{ a: documentId }] : [],
          }));
          return makeLoad(folder, { documentId }, tables);
        });
        await warehouse.commit(await Promise.all(loads));
        const changed = proxy.changes
          .filter((sql) => sql.startsWith('BEGIN TRANSACTION'))
          .map(
            (sql) =>
              new Set(
                [...sql.matchAll(/(?:INSERT INTO|DELETE FROM|UPDATE) (`[^`]+`)/g)].map(([, name]) => name),
              ),
          );
        assert.ok(
          changed.every(({ size }) => size <= 100),
          changed.map(({ size }) => size).join(),
        );
        const found = await warehouse.tables();
        assert.deepEqual([found.length, found.filter(({ rows }) => rows === 1).length], [120, 3]);
        assert.equal((await warehouse.loads({})).length, 3);
      } finally {
        proxy.close();
        rmSync(folder, { recursive: true });
      }
    });
  });
}
