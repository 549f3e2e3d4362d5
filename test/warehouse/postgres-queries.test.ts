import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runQuery } from '../../src/status/server/console.js';
import { openPostgresWarehouse } from '../../src/warehouse/postgres/warehouse.js';
import type { Warehouse } from '../../src/warehouse/types.js';
import { until } from '../runtime/until.js';
import { hastyClock } from './fake-postgres.js';
import { makeLoad } from './make-load.js';
import { newSchema, postgresUrl } from './postgres-server.js';

if (postgresUrl) {
  const url = postgresUrl;

  describe('the answer of PostgreSQL to a query', function () {
    this.timeout(240_000);

    let folder: string;
    const schema = newSchema();
    let warehouse: Warehouse;
    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'postgres-'));
      warehouse = openPostgresWarehouse({ url, schema });
      await warehouse.commit([await makeLoad(folder, {}, { columns: { a: 'string' }, rows: [{ a: '1' }] })]);
    });
    after(() => rmSync(folder, { recursive: true, force: true }));

    /** The bytes of each part that is in memory at once. */
    const partsOf = (sql: string) =>
      warehouse.queryStream(sql, async ({ groups }) => {
        const parts: { rows: number; characters: number }[] = [];
        for await (const group of groups) {
          // A slow reader: what arrives meanwhile waits in the network.
          await new Promise((resolve) => setImmediate(resolve));
          parts.push({ rows: group.count, characters: JSON.stringify(group.rows()).length });
        }
        return parts;
      });

    it('is read in parts of about a megabyte, however large its rows are', async () => {
      const parts = await partsOf(
        `SELECT i, repeat('x', CASE WHEN i <= 2000 THEN 1 ELSE 200000 END) AS long FROM generate_series(1, 2300) AS s(i)`,
      );
      assert.equal(
        parts.reduce((sum, { rows }) => sum + rows, 0),
        2300,
      );
      assert.ok(parts.every(({ characters }) => characters < 2_000_000));
      assert.ok(parts.length > 30);
    });

    it('has all rows in their order, also if they end with a part, and if there are none', async () => {
      for (const count of [0, 1, 999, 1000, 1001, 3000]) {
        const { rows } = await warehouse.query(
          `SELECT i, repeat('y', 1000 + i % 3000) AS v FROM generate_series(1, ${count}) AS s(i) ORDER BY i`,
        );
        assert.deepEqual(
          rows.map(({ i, v }) => [i, String(v).length]),
          Array.from({ length: count }, (_, index) => [index + 1, 1000 + ((index + 1) % 3000)]),
        );
      }
    });

    it('fails if a row is larger than the program reads, and the program and its other queries go on', async () => {
      const asked = warehouse.query("SELECT repeat('x', 100000000) AS long");
      const other = warehouse.query('SELECT count(*) AS n FROM _loads');
      await assert.rejects(asked, {
        code: 'QUERY_FAILED',
        message: /a row of it has 100 MB/,
        remedy: /left\(x, 1000\)/,
      });
      assert.deepEqual((await other).rows, [{ n: '1' }]);
      await assert.rejects(warehouse.query("SELECT 1 FROM _loads WHERE repeat('x', 1500000000) = ''"), {
        code: 'QUERY_FAILED',
        remedy: /left\(x, 1000\)/,
      });
      // Of a later row, after others were read.
      const later =
        "SELECT repeat('x', CASE i WHEN 50 THEN 100000000 ELSE 100000 END) FROM generate_series(1, 50) s(i)";
      await assert.rejects(partsOf(later), { code: 'QUERY_FAILED', message: /a row of it has 100 MB/ });
    });

    it('is cut for the status page, and refused earlier if a row is larger than that can show', async () => {
      const signal = new AbortController().signal;
      const shown = await runQuery(
        warehouse,
        "SELECT i, repeat('x', 10000) AS v FROM generate_series(1, 200000) AS s(i)",
        signal,
      );
      assert.equal(shown.isCut, true);
      assert.ok(shown.rows.length >= 100 && shown.rows.length <= 1000);
      const long = await runQuery(warehouse, "SELECT repeat('x', 1000000) AS v", signal);
      assert.equal(String(long.rows[0]?.[0]).length, 100_001);
      await assert.rejects(runQuery(warehouse, "SELECT repeat('x', 20000000) AS v", signal), {
        code: 'QUERY_FAILED',
        message: /a row of it has 20 MB/,
      });
      assert.deepEqual((await runQuery(warehouse, 'SELECT 1 AS one', signal)).rows, [[1]]);
    });

    /** Five queries that run until they are stopped, as soon as all have begun. */
    async function fiveQueries(of: Warehouse) {
      const stops = Array.from({ length: 5 }, () => new AbortController());
      // The first thousand rows come at once.
      const sql =
        'SELECT pg_sleep(CASE WHEN i > 1000 THEN 600 ELSE 0 END) FROM generate_series(1, 1001) AS s(i)';
      let running = 0;
      const ended = Promise.allSettled(
        stops.map(({ signal }) =>
          of.queryStream(
            sql,
            async ({ groups }) => {
              running += 1;
              for await (const _ of groups);
            },
            { signal },
          ),
        ),
      );
      await until(async () => running === 5);
      return {
        stops,
        async stopAll() {
          for (const stop of stops) stop.abort(new Error('stopped'));
          return (await ended).map((each) => (each.status === 'rejected' ? String(each.reason) : each));
        },
      };
    }

    it('waits for five others, while the ledger is read, and begins as soon as one of them ends', async () => {
      const { stops, stopAll } = await fiveQueries(warehouse);
      assert.equal((await warehouse.loads({})).length, 1);
      assert.equal((await warehouse.overview())?.tables.length, 1);
      const impatient = new AbortController();
      const aborted = assert.rejects(
        warehouse.queryStream('SELECT 1', async () => {}, { signal: impatient.signal }),
        /impatient/,
      );
      const sixth = warehouse.query('SELECT 6 AS n');
      impatient.abort(new Error('impatient'));
      await aborted;
      stops[0]?.abort(new Error('stopped'));
      assert.deepEqual((await sixth).rows, [{ n: 6 }]);
      assert.deepEqual(await stopAll(), Array(5).fill('Error: stopped'));
    });

    it('fails with what it waited for if none of the others ends for a minute', async () => {
      const busy = openPostgresWarehouse({ url, schema, clock: hastyClock() });
      const { stopAll } = await fiveQueries(busy);
      await assert.rejects(busy.query('SELECT 1'), {
        code: 'QUERY_FAILED',
        message: /5 other queries of this process are running, and none has ended for 60 s/,
        remedy: /cancel one/,
      });
      assert.deepEqual(await stopAll(), Array(5).fill('Error: stopped'));
      assert.equal((await busy.query('SELECT 1 AS one')).rows.length, 1);
    });
  });
} else {
  it('answers of PostgreSQL: pending, as POSTGRES_URLS is not set; see scripts/postgres');
}
