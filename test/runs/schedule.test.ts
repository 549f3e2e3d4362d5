import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listings, listingsType, makeWorld, sellerId, startInProcess, type World } from '../ingest/world.js';
import { until } from '../runtime/until.js';

describe('the scheduler', () => {
  let world: World;
  afterEach(() => world.close());

  /** Starts the program, gives it time, stops it, and returns what it printed. */
  async function startAndStop(isReady: () => Promise<boolean>, { signals = 1 } = {}) {
    const { running, stop } = startInProcess(['start', '--json'], world);
    // The program runs by the real clock, because node-cron does.
    await until(isReady);
    for (let signal = 0; signal < signals; signal += 1) stop();
    return running;
  }

  it('drains and sweeps by cron, and stops at a signal', async () => {
    world = await makeWorld({
      pipelines: [{ schedule: '* * * * * *', sweep: '* * * * * *', limits: { waitTimeSeconds: 0 } }],
    });
    const announced = world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(1) });
    await world.sandbox.notify(announced);
    const { code, stdout } = await startAndStop(async () => {
      const { visible, inFlight } = await world.sandbox.queueDepth();
      const swept = world.sandbox.state.calls.some(({ operation }) => operation === 'getReports');
      return swept && visible + inFlight === 0;
    });
    assert.equal(code, 0);
    const runs = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(new Set(runs.map(({ kind }) => kind)), new Set(['drain', 'sweep']));
    // Whichever of them came first has loaded the report, and the other has not.
    const loaded = runs.map(({ outcomes }) => outcomes.loaded ?? 0);
    assert.equal(
      loaded.reduce((sum, count) => sum + count),
      1,
    );
  });

  it('repairs a damaged warehouse once, although runs of several kinds find the damage', async () => {
    world = await makeWorld({
      pipelines: [{ schedule: '* * * * * *', sweep: '* * * * * *', limits: { waitTimeSeconds: 0 } }],
    });
    await world.sandbox.notify(
      world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(2) }),
    );
    await world.run('run');
    const path = join(world.folder, 'warehouse.duckdb');
    writeFileSync(path, readFileSync(path).subarray(0, 10_000));
    // A sweep was missed, so that it begins with the drain at the start.
    const missed = { all: { sweep: '2026-11-01T00:00:00.000Z' } };
    writeFileSync(join(world.folder, 'state', 'ticks.json'), JSON.stringify(missed));
    const { code, stdout, stderr } = await startAndStop(async () => {
      const backups = readdirSync(world.folder).filter((name) => name.includes('.before-rebuild-'));
      return backups.length > 0 && existsSync(path);
    });
    assert.equal(code, 0);
    assert.doesNotMatch(stderr, /failed/);
    assert.ok(stdout.includes('"kind":"sweep"') && stdout.includes('"kind":"drain"'), stdout);
    assert.equal(readdirSync(world.folder).filter((name) => name.includes('.before-rebuild-')).length, 1);
    assert.equal((await world.query('SELECT * FROM listings')).length, 2);
  });

  it('releases what waits at a signal to stop, and finishes what is in progress', async () => {
    world = await makeWorld({
      plans: { getReportDocument: { callsPerSecond: 0.2, burst: 15 } },
      pipelines: [{ schedule: '* * * * * *', limits: { waitTimeSeconds: 0, concurrency: 1 } }],
    });
    const reports = Array.from({ length: 20 }, (_, index) =>
      world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(index + 1) }),
    );
    for (const report of reports) await world.sandbox.notify(report);
    await startAndStop(
      async () => world.sandbox.state.calls.filter(({ operation }) => operation === 'download').length >= 15,
    );
    const loaded = await world.query("SELECT count(*)::INT AS loads FROM _loads WHERE status = 'loaded'");
    const { visible, inFlight } = await world.sandbox.queueDepth();
    assert.equal(Number(loaded[0]?.loads) + visible, 20);
    assert.ok(visible > 0, 'the quota allows the last ones only later');
    assert.equal(inFlight, 0);
  });

  it('aborts what has not finished at a second signal to stop, and releases it', async () => {
    world = await makeWorld({ pipelines: [{ schedule: '* * * * * *', limits: { waitTimeSeconds: 0 } }] });
    await world.sandbox.notify(
      world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(1) }),
    );
    world.sandbox.state.faults.holds.set('getReport', { ms: 20_000, times: 1 });
    await startAndStop(async () => (await world.sandbox.queueDepth()).inFlight === 1, { signals: 2 });
    // Otherwise the answer of getReport would have come, and the report would be loaded.
    assert.deepEqual(await world.sandbox.queueDepth(), { visible: 1, inFlight: 0 });
  });

  it('ends its process on SIGTERM', async () => {
    world = await makeWorld({ pipelines: [{ schedule: '0 0 1 1 *' }] });
    let isStopping = false;
    const ran = await world.spawnRun(['start'], {}, (child, stderr) => {
      if (isStopping || !stderr.includes('pipeline scheduled')) return;
      isStopping = true;
      child.kill('SIGTERM');
    });
    assert.equal(ran.code, 0, ran.stderr);
    assert.doesNotMatch(ran.stderr, /warning/i);
  });
});
