import assert from 'node:assert/strict';
import { openPolled } from '../../src/status/polled.js';

describe('a polled reading', () => {
  const open = (read: () => Promise<string>, isDue = () => true, options = {}) => {
    let nowMs = 0;
    const clock = {
      now: () => nowMs,
      sleep: async (ms: number) => {
        nowMs += ms;
      },
      every: () => assert.fail(),
    };
    return openPolled(read, { clock, isDue, ...options });
  };

  it('is not repeated before it is due', async () => {
    let readings = 0;
    const ask = open(
      async () => {
        readings += 1;
        return `reading ${readings}`;
      },
      () => false,
    );
    await ask();
    assert.deepEqual([(await ask()).value, readings], ['reading 1', 1]);
  });

  it('keeps the last good result, and since when it fails', async () => {
    const answers = [
      async () => 'first',
      async () => assert.fail('lost'),
      async () => assert.fail('lost again'),
    ];
    const ask = open(async () => answers.shift()?.() ?? 'back');
    for (let times = 0; times < 2; times += 1) await ask();
    const first = await ask();
    assert.equal(first.value, 'first');
    assert.equal(first.problem?.message, 'lost again');
    assert.equal((await ask()).problem, undefined);
  });

  it('makes nobody wait for a reading that hangs', async () => {
    let done = (_: string) => {};
    const ask = open(() => new Promise((resolve) => (done = resolve)));
    assert.deepEqual(await ask(), {});
    done('late');
    await new Promise(setImmediate);
    assert.equal((await ask()).value, 'late');
  });

  it('can be awaited by a caller, however long it takes', async () => {
    const read = () => new Promise<string>((resolve) => setImmediate(() => resolve('late')));
    assert.equal((await open(read, () => true, { waitsForReading: true })()).value, 'late');
  });
});
