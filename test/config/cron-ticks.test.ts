import assert from 'node:assert/strict';
import { lastTickMs } from '../../src/config/cron-ticks.js';

const nowMs = Date.UTC(2026, 10, 25, 17, 30, 20);

describe('the last time of a cron expression', () => {
  for (const [expression, timezone, expected] of [
    ['* * * * *', 'UTC', '2026-11-25T17:30:00.000Z'],
    ['30 17 * * *', 'UTC', '2026-11-25T17:30:00.000Z'],
    ['31 17 * * *', 'UTC', '2026-11-24T17:31:00.000Z'],
    ['0 6 * * *', 'Europe/Berlin', '2026-11-25T05:00:00.000Z'],
    ['0 6 * * *', 'Asia/Kathmandu', '2026-11-25T00:15:00.000Z'],
    ['0 6 * * SUN', 'America/Los_Angeles', '2026-11-22T14:00:00.000Z'],
    ['30 2 1 * *', 'UTC', '2026-11-01T02:30:00.000Z'],
    ['0 0 1 1 *', 'UTC', '2026-01-01T00:00:00.000Z'],
    ['15,45 * * * * *', 'UTC', '2026-11-25T17:30:15.000Z'],
    ['0 0 29 2 *', 'UTC', undefined],
    ['*/7 * 29 2 *', 'Pacific/Kiritimati', undefined],
    ['*/7 23 28 2 *', 'Pacific/Kiritimati', '2026-02-28T09:56:00.000Z'],
    ['59 23 31 12 *', 'Pacific/Niue', '2026-01-01T10:59:00.000Z'],
    ['0 12 L * *', 'UTC', '2026-10-31T12:00:00.000Z'],
    // The scheduler requires both the day and the weekday.
    ['0 12 1 * MON', 'UTC', '2026-06-01T12:00:00.000Z'],
  ] as const) {
    it(`is ${expected ?? 'over a year ago'} for ${expression} in ${timezone}`, () => {
      const ms = lastTickMs(expression, timezone, nowMs);
      assert.equal(ms === undefined ? undefined : new Date(ms).toISOString(), expected);
    });
  }
});
