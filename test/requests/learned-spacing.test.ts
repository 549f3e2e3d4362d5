import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  learnedMinutes,
  type LearnedSpacing,
  learnFrom,
  type ReportEnd,
} from '../../src/requests/learned-spacing.js';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const startMs = Date.UTC(2026, 9, 1);
let reports = 0;

const end = (parts: Partial<ReportEnd>): ReportEnd => {
  reports += 1;
  return { reportId: String(reports), hasData: true, minutesSince: 2, isAfterData: true, ...parts };
};
const paused = () => end({ minutesSince: 24 * 60 });
const tooSoon = (minutesSince = 2) => end({ hasData: false, minutesSince });
const learned = (ends: ReportEnd[], nowMs = startMs) =>
  learnedMinutes(
    ends.reduce<LearnedSpacing | undefined>((held, each) => learnFrom(held, each, startMs), undefined),
    nowMs,
  );

describe('the minimum interval that is learned', () => {
  it('is twice the time that proved too short twice', () => {
    assert.equal(learned([paused(), tooSoon()]), undefined);
    assert.equal(learned([paused(), tooSoon(), paused(), tooSoon()]), 4);
  });

  it('does not come from reports without data that do not follow one with data', () => {
    const without = end({ hasData: false, isAfterData: false });
    assert.equal(learned([paused(), tooSoon(), ...Array<ReportEnd>(9).fill(without)]), undefined);
  });

  it('does not come from reports without data if others that come as soon have data', () => {
    const ends = Array.from({ length: 20 }, () => [tooSoon(), end({})]).flat();
    assert.equal(learned(ends), undefined);
  });

  it('does not come from reports without data that come later than an hour after another', () => {
    assert.equal(learned([tooSoon(61), tooSoon(61), tooSoon(61)]), undefined);
  });

  it('grows whenever it proves too short, up to an hour', () => {
    const ends = [paused(), tooSoon(), paused(), tooSoon()];
    assert.equal(learned([...ends, paused(), tooSoon(4)]), 8);
    assert.equal(learned([...ends, ...Array.from({ length: 9 }, () => tooSoon(40))]), 60);
  });

  it('shrinks to a time after which a report has data, and by half in a week', () => {
    const ends = [tooSoon(20), tooSoon(20)];
    assert.equal(learned(ends), 40);
    assert.equal(learned([...ends, end({ minutesSince: 30 })]), 30);
    assert.equal(learned(ends, startMs + 7 * dayMs), 20);
    assert.equal(learned(ends, startMs + 60 * dayMs), undefined);
  });

  it('counts each report once', () => {
    const once = tooSoon();
    assert.equal(learned([once, once, once]), undefined);
  });

  it('finds the interval of an Amazon that cancels what comes too soon, and then loses at most eight reports in six weeks', () => {
    const property = fc.property(fc.integer({ min: 2, max: 30 }), (amazonMinutes) => {
      let held: LearnedSpacing | undefined;
      const cancelled: number[] = [];
      for (let day = 0; day < 60; day += 1) {
        // Each night, three reports one after the other.
        let isAfterData = true;
        for (let number = 0; number < 3; number += 1) {
          const nowMs = startMs + day * dayMs;
          const minutesSince = number === 0 ? 24 * 60 : Math.max(1, learnedMinutes(held, nowMs) ?? 0);
          const hasData = minutesSince >= amazonMinutes;
          if (!hasData) cancelled.push(day);
          held = learnFrom(held, end({ hasData, minutesSince, isAfterData }), nowMs);
          isAfterData = hasData;
        }
      }
      const late = cancelled.filter((day) => day >= 14);
      assert.ok(late.length <= 8, `${amazonMinutes}: ${cancelled}`);
      assert.ok((learnedMinutes(held, startMs + 60 * dayMs) ?? 0) <= 2 * amazonMinutes);
    });
    fc.assert(property);
  });
});
