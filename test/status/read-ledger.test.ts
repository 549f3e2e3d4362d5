import assert from 'node:assert/strict';
import { openLedgerPoll } from '../../src/status/read-ledger.js';
import { fakeContext } from '../ingest/fake-context.js';

describe('the ledger in BigQuery', () => {
  it('is read every ten minutes, and half a minute after a failure', async () => {
    let nowMs = 0;
    let readings = 0;
    let isDown = false;
    const context = fakeContext({
      config: {
        warehouse: {
          type: 'bigquery',
          project: 'p',
          dataset: 'd',
          location: 'EU',
          memoryLimitMegabytes: 100,
        },
      },
      warehouseFile: undefined,
      clock: { now: () => nowMs, sleep: () => new Promise(() => {}), every: () => () => {} },
      warehouse: {
        async overview() {
          readings += 1;
          if (isDown) throw new Error('503');
          return undefined;
        },
      },
    });
    const read = openLedgerPoll(context);
    const readAfter = async (seconds: number) => {
      nowMs += seconds * 1000;
      const { problem } = await read();
      return [readings, problem?.message];
    };
    assert.deepEqual(await readAfter(0), [1, undefined]);
    assert.deepEqual(await readAfter(599), [1, undefined]);
    isDown = true;
    assert.deepEqual(await readAfter(1), [2, '503']);
    assert.deepEqual(await readAfter(29), [2, '503']);
    isDown = false;
    assert.deepEqual(await readAfter(1), [3, undefined]);
    assert.deepEqual(await readAfter(599), [3, undefined]);
  });
});
