import assert from 'node:assert/strict';
import type { FaultPoint } from '../../src/runtime/fault-point.js';
import { Random } from '../../src/sandbox/random.js';
import { bigQueryEndpoint } from '../warehouse/bigquery-emulator.js';
import { disturbPostgres } from '../warehouse/disturb-postgres.js';
import { postgresUrl, startPostgres } from '../warehouse/postgres-server.js';
import { crash, crashUploads } from './crash-cases.js';
import {
  assertLogIsNotNeeded,
  assertSetAside,
  fileDamages,
  logDamages,
  makeLoadedWorld,
} from './damaged-warehouse.js';
import type { World } from './world.js';

/** The last four for each load mode. */
const atSteps: FaultPoint[] = [
  ...(['received', 'routed', 'report-known', 'located'] as const),
  ...(['bytes-begun', 'rows-in', 'transaction-ended', 'committed'] as const),
];

describe('after kill -9 and a restart, in many runs', function () {
  this.timeout(400_000);

  it('at any step of the data path, again and again, nothing is lost and nothing is loaded twice', () =>
    crash({ kills: 20 }));

  it('at any step of the data path to BigQuery, again and again, nothing is lost and nothing is loaded twice', async function () {
    if (bigQueryEndpoint) return crash({ kills: atSteps.length, at: atSteps, bigQuery: bigQueryEndpoint });
    console.warn('    skipped: BIGQUERY_EMULATOR is not set; see scripts/bigquery-emulator');
    return this.skip();
  });

  it('before, during and after a commit to PostgreSQL, nothing is lost and nothing is loaded twice', async function () {
    if (postgresUrl) return crash({ kills: 4, at: atSteps.slice(4), postgres: postgresUrl });
    console.warn('    skipped: POSTGRES_URLS is not set; see scripts/postgres');
    return this.skip();
  });

  it('with a PostgreSQL server that is stopped at random moments and used by readers, nothing is lost and nothing is loaded twice', async function () {
    if (!postgresUrl) {
      console.warn('    skipped: POSTGRES_URLS is not set; see scripts/postgres');
      return this.skip();
    }
    const { url, stop } = await startPostgres();
    const random = new Random(1);
    const disturbance = await disturbPostgres(url, { restarts: true, random: () => random.next() });
    try {
      await crash({ kills: 8, at: ['rows-in', 'transaction-ended'], postgres: url });
    } finally {
      const { serverRestarts, dashboardQueries } = await disturbance.stop();
      assert.ok(serverRestarts > 0 && dashboardQueries > 0, `${serverRestarts} restarts`);
      await stop();
    }
  });

  it('at each step of an upload to a bucket, nothing is lost or loaded twice, and the bucket rebuilds the same tables', () =>
    // From the first byte that is sent.
    crashUploads(['bytes-whole', 'raw-kept', 'parquet-kept', 'committed', 'record-written']));
});

describe('a warehouse file that is damaged in any way', () => {
  let world: World;
  beforeEach(async () => {
    world = await makeLoadedWorld();
  });
  afterEach(() => world.close());

  for (const [name, damage] of Object.entries(fileDamages)) {
    it(`is set aside and rebuilt by the next run: ${name}`, () => assertSetAside(world, damage));
  }

  for (const [name, damage] of Object.entries(logDamages)) {
    it(`does not stop the next run, nor does a write-ahead log ${name}, and nothing is lost`, () =>
      assertLogIsNotNeeded(world, damage));
  }
});
