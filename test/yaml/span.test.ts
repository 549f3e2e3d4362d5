import assert from 'node:assert/strict';
import fc from 'fast-check';
import { beforeMs, maxSpanMs, type Span, span, spanText, spanUnits } from '../../src/yaml/span.js';

const anySpan = fc.record(
  { count: fc.integer({ min: 0, max: 999 }), unit: fc.constantFrom(...spanUnits) },
  { noNullPrototype: true },
);

describe('a span of time', () => {
  it('is read back from its text', () => {
    fc.assert(
      fc.property(anySpan, (each) => {
        assert.deepEqual(span(spanUnits, '1 day').parse(spanText(each)), each);
      }),
    );
  });

  it('before a time is never longer than at its longest, and moves back with its count', () => {
    const nowMs = fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2100, 0) });
    fc.assert(
      fc.property(nowMs, anySpan, (atMs, { count, unit }) => {
        const [less, more] = [beforeMs(atMs, { count, unit }), beforeMs(atMs, { count: count + 1, unit })];
        assert.ok(more < less && less <= atMs);
        assert.ok(atMs - less <= maxSpanMs({ count, unit }));
      }),
    );
  });

  it('of months ends at the last day of a shorter month', () => {
    const cases: [string, Span, string][] = [
      ['2026-03-31T10:20:30Z', { count: 1, unit: 'month' }, '2026-02-28T10:20:30Z'],
      ['2024-05-31T00:00:00Z', { count: 1, unit: 'quarter' }, '2024-02-29T00:00:00Z'],
      ['2026-11-30T12:00:00Z', { count: 18, unit: 'month' }, '2025-05-30T12:00:00Z'],
      ['2028-02-29T23:59:59Z', { count: 2, unit: 'year' }, '2026-02-28T23:59:59Z'],
      ['2026-11-30T12:00:00Z', { count: 36, unit: 'hour' }, '2026-11-29T00:00:00Z'],
    ];
    for (const [at, each, before] of cases) assert.equal(beforeMs(Date.parse(at), each), Date.parse(before));
  });
});
