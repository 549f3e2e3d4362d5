import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openWarehouse } from '../../src/warehouse/open-warehouse.js';
import type { Warehouse } from '../../src/warehouse/types.js';
import { until } from '../runtime/until.js';
import { hastyClock } from './fake-postgres.js';
import { makeLoad } from './make-load.js';
import { newSchema, postgresUrls } from './postgres-server.js';
import { type Standby, startStandby } from './standby.js';

for (const [index, url] of postgresUrls.entries()) {
  describe(`a standby of PostgreSQL, server ${index + 1},`, function () {
    this.timeout(240_000);

    const schema = newSchema();
    let folder: string;
    let standby: Standby;
    let primary: Warehouse;
    const ages: (number | undefined)[] = [];
    const open = (readUrl: string | undefined, of = url) =>
      openWarehouse(
        { warehouse: { type: 'postgres', url: of, readUrl, schema, memoryLimitMegabytes: 256 } },
        { isPreemptible: true, onOldAnswer: (seconds) => ages.push(seconds), clock: hastyClock() },
      );
    const load = async (day: number) =>
      primary.commit([
        await makeLoad(
          join(folder, 'lake'),
          { documentId: `d${day}`, reportId: String(day) },
          { columns: { a: 'string' }, rows: [{ a: String(day) }] },
        ),
      ]);
    const rowsOf = async (warehouse: Warehouse) =>
      (await warehouse.query('SELECT a FROM things ORDER BY 1')).rows.map(({ a }) => a);

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'standby-test-'));
      primary = open(undefined);
      await load(1);
      standby = await startStandby(url);
    });
    after(async () => {
      await standby?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    it('answers queries and reads of the ledger with what it has, and says if that may be old', async () => {
      const warehouse = open(standby.url);
      await load(2);
      await until(async () => (await rowsOf(warehouse)).length === 2);
      assert.equal((await warehouse.loads({})).length, 2);
      const healthy = await warehouse.inspect();
      assert.match(
        healthy.found,
        /; the standby postgresql:127\.0\.0\.1\/postgres\.\w+ is at most \d+ s behind$/,
      );
      assert.equal(healthy.next, undefined);
      assert.deepEqual(ages, []);
      await standby.follow(false);
      await load(3);
      assert.deepEqual(await rowsOf(primary), ['1', '2', '3']);
      assert.deepEqual(await rowsOf(warehouse), ['1', '2']);
      assert.equal((await warehouse.loads({})).length, 2);
      await standby.follow(true);
      await until(async () => (await rowsOf(warehouse)).length === 3);
    });

    it('explains what it refuses: loads, the ends of queries that keep it from following', async () => {
      const only = open(undefined, standby.url);
      const refused = { code: 'POSTGRES_READ_ONLY', remedy: /standby accepts no writes/ };
      await assert.rejects(only.checkWritable(), refused);
      await assert.rejects(only.inspect(), refused);
      await assert.rejects(
        only.commit([await makeLoad(join(folder, 'lake'), { documentId: 'd9' })]),
        refused,
      );
      await assert.rejects(only.query('CREATE TABLE t (a int)'), { code: 'QUERY_FAILED' });
      const settings = new pg.Client(standby.url);
      await settings.connect();
      await settings.query("ALTER SYSTEM SET max_standby_streaming_delay = '100ms'");
      await settings.query('SELECT pg_reload_conf()');
      const other = new pg.Client(url);
      await other.connect();
      const asked = open(standby.url).query('SELECT pg_sleep(600), COUNT(*) FROM things');
      const isRunning = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
      await until(async () => ((await settings.query(isRunning)).rowCount ?? 0) > 0);
      await other.query(`ALTER TABLE ${schema}.things ADD COLUMN locked int`);
      await assert.rejects(asked, {
        code: 'QUERY_FAILED',
        message: /recovery/,
        remedy: /hot_standby_feedback/,
      });
      await other.end();
      await settings.end();
    });
  });
}

if (postgresUrls.length === 0) {
  it('a standby of PostgreSQL: pending, as POSTGRES_URLS is not set; see scripts/postgres');
}
