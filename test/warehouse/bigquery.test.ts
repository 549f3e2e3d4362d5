import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BigQueryClient } from '../../src/warehouse/bigquery/client.js';
import { commitLoads } from '../../src/warehouse/bigquery/commit-loads.js';
import { openBigQueryWarehouse } from '../../src/warehouse/bigquery/warehouse.js';
import { removeOldStaging } from '../../src/store/staging.js';
import type { Bucket } from '../../src/store/types.js';
import { gsEndpoint, makeGsBucket } from '../store/emulators.js';
import { bigQueryEndpoint, emulatorLacks } from './bigquery-emulator.js';
import { describeBigQuery, newBigQueryPlace } from './describe-bigquery.js';
import { makeLoad } from './make-load.js';

const endpoint = bigQueryEndpoint;

if (endpoint) {
  const newPlace = () => newBigQueryPlace(endpoint);

  describe('a BigQuery warehouse of several processes', () => {
    const itMeets = emulatorLacks('conflicts') ? it.skip : it;
    itMeets(
      'has the rows of a document once that all of them commit at the same time, from nothing',
      async () => {
        const folder = mkdtempSync(join(tmpdir(), 'bigquery-'));
        const place = newPlace();
        const warehouses = Array.from({ length: 3 }, () => openBigQueryWarehouse(place));
        try {
          const load = await makeLoad(
            folder,
            {},
            { columns: { a: 'string' }, rows: [{ a: '1' }, { a: '2' }] },
          );
          await Promise.all(warehouses.map((each) => each.commit([load])));
          const found = await warehouses[0]?.query('SELECT a FROM things ORDER BY a');
          assert.deepEqual(found?.rows, [{ a: '1' }, { a: '2' }]);
          assert.equal((await warehouses[0]?.loads({}))?.length, 1);
        } finally {
          rmSync(folder, { recursive: true, force: true });
        }
      },
    );
  });

  describe('a BigQuery warehouse whose ledger an earlier version made', () => {
    it('is read, and gets its missing columns with the next commit', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'bigquery-'));
      const place = newPlace();
      const client = new BigQueryClient(place);
      const things = { columns: { a: 'string' }, rows: [{ a: '1' }] };
      const known = {
        rawSha256: 'ab'.repeat(32),
        files: [{ path: 'things/seller=A1/d2.parquet', bytes: 9, sha256: 'cd'.repeat(32) }],
      };
      try {
        await openBigQueryWarehouse(place).commit([await makeLoad(folder, { documentId: 'd1' }, things)]);
        const ledgerTable = client.table('_loads');
        await client.run(
          `CREATE OR REPLACE TABLE ${ledgerTable} AS SELECT * EXCEPT (raw_sha256, files, warnings, decisions) FROM ${ledgerTable}`,
        );
        const warehouse = openBigQueryWarehouse(place);
        const ledger = async () =>
          (await warehouse.loads({})).map(({ documentId, rawSha256, files }) => [
            documentId,
            rawSha256,
            files,
          ]);
        assert.deepEqual(await ledger(), [['d1', null, []]]);
        assert.equal(await warehouse.countLoads({ withWarnings: true }), 0);
        assert.deepEqual(await warehouse.loadFields(['warnings'], {}), [{ warnings: [] }]);
        assert.deepEqual((await warehouse.overview())?.warnings, []);
        await warehouse.commit([await makeLoad(folder, { documentId: 'd2', ...known }, things)]);
        assert.deepEqual(await ledger(), [
          ['d2', known.rawSha256, known.files],
          ['d1', null, []],
        ]);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });

  describe('a commit to BigQuery', () => {
    it('reads the state and the ledger rows of its documents once', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'bigquery-'));
      const client = new BigQueryClient(newPlace());
      const read: string[] = [];
      const run = client.run.bind(client);
      client.run = (sql, ...rest) => {
        read.push(...(/^SELECT .* FROM \S*_(state|loads)\b/s.exec(sql)?.slice(1) ?? []));
        return run(sql, ...rest);
      };
      try {
        const things = { columns: { a: 'string' }, rows: [{ a: '1' }] };
        const commit = async (...ids: string[]) => {
          const loads = ids.map((documentId) => makeLoad(folder, { documentId }, things));
          await commitLoads(client, await Promise.all(loads), { descriptions: new Map() });
          return read.splice(0).sort();
        };
        await commit('d1');
        assert.deepEqual(await commit('d2'), ['loads', 'state']);
        assert.deepEqual(await commit('d3', 'd4'), ['loads', 'state']);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });

  describe('a BigQuery warehouse with a lake in Google Cloud Storage', () => {
    it('loads files from there, and leaves none behind', async function () {
      if (!gsEndpoint) {
        console.warn('      skipped: STORAGE_EMULATOR is not set; see scripts/storage-emulator');
        this.skip();
      }
      const { bucket } = await makeGsBucket(gsEndpoint);
      const put: string[] = [];
      const noting: Bucket = {
        ...bucket,
        put(name, path) {
          put.push(name);
          return bucket.put(name, path);
        },
      };
      const staging = { bucket: noting, beginning: 'lake/_staging/' };
      const folder = mkdtempSync(join(tmpdir(), 'bigquery-'));
      const warehouse = openBigQueryWarehouse({ ...newPlace(), staging });
      try {
        const columns = { a: 'string', n: 'decimal(18,4)', ns: 'list(int64)' };
        const rows = [{ a: '1', n: '1.5', ns: '[1, 2]' }];
        const parquetTypes = { n: 'DECIMAL(18,4)', ns: 'BIGINT[]' };
        await warehouse.commit([await makeLoad(folder, {}, { columns, rows, parquetTypes })]);
        const found = await warehouse.query('SELECT a, n, ns FROM things');
        assert.deepEqual(found.rows, [{ a: '1', n: '1.5', ns: ['1', '2'] }]);
        assert.ok(put.length > 1 && put.every((name) => name.startsWith('lake/_staging/')), put.join());
        assert.deepEqual(await bucket.list(''), []);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });

    it('removes what a crash left there, a day later', async function () {
      if (!gsEndpoint) return this.skip();
      const { bucket } = await makeGsBucket(gsEndpoint);
      const folder = mkdtempSync(join(tmpdir(), 'bigquery-'));
      try {
        writeFileSync(join(folder, 'x'), 'x');
        for (const name of ['lake/_staging/x', 'lake/things/x']) await bucket.put(name, join(folder, 'x'));
        const staging = { bucket, beginning: 'lake/_staging/' };
        await removeOldStaging(staging);
        assert.equal((await bucket.list('')).length, 2);
        await removeOldStaging(staging, Date.now() + 25 * 3_600_000);
        assert.deepEqual(await bucket.list(''), ['lake/things/x']);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });

  describeBigQuery(endpoint, {
    // bigquery.slow.test.ts runs all.
    sections: [
      'in its rows',
      'in append mode',
      'in replace mode',
      'in snapshot mode',
      'that removes personal data',
    ],
  });
} else {
  it('the BigQuery warehouse: pending, as BIGQUERY_EMULATOR is not set; see scripts/bigquery-emulator');
}
