import assert from 'node:assert/strict';
import { pino } from 'pino';
import { cronTicker } from '../../src/runs/ticker.js';

describe('the ticker of node-cron', () => {
  const open = cronTicker(pino({ level: 'silent' }));
  const everySecond = {
    pipeline: 'all',
    kind: 'drain' as const,
    expressions: ['* * * * * *'],
    timezone: 'Europe/Berlin',
  };

  it('calls back each second, goes on after a restart, and ends', async () => {
    let ticked = () => {};
    let ticks = 0;
    const next = () =>
      new Promise<void>((resolve) => {
        ticked = resolve;
      });
    // It runs by the real clock.
    const ticker = open(everySecond, () => {
      ticks += 1;
      ticked();
    });
    await next();
    ticker.restart();
    await next();
    await next();
    await ticker.stop();
    assert.equal(ticks, 3);
  });

  it('calls back late after the process was blocked for longer than node-cron allows', async () => {
    const late = await new Promise<number>((resolve) => {
      const ticker = open({ ...everySecond, expressions: ['*/2 * * * * *'] }, () => {
        const lateMs = Date.now() % 2000;
        if (lateMs < 1000) return blockMs(2000 - lateMs + 1300);
        void ticker.stop();
        resolve(lateMs);
      });
    });
    assert.ok(late >= 1000, 'a tick that node-cron forgets is called back');
  });
});

/** Keeps the process busy, as a long conversion does. */
function blockMs(ms: number): void {
  const untilMs = Date.now() + ms;
  while (Date.now() < untilMs);
}
