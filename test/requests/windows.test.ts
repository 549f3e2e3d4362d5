import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Span } from '../../src/yaml/span.js';
import {
  isPeriodOf,
  lastWindow,
  minDataEndMs,
  reportPeriod,
  windowsBetween,
} from '../../src/requests/windows.js';
import { runs } from '../property-runs.js';

const dayMs = 86_400_000;
const startMs = Date.UTC(2023, 0, 1);
const endMs = Date.UTC(2027, 0, 1);
const spans: fc.Arbitrary<Span> = fc.oneof(
  fc.record({ count: fc.integer({ min: 1, max: 48 }), unit: fc.constant('hour' as const) }),
  fc.record({ count: fc.integer({ min: 1, max: 40 }), unit: fc.constant('day' as const) }),
  fc.record({ count: fc.constant(1), unit: fc.constantFrom('week', 'month', 'quarter', 'year') }),
);
const times = fc.integer({ min: startMs, max: endMs });

describe('the windows of a request', () => {
  it('follow each other without a gap, cover all time but the latest, and do not depend on the current time', () => {
    const property = fc.property(
      spans,
      times,
      fc.integer({ min: 0, max: 400 }),
      times,
      (span, sinceMs, days, anchorMs) => {
        const untilMs = sinceMs + days * dayMs;
        const windows = [...windowsBetween(span, sinceMs, untilMs, anchorMs)];
        for (const [index, window] of windows.entries()) {
          assert.ok(window.startMs < window.endMs && window.endMs <= untilMs && window.endMs > sinceMs);
          assert.equal(window.startMs, windows[index - 1]?.endMs ?? window.startMs);
        }
        const first = windows[0];
        if (first) {
          assert.ok(first.startMs <= sinceMs);
          assert.deepEqual(windows.at(-1), lastWindow(span, untilMs, anchorMs));
          // Computed again from the middle: the same windows.
          const again = [...windowsBetween(span, first.endMs, untilMs, anchorMs)];
          assert.deepEqual(again, windows.slice(1));
        }
      },
    );
    fc.assert(property, { numRuns: runs(200) });
  });

  it('are sent to Amazon to the second, and recognized when Amazon returns them', () => {
    fc.assert(
      fc.property(spans, times, (span, untilMs) => {
        const window = lastWindow(span, untilMs);
        const { dataStart = '', dataEnd = '' } = reportPeriod(window);
        assert.ok(isPeriodOf(window, { dataStart, dataEnd }));
        assert.ok(isPeriodOf(window, { dataStart, dataEnd: new Date(window.endMs).toISOString() }));
        // A report for which Amazon returns the last day as its beginning.
        const [startsAt, lastDayMs] = [dataStart, window.endMs - dayMs];
        const isOfIt = isPeriodOf(window, {
          dataStart: startsAt,
          dataEnd: new Date(lastDayMs).toISOString(),
        });
        assert.ok(!isOfIt || lastDayMs >= minDataEndMs(window.endMs - 1));
        assert.ok(Date.parse(dataEnd) >= minDataEndMs(window.endMs - 1));
        const next = { startMs: window.endMs, endMs: 2 * window.endMs - window.startMs };
        assert.ok(!isPeriodOf(next, { dataStart, dataEnd }));
      }),
      { numRuns: runs(200) },
    );
  });

  for (const [name, span, dataStart, dataEnd] of [
    ['the last whole day', { count: 1, unit: 'day' }, '2026-11-24', '2026-11-24'],
    [
      "Amazon's last whole week, from Sunday to Saturday",
      { count: 1, unit: 'week' },
      '2026-11-15',
      '2026-11-21',
    ],
    [
      "Amazon's last whole week if they are seven days long",
      { count: 7, unit: 'day' },
      '2026-11-15',
      '2026-11-21',
    ],
    ['the last whole month', { count: 1, unit: 'month' }, '2026-10-01', '2026-10-31'],
    ['the last whole quarter', { count: 1, unit: 'quarter' }, '2026-07-01', '2026-09-30'],
    ['the last whole year', { count: 1, unit: 'year' }, '2025-01-01', '2025-12-31'],
  ] as [string, Span, string, string][]) {
    it(`begin on Wednesday, 25 November 2026 with ${name}`, () => {
      const window = reportPeriod(lastWindow(span, Date.UTC(2026, 10, 25, 17)));
      assert.deepEqual(window, { dataStart: `${dataStart}T00:00:00Z`, dataEnd: `${dataEnd}T23:59:59Z` });
    });
  }
});
