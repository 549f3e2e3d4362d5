import assert from 'node:assert/strict';
import { openBreaks } from '../../src/runtime/breaks.js';

describe('breaks in a long computation', () => {
  it('let other work run, and only after the computation has taken long', async () => {
    let nowMs = 1000;
    const takeBreak = openBreaks(() => nowMs);
    const computeFor = (ms: number) => {
      nowMs += ms;
      return takeBreak();
    };
    assert.equal(computeFor(10), undefined);
    let hasOtherWorkRun = false;
    setImmediate(() => {
      hasOtherWorkRun = true;
    });
    const pause = computeFor(15);
    assert.ok(pause);
    await pause;
    assert.equal(hasOtherWorkRun, true);
    assert.equal(computeFor(10), undefined, 'the time starts again after a break');
    assert.ok(computeFor(15));
  });
});
