import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { asins, type Fate, FanOutWorld, fates, type PartReport } from './fan-out-world.js';
import { runs } from '../property-runs.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** A Monday; Amazon's week has ended the day before. */
const mondayMs = Date.UTC(2026, 9, 12, 12);

describe('requests per item', () => {
  let world: FanOutWorld;
  afterEach(() => world.close());

  const weeksOf = (reports: PartReport[]) => [...new Set(reports.map(({ dataStart }) => dataStart))];
  const itemsOf = (reports: PartReport[]) => reports.flatMap(({ items }) => items.split(' '));

  it('divide a window into full reports, the most important items first, and complete it part by part', async () => {
    world = new FanOutWorld(mondayMs, 1);
    await world.turn();
    const { reports } = world;
    assert.deepEqual(
      reports.map(({ items }) => items.split(' ').length),
      [18, 18, 4],
    );
    assert.deepEqual(itemsOf(reports), world.items);
    assert.deepEqual(weeksOf(reports), ['2026-10-04T00:00:00Z']);
    world.end(({ reportId }) => (reportId === '1' ? undefined : 'DONE'));
    await world.turn();
    const [open] = world.progress().fanOuts ?? [];
    assert.deepEqual(open?.open, [reports[1]?.items]);
    assert.equal(world.progress().doneUntil, '2026-10-05T00:00:00.000Z');
    world.end();
    world.nowMs += hourMs;
    await world.turn();
    const { windows, fanOuts, doneUntil } = world.progress();
    assert.deepEqual([windows, fanOuts], [[], []]);
    assert.equal(doneUntil, '2026-10-11T00:00:00.000Z');
    assert.equal(world.reports.length, 3);
  });

  it('request 20 reports in a day and continue the next day, without a report twice', async () => {
    world = new FanOutWorld(mondayMs, 1);
    world.items = asins(18 * 45);
    const perDay: number[] = [];
    for (let day = 0; day < 4; day += 1) {
      const before = world.reports.length;
      for (let hour = 0; hour < 24; hour += 1) {
        world.end();
        await world.turn();
        world.nowMs += hourMs;
      }
      perDay.push(world.reports.length - before);
    }
    assert.deepEqual(perDay, [20, 20, 5, 0]);
    assert.deepEqual(itemsOf(world.reports), world.items);
  });

  it('keep the parts of a window when the items change, and use the new items for the next one', async () => {
    world = new FanOutWorld(mondayMs, 1);
    world.fates = ['answered', 'no quota'];
    await world.turn();
    world.items = asins(20, 100);
    await world.turn();
    assert.deepEqual(itemsOf(world.reports), asins(40));
    world.end();
    world.nowMs += 7 * dayMs;
    await world.turn();
    assert.deepEqual(itemsOf(world.reports.slice(3)), asins(20, 100));
    assert.deepEqual(weeksOf(world.reports.slice(3)), ['2026-10-11T00:00:00Z']);
  });

  it('request the newest window first, then the oldest', async () => {
    world = new FanOutWorld(mondayMs, 4);
    world.items = asins(18 * 8);
    for (let day = 0; day < 2; day += 1) {
      world.end();
      await world.turn();
      world.nowMs += dayMs + hourMs;
    }
    const weeks = world.reports.map(({ dataStart }) => dataStart?.slice(5, 10));
    assert.deepEqual(weeks.slice(0, 8), Array(8).fill('10-04'));
    assert.deepEqual([...new Set(weeks)].length, 4);
    assert.equal(world.reports.length, 32);
  });

  it('request no window again that is done when the request begins earlier', async () => {
    world = new FanOutWorld(mondayMs, 2);
    await world.turn();
    world.end();
    await world.turn();
    assert.equal(world.progress().doneUntil, '2026-10-11T00:00:00.000Z');
    world.from = '2026-09-14';
    for (let hour = 0; hour < 3; hour += 1) {
      await world.turn();
      world.end();
    }
    assert.deepEqual(
      weeksOf(world.reports)
        .map((week) => week.slice(5, 10))
        .toSorted(),
      ['09-13', '09-20', '09-27', '10-04'],
    );
    assert.equal(world.reports.length, 4 * 3);
    assert.equal(world.progress().doneUntil, '2026-10-11T00:00:00.000Z');
  });

  it('continue with the divided windows if the query fails, and report that', async () => {
    world = new FanOutWorld(mondayMs, 1);
    world.fates = ['answered', 'no quota'];
    await world.turn();
    world.nowMs += 7 * dayMs;
    world.items = [];
    const summary = await world.turn();
    assert.deepEqual(
      summary?.failures.map(({ code }) => code),
      ['REQUEST_ITEMS_MISSING'],
    );
    assert.deepEqual(itemsOf(world.reports), asins(40));
  });

  it('abandon a part that fails four times, complete its window, and request only that part with --again', async () => {
    world = new FanOutWorld(mondayMs, 1);
    const bad = asins(40).slice(18, 36).join(' ');
    for (let day = 0; day < 5; day += 1) {
      await world.turn();
      world.end(({ items }) => (items === bad ? 'FATAL' : 'DONE'));
      world.nowMs += dayMs;
    }
    const given = world.progress();
    assert.deepEqual(
      given.abandoned.map(({ items, found }) => [items, found]),
      [[bad, 'FATAL']],
    );
    assert.deepEqual([given.fanOuts, given.doneUntil], [[], '2026-10-11T00:00:00.000Z']);
    const before = world.reports.length;
    await world.turn({ forceRetries: true });
    assert.deepEqual(
      world.reports.slice(before).map(({ items }) => items),
      [bad],
    );
    world.end();
    await world.turn();
    assert.deepEqual([world.progress().fanOuts, world.progress().abandoned], [[], []]);
  });

  it('abandon the oldest parts if the items need more reports than Amazon allows, and keep the state small', async () => {
    world = new FanOutWorld(mondayMs, 1);
    world.items = asins(10_000);
    const given: string[] = [];
    for (let week = 0; week < 7; week += 1) {
      world.end();
      const summary = await world.turn();
      given.push(...(summary?.failures ?? []).map(({ code }) => String(code)));
      world.nowMs += 7 * dayMs;
    }
    assert.ok(given.length > 0);
    assert.deepEqual([...new Set(given)], ['REPORT_PARTS_LEFT']);
    const bytes = readFileSync(join(world.folder, 'requests.json')).length;
    assert.ok(bytes < 1_000_000, `${bytes} bytes`);
    const [week] = weeksOf(world.reports).slice(-1);
    const newest = world.reports.filter(({ dataStart }) => dataStart === week);
    assert.deepEqual(itemsOf(newest), asins(newest.length * 18));
  });

  it('are counted as done part by part, with the days that the rest takes', async () => {
    world = new FanOutWorld(mondayMs, 1);
    world.items = asins(18 * 120);
    await world.turn();
    world.end(({ reportId }) => (Number(reportId) < 17 ? 'DONE' : undefined));
    const summary = await world.turn();
    assert.deepEqual(
      summary?.parts.map(({ dataStart, dataEnd, total, done, inFlight, days }) => ({
        dataStart,
        dataEnd,
        total,
        done,
        inFlight,
        days,
      })),
      [
        {
          dataStart: '2026-10-04T00:00:00Z',
          dataEnd: '2026-10-10T23:59:59Z',
          total: 120,
          done: 17,
          inFlight: 3,
          days: 5,
        },
      ],
    );
  });

  it('complete every part of every window after random crashes, and never request one twice while its report may come', async () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.array(fc.constantFrom<Fate>('answered', 'answered', ...fates), { maxLength: 5 }),
      },
      { weight: 3, arbitrary: fc.integer({ min: 0, max: 60 }) },
      { weight: 3, arbitrary: fc.array(fc.constantFrom('DONE', 'CANCELLED', 'FATAL'), { maxLength: 4 }) },
    );
    type Step = Fate[] | number | string[];
    const isTurn = (each: unknown[]): each is Fate[] => each.every((one) => fates.includes(one as Fate));
    const property = fc.asyncProperty(
      fc.array(step as fc.Arbitrary<Step>, { maxLength: 15 }),
      async (steps) => {
        world = new FanOutWorld(mondayMs, 3);
        try {
          for (const each of steps) {
            if (typeof each === 'number') world.nowMs += each * hourMs;
            else if (isTurn(each)) await turn(each);
            else world.end(() => each.shift() as 'DONE' | undefined);
            if (typeof each === 'number' && each > 50) world.items = asins(30, each);
          }
          for (let day = 0; day < 8; day += 1) {
            await turn([]);
            world.end();
            world.nowMs += dayMs + 60_000;
          }
          await turn([]);
          checkComplete();
        } finally {
          world.close();
        }
      },
    );

    async function turn(taken: Fate[]): Promise<void> {
      world.fates = [...taken];
      const before = world.reports.length;
      await world.turn();
      for (const [index, report] of world.reports.entries())
        if (index >= before) checkNotTwice(report, index);
      for (const { createdAt } of world.reports.slice(before)) {
        const sinceMs = Date.parse(createdAt) - dayMs;
        const ofDay = world.reports.filter((each) => Date.parse(each.createdAt) > sinceMs);
        assert.ok(ofDay.length <= 20, `${ofDay.length} reports in a day`);
      }
    }

    function checkNotTwice({ dataStart, items, createdAt }: PartReport, index: number): void {
      const same = world.reports
        .slice(0, index)
        .filter((each) => each.dataStart === dataStart && each.items === items);
      for (const each of same) {
        const ageMs = Date.parse(createdAt) - Date.parse(each.createdAt);
        // Of a lost answer nobody knows whether there is a report.
        const mayCome = each.status === 'IN_QUEUE' && ageMs < (each.isKnown ? 3 * dayMs : hourMs / 6);
        assert.ok(!mayCome, `${dataStart} ${items} is requested twice`);
      }
    }

    function checkComplete(): void {
      const { fanOuts = [], windows, doneUntil, abandoned } = world.progress();
      const failed = new Set(windows.map(({ start, items }) => `${start} ${items}`));
      const open = fanOuts.flatMap(({ start, open: left }) => left.map((items) => `${start} ${items}`));
      assert.deepEqual(
        open.filter((each) => !failed.has(each)),
        [],
        'some parts were never requested',
      );
      assert.ok(fanOuts.length > 0 || doneUntil >= '2026-10-11', doneUntil);
      const excused = [...failed, ...abandoned.map(({ start, items }) => `${start} ${items}`)];
      for (const week of weeksOf(world.reports)) {
        const ofWeek = world.reports.filter(({ dataStart }) => dataStart === week);
        const asked = new Set(ofWeek.map(({ items }) => items));
        for (const items of asked) {
          const isAnswered = ofWeek.some(
            (each) => each.items === items && ['DONE', 'CANCELLED'].includes(each.status),
          );
          const start = new Date(week).toISOString();
          assert.ok(isAnswered || excused.includes(`${start} ${items}`), `${week} ${items} has no data`);
        }
        assert.ok([40, 30].includes(new Set(itemsOf(ofWeek)).size), 'items are missing');
      }
    }

    await fc.assert(property, {
      numRuns: runs(25),
      examples: [
        [[['answered', 'lost after'], 1, ['DONE'], [], 30] as Step[]],
        [[['made, fails']] as Step[]],
      ],
    });
    world = new FanOutWorld(mondayMs, 1);
  });
});
