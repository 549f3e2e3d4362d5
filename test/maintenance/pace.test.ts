import assert from 'node:assert/strict';
import { openPace } from '../../src/maintenance/pace.js';
import { simulateClock } from '../runtime/simulated-clock.js';

describe('the pace of reading files', () => {
  it('lets a file wait until those before it would have been read at the rate', async () => {
    const clock = simulateClock(0);
    const pace = openPace(100, clock);
    const startsMs: number[] = [];
    await clock.runUntil(
      (async () => {
        for (const bytes of [300, 100, 0, 50]) {
          await pace.beforeReading(bytes);
          startsMs.push(clock.now());
        }
      })(),
    );
    assert.deepEqual(startsMs, [0, 3000, 4000, 4000]);
  });

  it('does not save up the time in which nothing is read', async () => {
    const clock = simulateClock(0);
    const pace = openPace(100, clock);
    await clock.runUntil(clock.sleep(60_000));
    await pace.beforeReading(1000);
    await clock.runUntil(pace.beforeReading(1));
    assert.equal(clock.now(), 70_000);
  });

  it('ends with the reason of its signal, while it waits and afterwards', async () => {
    const stop = new AbortController();
    const pace = openPace(1, simulateClock(0), stop.signal);
    await pace.beforeReading(1000);
    const waiting = pace.beforeReading(1);
    const reason = new Error('stopped');
    stop.abort(reason);
    await assert.rejects(waiting, reason);
    await assert.rejects(pace.beforeReading(0), reason);
  });
});
