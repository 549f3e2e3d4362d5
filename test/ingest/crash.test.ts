import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FaultPoint } from '../../src/runtime/fault-point.js';
import { bigQueryEndpoint } from '../warehouse/bigquery-emulator.js';
import { newerFiles } from '../warehouse/newer-files.js';
import { postgresUrl } from '../warehouse/postgres-server.js';
import { crash, crashUploads } from './crash-cases.js';
import { makeCrashWorld, runUntilEmpty } from './crash-matrix.js';
import { listings, listingsType, makeWorld, orders, ordersType, sellerId, type World } from './world.js';

// crash.slow.test.ts kills it at each step, and more often.
describe('after kill -9 and a restart', () => {
  /** One kill for each load mode. */
  const at: FaultPoint[] = ['bytes-begun', 'rows-in', 'transaction-ended', 'committed'];

  it('before, during and after a commit, nothing is lost and nothing is loaded twice', () =>
    crash({ kills: at.length, at }));

  it('before, during and after a commit to BigQuery, nothing is lost and nothing is loaded twice', async function () {
    if (bigQueryEndpoint) return crash({ kills: at.length, at, bigQuery: bigQueryEndpoint });
    console.warn('    skipped: BIGQUERY_EMULATOR is not set; see scripts/bigquery-emulator');
    return this.skip();
  });

  it('before, during and after a commit to PostgreSQL, nothing is lost and nothing is loaded twice', async function () {
    if (postgresUrl) return crash({ kills: at.length, at, postgres: postgresUrl });
    console.warn('    skipped: POSTGRES_URLS is not set; see scripts/postgres');
    return this.skip();
  });

  it('during uploads to a bucket, nothing is lost or loaded twice, and the bucket rebuilds the same tables', () =>
    crashUploads(['raw-kept', 'parquet-kept']));
});

describe('a warehouse file that cannot be opened', () => {
  let world: World;
  beforeEach(async () => {
    world = await makeWorld();
    for (const rows of [3, 4]) {
      await world.sandbox.notify(
        world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(rows) }),
      );
    }
    await runUntilEmpty(world);
  });
  afterEach(() => world.close());

  const path = () => join(world.folder, 'warehouse.duckdb');
  const files = () => readdirSync(world.folder).filter((name) => name.startsWith('warehouse.duckdb'));

  const damages: Record<string, (path: string) => void> = {
    'cut off in its header': (file) => truncateSync(file, 2000),
    'cut off in its blocks': (file) => truncateSync(file, Math.floor(statSync(file).size / 2)),
    'with bytes flipped in its headers': (file) => flip(file, 4096, 12_288),
    'with bytes flipped throughout': (file) => flip(file, 0, statSync(file).size),
  };

  function flip(file: string, from: number, to: number): void {
    const bytes = readFileSync(file);
    for (let at = from; at < to; at += 97) bytes[at] = ~(bytes[at] ?? 0);
    writeFileSync(file, bytes);
  }

  for (const [name, damage] of Object.entries(damages)) {
    it(`is set aside and rebuilt by the next run: ${name}`, async () => {
      const before = await world.contents();
      damage(path());
      const body = orders([{ id: '1', status: 'Shipped' }]);
      await world.sandbox.notify(world.sandbox.addReport({ sellerId, reportType: ordersType, body }));
      const { code, stderr } = await world.run('run');
      assert.equal(code, 0, stderr);
      const notes = stderr.split('\n').filter((line) => line.includes('set aside'));
      assert.equal(notes.length, 1, stderr);
      assert.match(notes[0] ?? '', /made again from 2 loads of the lake and 0 raw documents/);
      const { orders_by_last_update, ...after } = await world.contents();
      assert.equal(orders_by_last_update?.length, 1);
      assert.deepEqual(after.listings, before.listings);
      assert.equal(after._loads?.length, 3);
      assert.equal(files().filter((each) => /before-rebuild-\d+T\d+Z$/.test(each)).length, 1, files().join());
    });
  }

  for (const [name, damage] of Object.entries({
    'cut off': (wal: string) => truncateSync(wal, Math.floor(statSync(wal).size / 2)),
    'with bytes flipped': (wal: string) => flip(wal, 200, statSync(wal).size),
    'that is not one': (wal: string) => writeFileSync(wal, Buffer.alloc(4096, 0x5a)),
  })) {
    it(`does not stop the next run, nor does a write-ahead log ${name}, and nothing is lost`, async () => {
      const body = orders([{ id: '1', status: 'Shipped' }]);
      await world.sandbox.notify(world.sandbox.addReport({ sellerId, reportType: ordersType, body }));
      const killed = await world.spawnRun(['run'], { SP_REPORTS_CRASH_AT: 'transaction-ended' });
      assert.equal(killed.code, null, killed.stderr);
      damage(`${path()}.wal`);
      await world.sandbox.returnMessages();
      await runUntilEmpty(world);
      const { _loads, listings: left, orders_by_last_update } = await world.contents();
      assert.deepEqual([_loads?.length, left?.length, orders_by_last_update?.length], [3, 4, 1]);
    });
  }

  it('is set aside after the commit that finds it damaged, and the next run loads what came meanwhile', async () => {
    const bytes = readFileSync(path());
    // Beyond the headers: opening the file does not notice this.
    for (let at = 12_288 + 64; at < bytes.length; at += 262_144) bytes[at] = ~(bytes[at] ?? 0);
    writeFileSync(path(), bytes);
    const body = listings(5);
    await world.sandbox.notify(world.sandbox.addReport({ sellerId, reportType: listingsType, body }));
    const first = await world.run('run');
    assert.match(first.stderr, /set aside/);
    await world.sandbox.returnMessages();
    await runUntilEmpty(world);
    assert.deepEqual(await world.query('SELECT count(*)::INT AS rows FROM listings'), [{ rows: 5 }]);
  });

  it('is left alone by run and rebuild if a newer DuckDB wrote it, and the messages stay on the queue', async () => {
    const body = listings(5);
    await world.sandbox.notify(world.sandbox.addReport({ sellerId, reportType: listingsType, body }));
    const whole = readFileSync(path());
    for (const [name, bytes] of newerFiles()) {
      writeFileSync(path(), bytes);
      for (const command of ['run', 'rebuild']) {
        const { code, stderr } = await world.run(command);
        assert.equal(code, 1);
        assert.match(stderr, /WAREHOUSE_FORMAT_UNSUPPORTED/, `${command} ${name}`);
        assert.deepEqual(readFileSync(path()), bytes);
      }
    }
    writeFileSync(path(), whole);
    await runUntilEmpty(world);
    assert.deepEqual(await world.query('SELECT count(*)::INT AS rows FROM listings'), [{ rows: 5 }]);
  });

  it('is left alone if it never contained anything of this program', async () => {
    const empty = await makeCrashWorld();
    try {
      const file = join(empty.folder, 'warehouse.duckdb');
      writeFileSync(file, 'somebody else wrote this');
      const { code, stderr } = await empty.run('run');
      assert.equal(code, 1);
      assert.match(stderr, /WAREHOUSE_UNREADABLE/);
      assert.equal(readFileSync(file, 'utf8'), 'somebody else wrote this');
    } finally {
      await empty.close();
    }
  });
});
