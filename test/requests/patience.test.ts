import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { DueWindow } from '../../src/requests/due-window.js';
import { computeDueWindows } from '../../src/requests/due-windows.js';
import type { RefreshRules } from '../../src/requests/refresh-rules.js';
import type { RequestPlan } from '../../src/requests/request-plans.js';
import {
  applyToWindow,
  forceRetries,
  refuse,
  type RequestProgress,
} from '../../src/requests/request-progress.js';
import { ledgerEntry } from '../../src/warehouse/ledger/ledger-entry.js';
import type { LedgerRow } from '../../src/warehouse/types.js';
import { fakePlan } from './fake-plan.js';
import { runs } from '../property-runs.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const startMs = Date.UTC(2026, 7, 1);
const rules: RefreshRules = { agesMs: [], settledMs: dayMs, emptyAgesMs: [dayMs], keepsOldRows: false };
const text = 'The report cannot be made at this time.';

const planOf = (sellerId: string, fromMs = startMs) => fakePlan({ sellerId, fromMs });

type Fate = 'loaded' | 'fatal' | 'refused';

/** Requests of a type that Amazon ends within the hour, looked at every hour. No I/O. */
class Requests {
  nowMs = startMs;
  readonly progresses = new Map<string, RequestProgress>();
  readonly calls: { key: string; atMs: number; day: number; reason: string }[] = [];
  private readonly ledger = new Map<string, LedgerRow>();

  constructor(
    private readonly plans: RequestPlan[],
    private readonly fateOf: (sellerId: string, day: number, nowMs: number) => Fate,
    private readonly rulesOf = rules,
  ) {}

  progress(sellerId: string): RequestProgress {
    return this.progresses.get(`${sellerId} GET_X US`) as RequestProgress;
  }

  /** Hours until a time. */
  runUntil(untilMs: number): void {
    for (; this.nowMs < untilMs; this.nowMs += hourMs) {
      for (const plan of this.plans) this.look(plan);
    }
  }

  private look(plan: RequestPlan): void {
    const { key } = plan;
    const { nowMs } = this;
    const otherRequests = [...this.progresses].flatMap(([other, each]) => (other === key ? [] : each));
    const evidence = { requested: this.ledger, others: [], otherRequests };
    const times = { nowMs, untilMs: nowMs, ignoresRefusal: false };
    const { progress, due } = computeDueWindows(
      plan,
      this.rulesOf,
      this.progresses.get(key),
      evidence,
      times,
    );
    this.progresses.set(
      key,
      due.reduce((held, window) => this.request(plan, held, window), progress),
    );
  }

  private request({ key, sellerId }: RequestPlan, held: RequestProgress, window: DueWindow): RequestProgress {
    const { nowMs } = this;
    if (held.refusal && nowMs < Date.parse(held.refusal.retryAt)) return held;
    const day = (window.startMs - startMs) / dayMs;
    this.calls.push({ key, atMs: nowMs, day, reason: window.reason });
    const fate = this.fateOf(sellerId, day, nowMs);
    if (fate === 'refused') return refuse(held, text, nowMs);
    const [reportId, at] = [String(this.calls.length), new Date(nowMs).toISOString()];
    const reason = fate === 'fatal' ? text : null;
    const entry = ledgerEntry({ key: reportId, reportId, status: fate, reportCreatedAt: at, reason });
    this.ledger.set(reportId, { ...entry, loadedAt: at });
    const { refusal: _, ...attempted } = applyToWindow(held, window, { type: 'attempted' }, nowMs);
    return applyToWindow(attempted, window, { type: 'report-created', reportId, at }, nowMs);
  }
}

/** Whether the windows of some days are answered. */
function areDone({ doneUntil, abandoned }: RequestProgress, days: number): boolean {
  return abandoned.length === 0 && Date.parse(doneUntil) >= startMs + days * dayMs;
}

describe('an outage of a report type', () => {
  const begin = startMs + 5 * dayMs;
  const end = begin + 15 * dayMs;
  const isOut = (nowMs: number) => nowMs >= begin && nowMs < end;

  for (const fate of ['fatal', 'refused'] as const) {
    it(`abandons no window for 15 days in which all reports are ${fate}, and all are there soon after`, () => {
      const sellers = ['A1', 'A2'];
      const requests = new Requests(
        sellers.map((id) => planOf(id)),
        (_, __, nowMs) => (isOut(nowMs) ? fate : 'loaded'),
      );
      requests.runUntil(end - hourMs);
      for (const id of sellers) {
        const { outage, abandoned } = requests.progress(id);
        assert.deepEqual(abandoned, []);
        assert.equal(outage?.found, text);
        assert.ok(Date.parse(outage.since) >= begin && Date.parse(outage.since) < begin + dayMs);
      }
      requests.runUntil(end + 26 * hourMs);
      for (const id of sellers) {
        assert.ok(areDone(requests.progress(id), 21), JSON.stringify(requests.progress(id)));
        assert.equal(requests.progress(id).outage, undefined);
      }
    });
  }

  it('is one outage if all calls were refused, whichever seller sees first that it is over', () => {
    // Their days begin at different hours, and so do their retries.
    const plans = [planOf('A1'), planOf('A2', startMs + 8 * hourMs)];
    const requests = new Requests(plans, (_, __, nowMs) => (isOut(nowMs) ? 'refused' : 'loaded'));
    const begun: string[] = [];
    let before = new Set<string>();
    for (let atMs = begin; atMs < end + 3 * dayMs; atMs += hourMs) {
      requests.runUntil(atMs);
      const failing = [...requests.progresses.values()].flatMap(({ sellerId, outage }) =>
        outage ? sellerId : [],
      );
      begun.push(...failing.filter((id) => !before.has(id)));
      before = new Set(failing);
    }
    assert.deepEqual(begun, ['A1', 'A2']);
    for (const id of ['A1', 'A2']) assert.ok(areDone(requests.progress(id), 22));
  });

  it('retries each window once a day, and leaves a backlog alone but for one window an hour', () => {
    const requests = new Requests([planOf('A1', startMs - 300 * dayMs)], (_, __, nowMs) =>
      nowMs < startMs + 2 * dayMs ? 'fatal' : 'loaded',
    );
    requests.runUntil(startMs + 6 * hourMs);
    const before = requests.calls.length;
    requests.runUntil(startMs + 6 * hourMs + dayMs);
    const duringOutage = requests.calls.slice(before);
    assert.ok(duringOutage.filter(({ reason }) => reason === 'older').length <= 24);
    requests.runUntil(startMs + 6 * dayMs);
    assert.ok(areDone(requests.progress('A1'), 5), requests.progress('A1').doneUntil);
  });

  it('is not seen in one window that fails while those of other days succeed: it is abandoned after four failures', () => {
    const requests = new Requests([planOf('A1')], (_, day) => (day === 3 ? 'fatal' : 'loaded'));
    requests.runUntil(startMs + 8 * dayMs);
    const { abandoned, outage } = requests.progress('A1');
    assert.deepEqual(
      abandoned.map(({ start, found }) => [Date.parse(start), found]),
      [[startMs + 3 * dayMs, text]],
    );
    assert.equal(outage, undefined);
    assert.equal(requests.calls.filter(({ day }) => day === 3).length, 4);
  });

  it('is not seen in the only window of a seller that fails while those of other sellers succeed', () => {
    const weekly = ['A1', 'A2'].map((id) => ({ ...planOf(id), window: { count: 1, unit: 'week' as const } }));
    const requests = new Requests(weekly, (id) => (id === 'A1' ? 'fatal' : 'loaded'));
    requests.runUntil(startMs + 4 * dayMs);
    assert.equal(requests.progress('A1').abandoned.length, 1);
  });

  it('may concern one seller alone, if all its windows fail', () => {
    const requests = new Requests(
      ['A1', 'A2'].map((id) => planOf(id)),
      (id, _, nowMs) => (id === 'A1' && isOut(nowMs) ? 'fatal' : 'loaded'),
    );
    requests.runUntil(end - hourMs);
    assert.deepEqual(
      ['A1', 'A2'].map((id) => requests.progress(id).outage?.isOfType),
      [false, undefined],
    );
    requests.runUntil(end + 26 * hourMs);
    assert.ok(areDone(requests.progress('A1'), 21));
  });

  it('is over for all sellers when a report of any of them is made, and each window has its attempts again', () => {
    const other = begin + 3 * dayMs;
    const requests = new Requests(
      ['A1', 'A2'].map((id) => planOf(id)),
      (id, _, nowMs) =>
        nowMs >= begin && nowMs < (id === 'A1' ? other : other + dayMs) ? 'fatal' : 'loaded',
    );
    requests.runUntil(other - hourMs);
    assert.equal(requests.progress('A2').outage?.isOfType, true);
    requests.runUntil(other + 3 * dayMs);
    for (const id of ['A1', 'A2']) assert.ok(areDone(requests.progress(id), 10), id);
  });

  it('goes on if a person forces retries in the meantime', () => {
    const requests = new Requests([planOf('A1')], (_, __, nowMs) => (isOut(nowMs) ? 'fatal' : 'loaded'));
    requests.runUntil(begin + 5 * dayMs);
    const { since } = requests.progress('A1').outage ?? {};
    requests.progresses.set('A1 GET_X US', forceRetries(requests.progress('A1'), requests.nowMs));
    requests.runUntil(begin + 6 * dayMs);
    assert.equal(requests.progress('A1').outage?.since, since);
    assert.deepEqual(requests.progress('A1').abandoned, []);
  });

  it('ends with abandoned windows after three weeks each, so that their retries do not add up', () => {
    const requests = new Requests([planOf('A1')], () => 'fatal');
    requests.runUntil(startMs + 60 * dayMs);
    const { abandoned, windows } = requests.progress('A1');
    assert.ok(abandoned.length > 35 && windows.length < 25, `${abandoned.length}, ${windows.length}`);
    const lastDay = requests.calls.filter(({ atMs }) => atMs >= startMs + 59 * dayMs);
    assert.ok(lastDay.length < 26, `${lastDay.length} calls`);
  });

  it('is not begun by reports that fail for a while and are made an hour later', () => {
    const requests = new Requests(
      ['A1', 'A2', 'A3', 'A4', 'A5'].map((id) => planOf(id)),
      (_, __, nowMs) => (nowMs >= begin && nowMs < begin + hourMs ? 'fatal' : 'loaded'),
    );
    for (let hour = 0; hour < 30; hour += 1) {
      requests.runUntil(begin + hour * hourMs);
      for (const { outage } of requests.progresses.values()) assert.equal(outage, undefined);
    }
  });

  it('does not abandon a window before its data has settled', () => {
    const late: RefreshRules = { ...rules, settledMs: 3 * dayMs };
    const requests = new Requests(
      [planOf('A1')],
      // Amazon makes the report of a day only when its data has settled.
      (_, day, nowMs) => (day > 4 && nowMs < startMs + (day + 1) * dayMs + 2.9 * dayMs ? 'fatal' : 'loaded'),
      late,
    );
    requests.runUntil(startMs + 30 * dayMs);
    assert.ok(areDone(requests.progress('A1'), 25), JSON.stringify(requests.progress('A1').abandoned));
  });

  it('of any length up to two weeks loses no window, also if it returns after two days, and windows that never come are abandoned', () => {
    const outages = fc.array(
      fc.record({ pause: fc.integer({ min: 48, max: 500 }), hours: fc.integer({ min: 1, max: 336 }) }),
      { maxLength: 3 },
    );
    const badDays = fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 4 });
    const property = fc.property(outages, badDays, fc.integer({ min: 1, max: 3 }), (spans, bad, sellers) => {
      const ids = Array.from({ length: sellers }, (_, index) => `A${index}`);
      let hour = 0;
      const times = spans.map(({ pause, hours }) => {
        const from = hour + pause;
        hour = from + hours;
        return { from, until: hour };
      });
      const isDown = (nowMs: number) =>
        times.some(({ from, until }) => {
          const at = (nowMs - startMs) / hourMs;
          return at >= from && at < until;
        });
      const requests = new Requests(
        ids.map((id) => planOf(id)),
        (id, day, nowMs) => (isDown(nowMs) || (id === 'A0' && bad.includes(day)) ? 'fatal' : 'loaded'),
      );
      requests.runUntil(startMs + 150 * dayMs);
      for (const id of ids) {
        const { abandoned, outage, doneUntil } = requests.progress(id);
        const days = abandoned
          .map(({ start }) => (Date.parse(start) - startMs) / dayMs)
          .sort((a, b) => a - b);
        assert.deepEqual(days, id === 'A0' ? bad.toSorted((a, b) => a - b) : []);
        assert.equal(outage, undefined);
        assert.ok(Date.parse(doneUntil) >= startMs + 148 * dayMs);
      }
    });
    fc.assert(property, { numRuns: runs(10) });
  });
});
