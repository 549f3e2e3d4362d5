import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FaultPoint, faultPoints } from '../../src/pipeline/fault-point.js';
import { listings, listingsType, makeWorld, orders, ordersType, sellerId, type World } from './world.js';

/** The same three documents each time, one of them told of twice, one with values that are none. */
async function fill({ sandbox }: World): Promise<void> {
  const createdAt = new Date('2026-10-02T00:00:00Z');
  const first = sandbox.addReport({
    sellerId,
    reportType: ordersType,
    createdAt,
    body: orders([
      { id: '1', status: 'Pending' },
      { id: '2', status: 'Shipped' },
    ]),
  });
  const second = sandbox.addReport({
    sellerId,
    reportType: ordersType,
    createdAt: new Date(createdAt.getTime() + 60_000),
    body: orders([
      { id: '1', status: 'Shipped' },
      { id: '3', status: 'Pending', price: 'none' },
    ]),
  });
  const third = sandbox.addReport({ sellerId, reportType: listingsType, createdAt, body: listings(3) });
  for (const report of [first, second, third, first]) await sandbox.notify(report);
}

/** Runs again until the queue is empty: the messages that the killed process held come back when their visibility ends. */
async function runUntilEmpty(world: World): Promise<void> {
  for (let runs = 0; runs < 20; runs += 1) {
    const { code, stdout, stderr } = await world.run('run');
    assert.equal(code, 0, stdout + stderr);
    const { visible, inFlight } = await world.sandbox.queueDepth();
    if (visible + inFlight === 0) return;
    await sleep(200);
  }
  assert.fail('messages stay on the queue');
}

/** The messages come in one receive, and documents that wait for the first commit share the second. */
const passesOf: Partial<Record<FaultPoint, number[]>> = {
  received: [1],
  'record-written': [1, 2],
  committed: [1, 2],
};

describe('a kill -9 between two steps of the data path, then a rerun', function () {
  this.timeout(60_000);
  let clean: Record<string, unknown[]>;

  before(async () => {
    const world = await makeWorld();
    try {
      await fill(world);
      const ran = await world.run('run');
      assert.equal(ran.code, 0, ran.stdout + ran.stderr);
      clean = await world.contents();
    } finally {
      await world.close();
    }
  });

  for (const step of faultPoints) {
    for (const pass of passesOf[step] ?? [1, 3]) {
      it(`gives the same tables as a clean run: ${step}, pass ${pass}`, async () => {
        // Messages of the process that was killed come back when their visibility ends.
        const world = await makeWorld({
          pipelines: [{ limits: { waitTimeSeconds: 0, concurrency: 1, visibilityTimeoutSeconds: 1 } }],
        });
        try {
          await fill(world);
          const killed = await world.spawnRun(['run'], { SP_REPORTS_CRASH_AT: `${step}:${pass}` });
          assert.equal(killed.code, null, `the program passed ${step} and was not killed: ${killed.stderr}`);
          await runUntilEmpty(world);
          assert.deepEqual(await world.contents(), clean);
        } finally {
          await world.close();
        }
      });
    }
  }

  it('has rows, a reject and a ledger to compare', () => {
    assert.equal(clean._loads?.length, 3);
    assert.equal(clean._rejects?.length, 1);
    assert.equal(clean.orders_by_last_update?.length, 3);
    assert.equal(clean.listings?.length, 3);
  });
});
