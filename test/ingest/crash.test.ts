import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FaultPoint } from '../../src/runtime/fault-point.js';
import { bigQueryEndpoint } from '../warehouse/bigquery-emulator.js';
import { newerFiles } from '../warehouse/newer-files.js';
import { postgresUrl } from '../warehouse/postgres-server.js';
import { crash, crashUploads } from './crash-cases.js';
import { makeCrashWorld, runUntilEmpty } from './crash-matrix.js';
import {
  assertLogIsNotNeeded,
  assertSetAside,
  fileDamages,
  logDamages,
  makeLoadedWorld,
  warehouseFile,
} from './damaged-warehouse.js';
import { listings, listingsType, sellerId, type World } from './world.js';

// crash.slow.test.ts kills it at each step, and more often.
describe('after kill -9 and a restart', () => {
  /** One kill for each load mode. */
  const at: FaultPoint[] = ['bytes-begun', 'rows-in', 'transaction-ended', 'committed'];
  /** What other warehouses do differently; crash.slow.test.ts kills them at each of the steps. */
  const inCommit: FaultPoint[] = ['rows-in', 'committed'];

  it('before, during and after a commit, nothing is lost and nothing is loaded twice', () =>
    crash({ kills: at.length, at }));

  it('during and after a commit to BigQuery, nothing is lost and nothing is loaded twice', async function () {
    if (bigQueryEndpoint) return crash({ kills: inCommit.length, at: inCommit, bigQuery: bigQueryEndpoint });
    console.warn('    skipped: BIGQUERY_EMULATOR is not set; see scripts/bigquery-emulator');
    return this.skip();
  });

  it('during and after a commit to PostgreSQL, nothing is lost and nothing is loaded twice', async function () {
    if (postgresUrl) return crash({ kills: inCommit.length, at: inCommit, postgres: postgresUrl });
    console.warn('    skipped: POSTGRES_URLS is not set; see scripts/postgres');
    return this.skip();
  });

  it('during uploads to a bucket, nothing is lost or loaded twice, and the bucket rebuilds the same tables', () =>
    crashUploads(['raw-kept', 'parquet-kept']));
});

describe('a warehouse file that cannot be opened', () => {
  let world: World;
  beforeEach(async () => {
    world = await makeLoadedWorld();
  });
  afterEach(() => world.close());

  const path = () => warehouseFile(world);

  // crash.slow.test.ts has all damages.
  for (const name of ['cut off in its header', 'with bytes flipped throughout'] as const) {
    it(`is set aside and rebuilt by the next run: ${name}`, () => assertSetAside(world, fileDamages[name]));
  }

  it('does not stop the next run, nor does a write-ahead log with bytes flipped, and nothing is lost', () =>
    assertLogIsNotNeeded(world, logDamages['with bytes flipped']));

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
