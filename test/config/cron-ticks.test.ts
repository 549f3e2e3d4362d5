import assert from 'node:assert/strict';
import fc from 'fast-check';
import { lastTickMs, nextTick } from '../../src/config/cron-ticks.js';
import { runs } from '../property-runs.js';

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

describe('the last time of a cron expression that was looked for before', () => {
  it('is the one that is found without that', () => {
    const zones = ['Europe/Berlin', 'Australia/Lord_Howe', 'Asia/Kathmandu'];
    const expressions = ['0 3 * * *', '30 2 * * *', '*/20 * * * *', '15 1,2 * * SUN', '15,45 0 1 * * *'];
    const fromMs = Date.UTC(2026, 0, 1);
    let spelled = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.constantFrom(...expressions),
        fc.integer({ min: 0, max: 365 * 86_400 }),
        fc.array(fc.integer({ min: -200_000, max: 200_000 }), { maxLength: 4 }),
        (zone, expression, second, steps) => {
          let atMs = fromMs + second * 1000;
          for (const step of [0, ...steps]) {
            atMs += step * 1000;
            // Another spelling is another expression, which nothing was looked for with.
            spelled += 1;
            const fresh = expression.replace(' ', ' '.repeat(2 + spelled));
            assert.equal(lastTickMs(expression, zone, atMs), lastTickMs(fresh, zone, atMs));
          }
        },
      ),
      { numRuns: runs(30) },
    );
  });
});

describe('a cron expression in a time zone whose clocks are set', () => {
  const zone = 'Europe/Berlin';
  /** All ticks of two days, from the last to the first. */
  const ticks = (expression: string, timezone: string, fromMs: number) => {
    const found: string[] = [];
    let at: number | undefined = fromMs + 48 * 3_600_000;
    while (at !== undefined) {
      at = lastTickMs(expression, timezone, at, fromMs);
      if (at === undefined) break;
      found.unshift(new Date(at).toISOString().slice(5, 16));
      at -= 1;
    }
    return found;
  };
  const spring = Date.UTC(2026, 2, 28, 12);
  const autumn = Date.UTC(2026, 9, 24, 12);

  it('is due once for a time that occurs twice', () => {
    assert.deepEqual(ticks('30 2 * * *', zone, autumn), ['10-25T00:30', '10-26T01:30']);
  });

  it('is due an hour later for a time that does not occur', () => {
    assert.deepEqual(ticks('30 2 * * *', zone, spring), ['03-29T01:30', '03-30T00:30']);
    assert.deepEqual(ticks('0 2 * * *', zone, spring), ['03-29T01:00', '03-30T00:00']);
  });

  it('is due at its usual time just before and after the change', () => {
    assert.deepEqual(ticks('59 1 * * *', zone, spring), ['03-29T00:59', '03-29T23:59']);
    assert.deepEqual(ticks('0 3 * * *', zone, spring), ['03-29T01:00', '03-30T01:00']);
    assert.deepEqual(ticks('0 3 * * *', zone, autumn), ['10-25T02:00', '10-26T02:00']);
    assert.deepEqual(ticks('59 1 * * *', zone, autumn), ['10-24T23:59', '10-26T00:59']);
  });

  it('is due every hour that passes if it names no hour', () => {
    for (const fromMs of [spring, autumn]) assert.equal(ticks('15 * * * *', zone, fromMs).length, 48);
  });

  it('knows clocks that are set by half an hour', () => {
    const lord = 'Australia/Lord_Howe';
    assert.deepEqual(ticks('45 1 * * *', lord, Date.UTC(2026, 3, 4, 0)), ['04-04T14:45', '04-05T15:15']);
    assert.deepEqual(ticks('15 2 * * *', lord, Date.UTC(2026, 9, 3, 0)), ['10-03T15:45', '10-04T15:15']);
  });
});

describe('the next time of cron expressions', () => {
  for (const [expressions, timezone, now, expected] of [
    [['0 3 * * *'], 'UTC', '2026-11-25T17:30:20Z', '2026-11-26T03:00:00.000Z'],
    [['30 17 * * *', '45 17 * * *'], 'UTC', '2026-11-25T17:30:00Z', '2026-11-25T17:45:00.000Z'],
    [['0 6 * * SUN'], 'America/Los_Angeles', '2026-10-31T12:00:00Z', '2026-11-01T14:00:00.000Z'],
    // Clocks are set back, after the time was due once, and forward, past it.
    [['30 2 * * *'], 'Europe/Berlin', '2026-10-25T00:30:00Z', '2026-10-26T01:30:00.000Z'],
    [['30 2 * * *'], 'Europe/Berlin', '2026-03-28T12:00:00Z', '2026-03-29T01:30:00.000Z'],
    [['0 2 * * *'], 'Australia/Lord_Howe', '2026-10-03T12:00:00Z', '2026-10-03T15:30:00.000Z'],
    [['0 0 29 2 *'], 'UTC', '2026-11-25T17:30:20Z', '2028-02-29T00:00:00.000Z'],
    [['0 0 30 2 *'], 'UTC', '2026-11-25T17:30:20Z', undefined],
    [[], 'UTC', '2026-11-25T17:30:20Z', undefined],
  ] as const) {
    it(`is ${expected ?? 'unknown'} for ${expressions.join(', ') || 'no expression'} in ${timezone} after ${now}`, () => {
      assert.equal(nextTick([...expressions], timezone, Date.parse(now)), expected);
    });
  }

  it('is the tick that the schedule will run, whichever times are looked at in between', () => {
    const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu'];
    const expressions = ['0 3 * * *', '30 2 * * *', '*/20 * * * *', '15 1,2 * * SUN', '0 0 1 * *'];
    const fromMs = Date.UTC(2026, 0, 1);
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.constantFrom(...expressions),
        fc.integer({ min: 0, max: 365 * 1440 }),
        fc.integer({ min: -3000, max: 3000 }),
        (zone, expression, minute, minutesLater) => {
          for (const nowMs of [minute, minute + minutesLater].map((each) => fromMs + each * 60_000)) {
            const nextMs = Date.parse(nextTick([expression], zone, nowMs) ?? '');
            assert.ok(nextMs > nowMs);
            assert.equal(lastTickMs(expression, zone, nextMs), nextMs);
            assert.equal(lastTickMs(expression, zone, nextMs - 1, nowMs), undefined);
          }
        },
      ),
      { numRuns: runs(40) },
    );
  });
});
