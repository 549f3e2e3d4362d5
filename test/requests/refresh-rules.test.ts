import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { RequestPlan } from '../../src/requests/request-plans.js';
import { refreshEvent, refreshRules } from '../../src/requests/refresh-rules.js';
import type { WindowRecord } from '../../src/requests/window-states.js';
import type { LoadMode, ReportSchema, ReportSchemas, RequestFacts } from '../../src/schema/types.js';
import type { Span } from '../../src/yaml/span.js';
import { onlyThese } from '../ingest/fake-context.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const startMs = Date.UTC(2026, 9, 10);
const endMs = startMs + dayMs;
const iso = (ms: number) => new Date(ms).toISOString();

const rules = {
  agesMs: [3 * dayMs, 7 * dayMs],
  settledMs: dayMs,
  emptyAgesMs: [dayMs],
  keepsOldRows: false,
};

/** A window with a report that was created at an age, in days. */
function answered(days: number, changes: Partial<WindowRecord> = {}): WindowRecord {
  const at = iso(endMs + days * dayMs);
  const [start, end] = [iso(startMs), iso(endMs)];
  return { start, end, version: 1, state: 'settling', attempts: [], answeredAt: at, ...changes };
}

/** What the ages mean at an age, in days. */
function eventAt(days: number, record: WindowRecord, of = rules) {
  const nowMs = endMs + days * dayMs;
  return refreshEvent(record, of, { nowMs, dueAtMs: nowMs });
}

const dueSince = (days: number) => ({ type: 'refresh-due', since: iso(endMs + days * dayMs) });
const waits = { type: 'refresh-later' };
const isOver = { type: 'refresh-over' };

const plan = (facts: Partial<RequestFacts>, refresh?: Span[]) =>
  onlyThese<RequestPlan>('plan', {
    reportType: 'GET_X',
    facts: { sources: {}, ...facts },
    refresh,
  });

/** The schemas of a type whose only table has that load mode. */
const schemasWith = (mode: LoadMode): ReportSchemas =>
  new Map([
    [
      'GET_X',
      onlyThese<ReportSchema>('schema', {
        format: 'tsv',
        tables: [{ name: 'x', load: { mode, key: ['day'] }, columns: [] }],
      }),
    ],
  ]);

describe('the ages of a request', () => {
  const days = (count: number): Span => ({ count, unit: 'day' });
  const facts = { settlesAfter: days(3), restatedFor: days(30) };
  const agesOf = (of: RequestPlan, mode: LoadMode = 'replace') =>
    refreshRules(of, schemasWith(mode)).agesMs.map((ms) => ms / dayMs);

  it('are those at which its data settles and is no longer restated, if the settings name none', () => {
    assert.deepEqual(agesOf(plan(facts)), [3, 30]);
    assert.deepEqual(agesOf(plan({ settlesAfter: days(3) })), [3]);
    assert.deepEqual(agesOf(plan({ restatedFor: { count: 2, unit: 'week' } })), [14]);
    assert.deepEqual(agesOf(plan({})), []);
  });

  it('are those of the settings, even none', () => {
    assert.deepEqual(agesOf(plan(facts, [days(1), days(7)])), [1, 7]);
    assert.deepEqual(agesOf(plan(facts, [])), []);
  });

  it('are none if a second report would double the rows of the first', () => {
    assert.deepEqual(agesOf(plan(facts), 'append'), []);
    assert.deepEqual(agesOf(plan(facts, [days(1)]), 'append'), []);
    assert.deepEqual(refreshRules(plan(facts), new Map()).agesMs, []);
  });

  it('include the time at which a report without data is believed: a day, if nobody says when the type settles', () => {
    assert.equal(refreshRules(plan({}), new Map()).settledMs, dayMs);
    assert.equal(refreshRules(plan(facts), new Map()).settledMs, 3 * dayMs);
  });

  it('without data are a day and that of settling, or a week if nobody says when the type settles', () => {
    assert.deepEqual(refreshRules(plan({}), new Map()).emptyAgesMs, [dayMs, 7 * dayMs]);
    assert.deepEqual(refreshRules(plan(facts), new Map()).emptyAgesMs, [dayMs, 3 * dayMs]);
    const soon = plan({ settlesAfter: { count: 6, unit: 'hour' } });
    assert.deepEqual(refreshRules(soon, new Map()).emptyAgesMs, [6 * hourMs, 6 * hourMs]);
  });
});

describe('a window with data', () => {
  it('is due again at each age, unless its report was created since', () => {
    assert.deepEqual(eventAt(2.9, answered(0)), waits);
    assert.deepEqual(eventAt(3, answered(0)), dueSince(3));
    assert.deepEqual(eventAt(5, answered(3)), waits);
    assert.deepEqual(eventAt(7.5, answered(3.5)), dueSince(7));
    assert.deepEqual(eventAt(7.5, answered(7.1)), isOver);
  });

  it('is requested once for all ages that it reached while the program was off', () => {
    assert.deepEqual(eventAt(40, answered(0)), dueSince(7));
  });

  it('is not requested again if its first report was made after its last age', () => {
    assert.deepEqual(eventAt(400, answered(365)), isOver);
  });

  it('is believed a day later if its report had no data, even without ages', () => {
    const none = { ...rules, agesMs: [] };
    assert.deepEqual(eventAt(0.5, answered(0.1, { isEmpty: true }), none), waits);
    assert.deepEqual(eventAt(1.5, answered(0.1, { isEmpty: true }), none), dueSince(1));
    assert.deepEqual(eventAt(1.6, answered(1.5, { isEmpty: true }), none), isOver);
    assert.deepEqual(eventAt(1.5, answered(0.1), none), isOver);
  });

  it('without data is requested again after a day and when it settles, as the data may just be late', () => {
    const late = { ...rules, agesMs: [], emptyAgesMs: [dayMs, 3 * dayMs] };
    assert.deepEqual(eventAt(1.1, answered(0.1, { isEmpty: true }), late), dueSince(1));
    assert.deepEqual(eventAt(2, answered(1.1, { isEmpty: true }), late), waits);
    assert.deepEqual(eventAt(3, answered(1.1, { isEmpty: true }), late), dueSince(3));
    assert.deepEqual(eventAt(2, answered(1.1), late), isOver);
  });

  it('skips the ages before the time at which a refresh was given up', () => {
    const skippedAt = iso(endMs + 4 * dayMs);
    assert.deepEqual(eventAt(5, answered(0, { skippedAt })), waits);
    assert.deepEqual(eventAt(7, answered(0, { skippedAt })), dueSince(7));
  });

  it('is not requested at an age at which Amazon no longer accepts its start', () => {
    const short = { ...rules, oldestStart: { count: 6, unit: 'day' as const } };
    assert.deepEqual(eventAt(3, answered(0), short), dueSince(3));
    assert.deepEqual(eventAt(3.5, answered(3), short), isOver);
    assert.deepEqual(eventAt(6, answered(0), short), isOver);
  });

  it('counts a report as made at an age if the clock of Amazon is a little behind', () => {
    const at = iso(endMs + 3 * dayMs - 1000);
    assert.deepEqual(eventAt(3.1, answered(0, { answeredAt: at })), waits);
  });

  it('waits for the time of the cron expression', () => {
    const nowMs = endMs + 3.5 * dayMs;
    assert.deepEqual(refreshEvent(answered(0), rules, { nowMs, dueAtMs: endMs + 2.9 * dayMs }), waits);
  });

  it('that is a snapshot has no age', () => {
    const at = iso(startMs);
    const snapshot = answered(0, { start: at, end: at, answeredAt: at, isEmpty: true });
    assert.deepEqual(eventAt(3, snapshot), isOver);
  });

  it('is due once for each age at most, and last at its last age, whenever the program looks', () => {
    const ages = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 5 });
    const pauses = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 60 });
    const property = fc.property(ages, pauses, fc.boolean(), (days, hours, isEmpty) => {
      const of = { ...rules, agesMs: days.map((each) => each * dayMs) };
      let record = answered(0.01, isEmpty ? { isEmpty } : {});
      let requests = 0;
      let nowMs = endMs;
      for (const pause of [...hours, 61 * 24]) {
        nowMs += pause * hourMs;
        const event = refreshEvent(record, of, { nowMs, dueAtMs: nowMs });
        if (event?.type !== 'refresh-due') continue;
        assert.ok(Date.parse(event.since) <= nowMs && event.since > (record.answeredAt ?? ''));
        record = answered((nowMs - endMs) / dayMs);
        requests += 1;
      }
      assert.ok(requests <= days.length + Number(isEmpty), `${requests} requests`);
      const lastMs = endMs + Math.max(...days, 0) * dayMs;
      assert.ok(Date.parse(record.answeredAt ?? '') >= lastMs, 'the last age is missed');
    });
    fc.assert(property);
  });
});
