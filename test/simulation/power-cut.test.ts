import assert from 'node:assert/strict';
import { Random } from '../../src/sandbox/random.js';
import { buildProgram } from './program.js';
import { returns } from './report-contents.js';
import { World } from './world.js';

const hourMs = 3_600_000;

describe('a power cut just after a purge', () => {
  it('brings no document back whose personal data was removed', async () => {
    const program = await buildProgram();
    for (const seed of [1, 2]) {
      const startMs = Date.UTC(2026, 9, 5);
      const world = new World({ seed, program, sellers: 1, replicas: 1, startMs });
      const [host] = world.hosts;
      const [sellerId] = world.sellerIds;
      assert.ok(host && sellerId);
      for (let report = 0; report < 3; report += 1) world.amazon.begin(sellerId, returns);
      await world.loop.run(startMs + hourMs);
      assert.equal(await untilEnded(['run']), 0);
      await world.loop.run(startMs + 2 * hourMs);
      const before = raws();
      assert.equal(await untilEnded(['purge', '--older-than', '1h']), 0);
      world.disk.cutPower(new Random(seed));
      assert.ok(before.length > 0);
      assert.deepEqual(raws(), []);

      function raws(): string[] {
        return [...world.disk.walk('/data/raw')].map(([path]) => path).filter((path) => !/lock$/.test(path));
      }

      async function untilEnded(args: string[]): Promise<number | undefined> {
        let code: number | undefined;
        if (host)
          void world.run(host, args).ended.then((of) => {
            code = of ?? -1;
          });
        await world.loop.run(world.loop.nowMs + hourMs / 2, () => code !== undefined);
        return code;
      }
    }
  });
});
