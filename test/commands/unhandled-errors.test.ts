import assert from 'node:assert/strict';
import { listings, listingsType, makeWorld, sellerId, type World } from '../ingest/world.js';

const hook = new URL('./provoke-unhandled.mjs', import.meta.url).href;

describe('an error that nothing handles', () => {
  let world: World;
  beforeEach(async () => {
    world = await makeWorld();
    for (const count of [1, 2, 3])
      await world.sandbox.notify(
        world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(count) }),
      );
  });
  afterEach(() => world.close());

  for (const origin of ['unhandledRejection', 'uncaughtException']) {
    it(`ends a run as ${origin}: logged without secrets, its messages released, nothing lost`, async () => {
      const { code, stderr } = await world.spawnRun(['run'], {
        NODE_OPTIONS: `--import ${hook}`,
        PROVOKE_UNHANDLED: origin,
      });
      assert.equal(code, 1);
      const lines = stderr.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
      const [logged] = lines.filter(({ level }) => level === 60);
      assert.deepEqual([logged.code, logged.origin], ['UNEXPECTED', origin]);
      assert.match(logged.msg, /nothing handles: provoked with <redacted>$/);
      assert.match(logged.stack, /^TypeError: provoked with <redacted>\n +at .*provoke-unhandled/);
      assert.deepEqual(await world.sandbox.queueDepth(), { visible: 3, inFlight: 0 });
      assert.equal((await world.run('run')).code, 0);
      const [loaded] = await world.query("SELECT count(*) AS n FROM _loads WHERE status = 'loaded'");
      assert.equal(Number(loaded?.n), 3);
    });
  }
});
