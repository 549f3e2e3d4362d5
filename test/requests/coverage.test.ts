import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type CoverageState, coverageOf } from '../../src/requests/coverage.js';
import { coverageOfAll } from '../../src/requests/read-coverage.js';
import { beginProgress, changed, type RequestProgress } from '../../src/requests/request-progress.js';
import type { WindowRecord } from '../../src/requests/window-states.js';
import type { Period } from '../../src/warehouse/types.js';
import { fakeContext } from '../ingest/fake-context.js';
import { fakePlan } from './fake-plan.js';

const dayMs = 86_400_000;
const firstMs = Date.UTC(2026, 9, 1);
const nowMs = firstMs + 10 * dayMs;

const day = (number: number) => new Date(firstMs + number * dayMs).toISOString();

/**
 * A period of the ledger from the beginning of one day to the last second of the one before
 * another.
 */
const loaded = (from: number, to: number) => ({
  dataStart: day(from),
  dataEnd: new Date(Date.parse(day(to)) - 1000).toISOString(),
});

const plan = fakePlan();

const progress = (parts: Partial<RequestProgress>) => changed(beginProgress(plan, firstMs, nowMs), parts);

const window = (number: number, parts: Partial<WindowRecord>): WindowRecord => ({
  start: day(number),
  end: day(number + 1),
  state: 'due',
  version: 1,
  attempts: [],
  ...parts,
});

/** From day, to day and state of each period. */
function found(source: Parameters<typeof coverageOf>[0]): [number, number, CoverageState, string?][] {
  const dayOf = (time: string) => Math.round((Date.parse(time) - firstMs) / dayMs);
  return coverageOf(source, nowMs).map(({ from, to, state, reason }) =>
    reason === undefined ? [dayOf(from), dayOf(to), state] : [dayOf(from), dayOf(to), state, reason],
  );
}

describe('the coverage of a table without a request', () => {
  it('is missing where no report covers it between two that do, without seams of a second', () => {
    assert.deepEqual(found({ ledger: [loaded(3, 4), loaded(0, 1), loaded(1, 2)], requests: [] }), [
      [0, 2, 'loaded'],
      [2, 3, 'missing'],
      [3, 4, 'loaded'],
    ]);
  });

  it('has no hole where a long report covers short ones', () => {
    const ledger = [loaded(0, 1), loaded(2, 3), loaded(0, 5)];
    assert.deepEqual(found({ ledger, requests: [] }), [[0, 5, 'loaded']]);
  });

  it('has each day once, as loaded or as missing', () => {
    const period = fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 5 }));
    fc.assert(
      fc.property(fc.array(period, { minLength: 1, maxLength: 12 }), (periods) => {
        const ledger = periods.map(([from, days]) => loaded(from, from + days));
        const covered = new Set(
          periods.flatMap(([from, days]) => Array.from({ length: days }, (_, i) => from + i)),
        );
        const cells = found({ ledger, requests: [] }).flatMap(([from, to, state]) =>
          Array.from({ length: to - from }, (_, i) => [from + i, state] as const),
        );
        const [start, end] = [Math.min(...covered), Math.max(...covered) + 1];
        const expected = Array.from({ length: end - start }, (_, i) => [
          start + i,
          covered.has(start + i) ? 'loaded' : 'missing',
        ]);
        assert.deepEqual(cells, expected);
      }),
    );
  });
});

describe('the coverage of a table with a request', () => {
  it('says of each window what became of it, with the reason of a failure', () => {
    const failed = { at: day(4), reportId: '1', failed: 'FATAL: no data yet' };
    const state = progress({
      doneUntil: day(3),
      abandoned: [{ start: day(1), end: day(2), at: day(3), found: 'FATAL: not available' }],
      windows: [
        window(3, { state: 'settling', answeredAt: day(5) }),
        window(4, { state: 'backing-off', attempts: [failed] }),
        window(5, { state: 'requested', attempts: [{ at: day(6), reportId: '2' }] }),
        window(6, { state: 'settling', answeredAt: day(7), isEmpty: true }),
        window(7, { state: 'due', answeredAt: day(8), refreshAt: day(9) }),
        window(8, { state: 'due', attempts: [] }),
      ],
    });
    assert.deepEqual(found({ ledger: [loaded(0, 1)], requests: [{ plan, progress: state }] }), [
      [0, 1, 'loaded'],
      [1, 2, 'abandoned', 'FATAL: not available'],
      [2, 3, 'no data'],
      [3, 4, 'settling'],
      [4, 5, 'retrying', 'FATAL: no data yet'],
      [5, 6, 'requested'],
      [6, 7, 'no data'],
      [7, 8, 'refreshing'],
      [8, 10, 'due'],
    ]);
  });

  it('is loaded as soon as the ledger has a report, although the state of the request says less', () => {
    const attempts = [{ at: day(1), reportId: '1' }];
    const state = progress({
      windows: [window(0, { state: 'requested', attempts }), window(1, { state: 'due' })],
    });
    assert.deepEqual(found({ ledger: [loaded(0, 1)], requests: [{ plan, progress: state }] }), [
      [0, 1, 'loaded'],
      [1, 10, 'due'],
    ]);
  });

  it('is missing before the first request, and out of reach if Amazon accepts no older requests', () => {
    const state = progress({ begin: day(5), doneUntil: day(10) });
    const facts = { oldestStart: { count: 8, unit: 'day' as const }, sources: {} };
    const requests = [{ plan: { ...plan, facts }, progress: state }];
    assert.deepEqual(found({ ledger: [loaded(0, 1), loaded(4, 10)], requests }), [
      [0, 1, 'loaded'],
      [1, 2, 'out of reach'],
      [2, 4, 'missing'],
      [4, 10, 'loaded'],
    ]);
  });

  it('ends with the last window that is requested by now, after its lag', () => {
    const requests = [{ plan: { ...plan, lagMs: 2 * dayMs }, progress: progress({ doneUntil: day(7) }) }];
    assert.deepEqual(found({ ledger: [loaded(0, 7)], requests }), [
      [0, 7, 'loaded'],
      [7, 8, 'due'],
    ]);
  });

  it('is loaded where Amazon states the beginning of the last day as the end of the period', () => {
    const week = { ...plan, window: { count: 7, unit: 'day' as const }, fromMs: firstMs };
    const requests = [{ plan: week, progress: progress({ doneUntil: day(7) }) }];
    const ledger = [{ dataStart: day(0), dataEnd: day(6) }];
    assert.deepEqual(found({ ledger, requests }), [[0, 7, 'loaded']]);
  });

  it('is that of the request which is behind, if two differ only in their options', () => {
    const done = { plan, progress: progress({ doneUntil: day(10) }) };
    const behind = { plan, progress: progress({ doneUntil: day(8) }) };
    for (const requests of [
      [done, behind],
      [behind, done],
    ])
      assert.deepEqual(found({ ledger: [loaded(0, 8)], requests }), [
        [0, 8, 'loaded'],
        [8, 10, 'due'],
      ]);
  });

  it('is empty for a snapshot, and for a request that has not begun', () => {
    const snapshot = { plan: { ...plan, window: undefined }, progress: progress({}) };
    assert.deepEqual(found({ ledger: [], requests: [snapshot] }), []);
    assert.deepEqual(found({ ledger: [], requests: [{ plan, progress: undefined }] }), []);
  });
});

describe('the coverage of marketplaces', () => {
  const context = fakeContext({ config: { sellers: [], pipelines: [] } });
  const store = { progress: () => undefined };
  const period = (reportType: string, marketplaceIds: string[], from: number, to: number) => ({
    ...loaded(from, to),
    status: 'loaded' as const,
    sellerId: 'A1',
    reportType,
    marketplaceIds,
    tables: [{ name: 'a' }],
  });
  const marketplacesAndStates = (periods: Period[]) =>
    coverageOfAll(periods, context, store).map(({ marketplaceIds, periods: found }) => [
      marketplaceIds,
      found.map(({ state }) => state),
    ]);

  it('is that of each, unless a report of several covers a hole of one', () => {
    const found = marketplacesAndStates([
      period('GET_A', ['US', 'CA'], 0, 1),
      period('GET_A', ['US'], 1, 2),
      period('GET_A', ['US', 'CA'], 2, 3),
    ]);
    assert.deepEqual(found, [
      [['US'], ['loaded']],
      [['CA'], ['loaded', 'missing', 'loaded']],
    ]);
  });

  it('is that of all together for types whose reports cover the region, whatever they name', () => {
    const type = 'GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL';
    const found = marketplacesAndStates([
      period(type, ['US', 'CA'], 0, 1),
      period(type, ['US'], 1, 2),
      period(type, ['CA'], 2, 3),
    ]);
    assert.deepEqual(found, [[['CA', 'US'], ['loaded']]]);
  });

  it('is that of the parts of a window, whatever the ledger has of them', () => {
    const perItem = { ...plan, items: { option: 'asin', limits: {}, from: ['a', 'b', 'c'] } };
    const divided = { start: day(1), end: day(2), parts: 4, open: ['a', 'b', 'c'] };
    const source = (windows: WindowRecord[], changes: Partial<RequestProgress> = {}) => ({
      ledger: [loaded(0, 2)],
      requests: [
        {
          plan: perItem,
          progress: progress({ doneUntil: day(1), fanOuts: [divided], windows, ...changes }),
        },
      ],
    });
    const first = (windows: WindowRecord[], changes?: Partial<RequestProgress>) =>
      found(source(windows, changes)).slice(0, 2);
    const reason = '1 of 4 parts done';
    assert.deepEqual(first([window(1, { items: 'a', state: 'requested' })]), [
      [0, 1, 'loaded'],
      [1, 2, 'due', reason],
    ]);
    const requested = ['a', 'b', 'c'].map((items) => window(1, { items, state: 'requested' }));
    assert.deepEqual(first(requested)[1], [1, 2, 'requested', reason]);
    // No part is known: a report in the ledger is that of somebody else.
    assert.deepEqual(first([], { fanOuts: [] }), [
      [0, 1, 'loaded'],
      [1, 10, 'due'],
    ]);
    const abandoned = [{ start: day(0), end: day(1), items: 'a', at: day(5), found: 'FATAL' }];
    assert.deepEqual(first([], { abandoned })[0], [0, 1, 'abandoned', 'FATAL']);
  });
});
