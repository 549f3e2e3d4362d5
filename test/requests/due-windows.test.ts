import assert from 'node:assert/strict';
import { computeDueWindows, type DueWindows } from '../../src/requests/due-windows.js';
import type { AnsweringReport } from '../../src/requests/ledger-answers.js';
import type { RefreshRules } from '../../src/requests/refresh-rules.js';
import { applyToWindow, beginProgress, type RequestProgress } from '../../src/requests/request-progress.js';
import type { WindowEvent } from '../../src/requests/window-states.js';
import { reportPeriod } from '../../src/requests/windows.js';
import { ledgerEntry } from '../../src/warehouse/ledger/ledger-entry.js';
import type { LedgerRow } from '../../src/warehouse/types.js';
import { fakePlan } from './fake-plan.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const startMs = Date.UTC(2026, 9, 10);

const plan = fakePlan({ fromMs: startMs });

const day = (index: number) => ({ startMs: startMs + index * dayMs, endMs: startMs + (index + 1) * dayMs });

const noRefresh: RefreshRules = { agesMs: [], settledMs: dayMs, emptyAgesMs: [dayMs], keepsOldRows: false };

/** A look at the windows of a request at a time. */
function lookAt(
  nowMs: number,
  held: RequestProgress | undefined,
  { rules = noRefresh, others = [] as AnsweringReport[] } = {},
): DueWindows {
  const times = { nowMs, untilMs: nowMs, ignoresRefusal: false };
  return computeDueWindows(plan, rules, held, { requested: new Map(), others, otherRequests: [] }, times);
}

/** Due windows as day and reason. */
function daysOf({ due }: DueWindows): [number, string][] {
  return due.map(({ startMs: ms, reason }) => [(ms - startMs) / dayMs, reason]);
}

function dueAt(nowMs: number, held: RequestProgress): [number, string][] {
  return daysOf(lookAt(nowMs, held));
}

/** A report of a day in the ledger. */
function reportOf(index: number, createdMs: number, changes: Partial<LedgerRow> = {}): LedgerRow {
  const period = reportPeriod(day(index));
  const reportCreatedAt = new Date(createdMs).toISOString();
  const key = `A1/${index}-${createdMs}`;
  const entry = ledgerEntry({ key, status: 'loaded', marketplaceIds: ['US'], ...period, reportCreatedAt });
  return { ...entry, loadedAt: reportCreatedAt, ...changes };
}

/** The progress after events of one day, each at its own time. */
function afterEvents(held: RequestProgress, index: number, events: [number, WindowEvent][]): RequestProgress {
  return events.reduce((progress, [ms, event]) => applyToWindow(progress, day(index), event, ms), held);
}

describe('the reason why a window is due', () => {
  const begun = beginProgress(plan, startMs, startMs);

  it('distinguishes the newest window from older ones', () => {
    assert.deepEqual(dueAt(startMs + 3 * dayMs, begun), [
      [0, 'older'],
      [1, 'older'],
      [2, 'new'],
    ]);
  });

  it('stays the same for a window whose call failed without a report', () => {
    const nowMs = startMs + 2 * dayMs;
    const attempted = afterEvents(begun, 1, [[nowMs, { type: 'attempted' }]]);
    assert.deepEqual(dueAt(nowMs + hourMs, attempted), [
      [0, 'older'],
      [1, 'new'],
    ]);
  });

  it('is a retry if a report of the window failed, even for the newest window', () => {
    const nowMs = startMs + 2 * dayMs;
    const at = new Date(nowMs).toISOString();
    const failed = afterEvents(begun, 1, [
      [nowMs, { type: 'report-created', reportId: '1', at }],
      [nowMs, { type: 'report-failed', reportId: '1', found: 'FATAL' }],
    ]);
    assert.deepEqual(dueAt(nowMs + 2 * hourMs, failed), [
      [0, 'older'],
      [1, 'retry'],
    ]);
  });
});

describe('windows with refreshes', () => {
  const rules = { ...noRefresh, agesMs: [3 * dayMs, 7 * dayMs] };
  const loaded = (index: number, createdMs: number): [number, WindowEvent] => {
    const createdAt = new Date(createdMs).toISOString();
    return [index, { type: 'report-loaded', createdAt, isEmpty: false }];
  };

  /** The progress of days with reports that were created at the end of each. */
  function withDays(number: number): RequestProgress {
    const others = Array.from({ length: number }, (_, index) => reportOf(index, day(index).endMs));
    return lookAt(day(0).endMs, undefined, { rules, others }).progress;
  }

  it('are due for that reason at each age, and let newer windows be done', () => {
    const nowMs = day(4).endMs;
    const { progress, due } = lookAt(nowMs, undefined, {
      rules,
      others: [0, 1, 2, 3].map((index) => reportOf(index, day(index).endMs)),
    });
    assert.deepEqual(
      due.map(({ startMs: ms, reason }) => [(ms - startMs) / dayMs, reason]),
      [
        [0, 'refresh'],
        [1, 'refresh'],
        [4, 'new'],
      ],
    );
    assert.equal(progress.doneUntil, new Date(day(3).endMs).toISOString());
  });

  it('are refreshed by a report that somebody else requested after the age, and by no earlier one', () => {
    const held = withDays(1);
    const nowMs = day(0).endMs + 3.5 * dayMs;
    const refreshed = (createdMs: number) =>
      daysOf(lookAt(nowMs, held, { rules, others: [reportOf(0, createdMs)] })).filter(
        ([, reason]) => reason === 'refresh',
      );
    assert.deepEqual(refreshed(day(0).endMs + 2 * dayMs), [[0, 'refresh']]);
    assert.deepEqual(refreshed(day(0).endMs + 3.2 * dayMs), []);
  });

  it('repeat no refresh that the ledger shows after the state was lost', () => {
    const nowMs = day(9).endMs;
    const others = Array.from({ length: 10 }, (_, index) => [
      reportOf(index, day(index).endMs),
      ...[3, 7]
        .map((age) => day(index).endMs + age * dayMs)
        .flatMap((ms) => (ms <= nowMs ? reportOf(index, ms) : [])),
    ]).flat();
    assert.deepEqual(daysOf(lookAt(nowMs, undefined, { rules, others })), []);
  });

  it('are requested again after a report without data, and not after one with data', () => {
    const others = [
      reportOf(0, day(0).endMs, { status: 'cancelled' }),
      reportOf(1, day(0).endMs + 2 * hourMs, { status: 'empty' }),
      reportOf(2, day(0).endMs, { tables: [{ name: 't', rows: 2, allMeasuresEmpty: true }] }),
      reportOf(3, day(0).endMs, { tables: [{ name: 't', rows: 2, emptyMeasures: ['fee'] }] }),
      reportOf(4, day(0).endMs, {
        tables: [
          { name: 't', rows: 2, allMeasuresEmpty: true },
          { name: 'u', rows: 1 },
        ],
      }),
      reportOf(5, day(5).endMs + dayMs, { status: 'cancelled' }),
    ];
    assert.deepEqual(daysOf(lookAt(day(5).endMs + 2 * dayMs, undefined, { others })), [
      [0, 'refresh'],
      [1, 'refresh'],
      [2, 'refresh'],
      [6, 'older'],
      [7, 'new'],
    ]);
  });

  it('are not abandoned if their refresh fails: they wait for the next age', () => {
    const rules = { ...noRefresh, agesMs: [3 * dayMs, 14 * dayMs] };
    let progress = withDays(1);
    let nowMs = day(0).endMs + 3 * dayMs;
    const failures = () => {
      let number = 0;
      while (daysOf(lookAt(nowMs, progress, { rules })).some(([index]) => index === 0)) {
        ({ progress } = lookAt(nowMs, progress, { rules }));
        const [reportId, at] = [`${nowMs}`, new Date(nowMs).toISOString()];
        progress = afterEvents(progress, 0, [
          [nowMs, { type: 'attempted' }],
          [nowMs, { type: 'report-created', reportId, at }],
          [nowMs, { type: 'report-failed', reportId, found: 'FATAL' }],
        ]);
        // Somebody's report of another window: this one fails alone.
        progress = { ...progress, lastAnsweredAt: at };
        number += 1;
        nowMs += 25 * hourMs;
      }
      return number;
    };
    assert.equal(failures(), 4);
    nowMs = day(0).endMs + 14 * dayMs;
    assert.equal(failures(), 4);
    const { windows, abandoned } = lookAt(nowMs, progress, { rules }).progress;
    assert.deepEqual([abandoned, windows.filter(({ start }) => Date.parse(start) === startMs)], [[], []]);
  });

  it('are no longer due if the settings no longer want it', () => {
    const { progress } = lookAt(day(0).endMs + 3 * dayMs, withDays(1), { rules });
    assert.ok(progress.windows.some(({ state }) => state === 'due'));
    const { progress: after, due } = lookAt(day(0).endMs + 3 * dayMs, progress);
    assert.ok(due.every(({ reason }) => reason !== 'refresh'));
    assert.ok(after.windows.every(({ start }) => Date.parse(start) !== startMs));
  });

  it('are looked up in the ledger again when a higher age is added, if they have not passed it yet', () => {
    const nowMs = day(19).endMs + hourMs;
    const others = Array.from({ length: 20 }, (_, index) => reportOf(index, day(index).endMs));
    const { progress, due } = lookAt(nowMs, undefined, { others });
    assert.deepEqual([progress.windows, due], [[], []]);
    const longer = lookAt(nowMs, progress, { rules, others });
    assert.deepEqual(
      daysOf(longer),
      [13, 14, 15, 16].map((index) => [index, 'refresh']),
    );
    assert.equal(longer.progress.doneUntil, progress.doneUntil);
    // Once: the windows are stored now, or done.
    assert.deepEqual(lookAt(nowMs, longer.progress, { rules }).due, longer.due);
  });

  it('take no more space in a year than in a month', () => {
    const monthly = { ...noRefresh, agesMs: [3 * dayMs, 30 * dayMs] };
    let progress: RequestProgress | undefined;
    const lengths: number[] = [];
    for (let index = 0; index < 366; index += 1) {
      const nowMs = day(index).endMs + hourMs;
      const { due, progress: looked } = lookAt(nowMs, progress, { rules: monthly });
      progress = due.reduce((held, { startMs: ms }) => {
        const [number, event] = loaded((ms - startMs) / dayMs, nowMs);
        return afterEvents(held, number, [[nowMs, event]]);
      }, looked);
      lengths.push(JSON.stringify(lookAt(nowMs, progress, { rules: monthly }).progress).length);
    }
    assert.equal(lengths.at(-1), lengths[40]);
    assert.ok((lengths.at(-1) ?? 0) < 30 * 200, `${lengths.at(-1)} bytes`);
  });
});
