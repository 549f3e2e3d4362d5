import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { buildProgram } from './program.js';
import { Replicas } from './replicas.js';
import { automaticTypes } from './report-contents.js';
import { World } from './world.js';

const dayMs = 86_400_000;
const megabyte = 2 ** 20;
/**
 * Amazon and the warehouse keep some 7 MB; 30 bytes for each check of the schedule would be more.
 */
const maxMegabytes = 15;

describe('a simulated program that runs for 40 days', () => {
  it(`grows by less than ${maxMegabytes} MB in the last 30 of them`, async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const startMs = Date.UTC(2026, 9, 5);
    const world = new World({ seed: 1, program: await buildProgram(), sellers: 2, replicas: 1, startMs });
    for (let day = 0; day < 40; day += 1) {
      const [sellerId = ''] = world.sellerIds;
      for (const type of automaticTypes)
        world.loop.after(day * dayMs, () => world.amazon.begin(sellerId, type));
    }
    const replicas = new Replicas(world, (process) => assert.fail(`${process.name} ended`));
    replicas.begin();
    const heapAfter = async (days: number) => {
      await world.loop.run(startMs + days * dayMs);
      collect();
      return process.memoryUsage().heapUsed;
    };
    const early = await heapAfter(10);
    const late = await heapAfter(40);
    replicas.killAll();
    assert.equal(replicas.starts, 1);
    assert.ok(world.database.ledger.size > 120);
    const grown = (late - early) / megabyte;
    assert.ok(grown < maxMegabytes, `${grown.toFixed(1)} MB more`);
  });
});
