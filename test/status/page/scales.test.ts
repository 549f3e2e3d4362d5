import assert from 'node:assert/strict';
import fc from 'fast-check';
import { axisSteps, scale, timeSteps } from '../../../src/status/page/scales.js';

const anyNumber = fc.oneof(
  fc.double({ noNaN: false }),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.integer({ min: -20, max: 20 }),
  fc.constantFrom(5e-324, -5e-324, 1e-300, Number.MAX_VALUE, -Number.MAX_VALUE),
);
const dayMs = 86_400_000;

describe('the axis of a chart', () => {
  it('goes from a round number below the lowest value to one above the highest, over 0', () => {
    assert.deepEqual(axisSteps(-11, 10), [-20, -10, 0, 10]);
    assert.deepEqual(axisSteps(0, 14_337), [0, 5000, 10_000, 15_000]);
    assert.deepEqual(axisSteps(-3, -1), [-3, -2, -1, 0]);
    assert.deepEqual(axisSteps(0, 0.3), [0, 0.1, 0.2, 0.3]);
    assert.deepEqual(axisSteps(0, 0), [0, 1]);
  });

  it('has two to seven equal steps that ascend, with 0 among them, for any values', () => {
    fc.assert(
      fc.property(anyNumber, anyNumber, (a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const steps = axisSteps(low, high);
        assert.ok(steps.length >= 2 && steps.length <= 7, `${steps.length} steps`);
        assert.ok(steps.every(Number.isFinite), String(steps));
        assert.ok(
          steps.some((step) => step === 0),
          String(steps),
        );
        assert.ok(
          steps.every((step, index) => index === 0 || step > (steps[index - 1] ?? 0)),
          String(steps),
        );
        if (!(Math.abs(low) < 1e299) || !(Math.abs(high) < 1e299)) return;
        const span = Math.max(high, 0) - Math.min(low, 0);
        const near = span * 1e-9 + 1e-299;
        assert.ok(
          (steps[0] ?? 0) <= low + near && (steps.at(-1) ?? 0) >= high - near,
          `${low} to ${high}: ${steps}`,
        );
      }),
    );
  });

  it('places values in their order, each within the chart', () => {
    fc.assert(
      fc.property(anyNumber, anyNumber, (a, b) => {
        if (Number.isNaN(a) || Number.isNaN(b)) return;
        const y = scale(axisSteps(Math.min(a, b), Math.max(a, b)), 176, 12);
        for (const value of [a, b]) assert.ok(y(value) >= 12 && y(value) <= 176, `${value}: ${y(value)}`);
        if (a < b) assert.ok(y(a) >= y(b), `${a} is not below ${b}`);
        // On one side of 0 is below it.
        if (a < 0) assert.ok(y(a) >= y(0));
      }),
    );
  });
});

describe('the time axis of a chart', () => {
  it('marks days, hours or months, by how long it is', () => {
    const at = (text: string) => Date.parse(text);
    const texts = (from: string, to: string) => timeSteps(at(from), at(to), 6).map(({ text }) => text);
    assert.deepEqual(texts('2026-11-28', '2026-12-01'), ['11-28', '11-29', '11-30', '12-01']);
    assert.deepEqual(texts('2026-11-28T10:20Z', '2026-11-28T13:00Z'), [
      '10:30',
      '11:00',
      '11:30',
      '12:00',
      '12:30',
      '13:00',
    ]);
    assert.deepEqual(texts('2026-01-15', '2026-12-01'), ['2026-04', '2026-07', '2026-10']);
    assert.deepEqual(texts('1990-06-01', '2026-06-01'), ['2000', '2010', '2020']);
  });

  it('has few marks, all of them within the time, for any times', () => {
    const ms = fc.integer({ min: Date.UTC(1000, 0), max: Date.UTC(3000, 0) });
    fc.assert(
      fc.property(
        ms,
        fc.oneof(fc.integer({ min: 0, max: 100 * dayMs }), fc.nat(3e13)),
        fc.integer({ min: 2, max: 20 }),
        (from, length, max) => {
          const steps = timeSteps(from, from + length, max);
          assert.ok(steps.length <= max + 1, `${steps.length} of ${max}`);
          for (const [index, step] of steps.entries()) {
            assert.ok(step.ms >= from && step.ms <= from + length);
            assert.ok(index === 0 || step.ms > (steps[index - 1]?.ms ?? 0));
            assert.match(step.text, /^\d\d(\d\d)?([-:]\d\d)?$/);
          }
        },
      ),
    );
  });
});
