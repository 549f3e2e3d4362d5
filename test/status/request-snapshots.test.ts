import assert from 'node:assert/strict';
import { openRequestStore } from '../../src/requests/request-store.js';
import { requestSnapshots } from '../../src/status/request-snapshots.js';
import { asins, FanOutWorld } from '../requests/fan-out-world.js';

describe('the requests on the status page', () => {
  it('show how many parts of the newest window are done', async () => {
    const world = new FanOutWorld(Date.UTC(2026, 9, 12, 12), 1);
    try {
      world.items = asins(18 * 30);
      await world.turn();
      world.end();
      await world.turn();
      const context = world.context(world.pipeline());
      const store = openRequestStore(world.folder, context);
      const [found] = requestSnapshots(world.pipeline(), context, store);
      assert.deepEqual(found?.parts, {
        dataStart: '2026-10-04T00:00:00Z',
        dataEnd: '2026-10-10T23:59:59Z',
        done: 20,
        total: 30,
        windows: 1,
      });
    } finally {
      world.close();
    }
  });
});
