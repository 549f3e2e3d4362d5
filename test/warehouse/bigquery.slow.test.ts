import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BigQueryClient } from '../../src/warehouse/bigquery/client.js';
import { dropEmptyTable } from '../../src/warehouse/bigquery/drop-empty-table.js';
import { openBigQueryWarehouse } from '../../src/warehouse/bigquery/warehouse.js';
import { bigQueryEndpoint } from './bigquery-emulator.js';
import { describeBigQuery, newBigQueryPlace } from './describe-bigquery.js';
import { makeLoad } from './make-load.js';

const endpoint = bigQueryEndpoint;

if (endpoint) {
  describe('a BigQuery warehouse whose tables someone drops', () => {
    it('makes them again when rows arrive, as they were, and reads what exists meanwhile', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'bigquery-'));
      const place = newBigQueryPlace(endpoint);
      const warehouse = openBigQueryWarehouse(place);
      const client = new BigQueryClient(place);
      try {
        const things = { name: 'things', columns: { a: 'string', n: 'int64' }, rows: [{ a: '1', n: '1' }] };
        const others = { name: 'others', columns: { b: 'string' }, rows: [{ b: 'x' }] };
        await warehouse.commit([await makeLoad(folder, { documentId: 'd1' }, [things, others])]);
        await client.run(`DROP TABLE ${client.table('things')}`);
        assert.deepEqual(
          (await warehouse.tables()).map(({ name, rows }) => [name, rows]),
          [['others', 1]],
        );
        const next = { ...things, columns: { a: 'string' }, rows: [{ a: '2' }] };
        await warehouse.commit([await makeLoad(folder, { documentId: 'd2' }, next)]);
        assert.deepEqual((await warehouse.query('SELECT a, n FROM things')).rows, [{ a: '2', n: null }]);
        for (const name of ['things', '_rejects']) await client.run(`DROP TABLE ${client.table(name)}`);
        await warehouse.commit([await makeLoad(folder, { documentId: 'd1' }, [things, others])]);
        assert.deepEqual((await warehouse.query('SELECT a, n FROM things')).rows, [{ a: '1', n: '1' }]);
        assert.deepEqual((await warehouse.query('SELECT b FROM others')).rows, [{ b: 'x' }]);
        await client.run(`DROP TABLE ${client.table('_loads')}`);
        const several = ['d3', 'd4'].map((documentId) => makeLoad(folder, { documentId }, next));
        await warehouse.commit(await Promise.all(several));
        assert.equal((await warehouse.loads({})).length, 2);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });

  describe('an empty table of BigQuery', () => {
    it('is not dropped if rows arrive meanwhile', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'bigquery-'));
      const place = newBigQueryPlace(endpoint);
      const warehouse = openBigQueryWarehouse(place);
      const client = new BigQueryClient(place);
      try {
        const things = { columns: { a: 'string' }, rows: [{ a: '1' }] };
        await warehouse.commit([await makeLoad(folder, { documentId: 'd1' }, { ...things, rows: [] })]);
        const run = client.run.bind(client);
        const load = await makeLoad(folder, { documentId: 'd2', reportId: '2' }, things);
        let isBetween = false;
        client.run = async (sql, ...rest) => {
          if (!isBetween && sql.includes('RENAME TO')) {
            isBetween = true;
            await warehouse.commit([load]);
          }
          return run(sql, ...rest);
        };
        assert.match(String(await dropEmptyTable(client, [], 'things')), /has rows/);
        assert.ok(isBetween);
        assert.deepEqual((await warehouse.query('SELECT a FROM things')).rows, [{ a: '1' }]);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });

  describeBigQuery(endpoint);
} else {
  it(
    'all of the BigQuery warehouse: pending, as BIGQUERY_EMULATOR is not set; see scripts/bigquery-emulator',
  );
}
