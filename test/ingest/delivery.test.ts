import assert from 'node:assert/strict';
import { type Proxies, startProxies } from '../faults/proxy.js';
import { until } from '../runtime/until.js';
import { itEndsCrashes } from './crashing-document.js';
import { compareContents, crashTypes, makeCrashWorld, runUntilEmpty } from './crash-matrix.js';
import { sellerId, type World } from './world.js';

const nothing = { lost: 0, twice: 0, differences: [] };

/** This many documents of each load mode, each notified twice, the second time in another order. */
async function fill({ sandbox }: World, each: number): Promise<void> {
  const reports = crashTypes.flatMap((reportType, mode) =>
    Array.from({ length: each }, (_, index) =>
      sandbox.addReport({
        sellerId,
        reportType,
        reportId: String(1000 + mode * 100 + index),
        documentId: `delivery-${mode}-${index}`,
        createdAt: new Date(Date.UTC(2026, 9, 1) + ((index * 7) % each) * 60_000),
        body: Buffer.from(`id\tamount\tquantity\n${index % 2}\t1.5\t${index}\n9\t2\t${index}\n`),
      }),
    ),
  );
  for (const report of [...reports, ...reports.toReversed()]) await sandbox.notify(report);
}

async function undisturbed(each: number): Promise<Record<string, unknown[]>> {
  const world = await makeCrashWorld();
  try {
    await fill(world, each);
    await runUntilEmpty(world);
    return await world.contents();
  } finally {
    await world.close();
  }
}

async function assertSame(world: World, each: number): Promise<void> {
  const { lost, twice, differences } = compareContents(await world.contents(), await undisturbed(each));
  assert.deepEqual({ lost, twice, differences }, nothing);
}

describe('delivery of messages', () => {
  it('may duplicate and reorder them for two programs that drain one queue at the same time', async () => {
    const world = await makeCrashWorld();
    try {
      await fill(world, 3);
      const [here, there] = await Promise.all([world.run('run'), world.spawnRun(['run'])]);
      assert.equal(here.stderr.includes('"level":50'), false, here.stderr);
      assert.notEqual(there.code, null, there.stderr);
      await world.sandbox.returnMessages();
      await runUntilEmpty(world);
      await assertSame(world, 3);
    } finally {
      await world.close();
    }
  });

  it('again while a document is being loaded loads the document once', async () => {
    let proxies: Proxies | undefined;
    const world = await makeCrashWorld({
      pipelines: [{ limits: { waitTimeSeconds: 0, concurrency: 2, visibilityTimeoutSeconds: 1 } }],
      through: async (sandbox) => {
        proxies = await startProxies(sandbox);
        return proxies;
      },
    });
    try {
      await fill(world, 1);
      const extend = /ChangeMessageVisibilityBatch/;
      const refused = { what: 'answer', status: 400, body: '{"__type":"InvalidParameterValue"}' } as const;
      proxies?.faults.push({ service: 'queue', of: extend, wrong: refused, times: 100 });
      world.sandbox.state.faults.holds.set('download', { ms: 2500, times: 2 });
      const first = world.run('run');
      await until(async () => (await world.sandbox.queueDepth()).visible > 0);
      const second = world.run('run');
      await Promise.all([first, second]);
      await world.sandbox.returnMessages();
      await runUntilEmpty(world);
      await assertSame(world, 1);
    } finally {
      await world.close();
      await proxies?.close();
    }
  });

  const poison = ['hello', '{}', '[]', '{"notificationType":"REPORT_PROCESSING_FINISHED","payload":{}}'];

  it('that are unreadable ends in the dead-letter queue within three receives, and blocks nothing', async () => {
    const world = await makeCrashWorld({ maxReceiveCount: 3 });
    try {
      for (const body of poison) await world.sandbox.sendBody(body);
      await fill(world, 1);
      await world.run('run');
      assert.equal((await world.contents())._loads?.length, crashTypes.length);
      for (let receives = 2; receives <= 3; receives += 1) {
        await world.sandbox.returnMessages();
        await world.run('run');
      }
      await world.sandbox.returnMessages();
      // The receive after the last that is allowed moves them.
      await world.run('run');
      assert.deepEqual((await world.sandbox.deadLetters()).sort(), poison.toSorted());
      assert.deepEqual(await world.sandbox.queueDepth(), { visible: 0, inFlight: 0 });
      await assertSame(world, 1);
    } finally {
      await world.close();
    }
  });

  it('that are unreadable ends in the ledger at once if there is no dead-letter queue', async () => {
    const world = await makeCrashWorld();
    try {
      for (const body of [...poison, ...poison]) await world.sandbox.sendBody(body);
      await fill(world, 1);
      await world.run('run');
      assert.deepEqual(await world.sandbox.queueDepth(), { visible: 0, inFlight: 0 });
      const loads = await world.query("SELECT body FROM _loads WHERE status = 'quarantined' ORDER BY body");
      assert.deepEqual(loads.map(({ body }) => body).sort(), poison.toSorted());
    } finally {
      await world.close();
    }
  });

  // delivery.slow.test.ts has a queue without a redrive policy.
  itEndsCrashes(5);
});
