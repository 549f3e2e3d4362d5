import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ReportsError } from '../../src/errors/reports-error.js';
import { openRequestStore } from '../../src/requests/request-store.js';
import { runRequestCycle } from '../../src/requests/request-cycle.js';
import type { RequestConfig } from '../../src/config/request-spec.js';
import type { Span } from '../../src/yaml/span.js';
import type { Report } from '../../src/source/types.js';
import { type LedgerRow, ledgerKey, rowsByKeys } from '../../src/warehouse/types.js';
import { ledgerEntry } from '../../src/warehouse/ledger/ledger-entry.js';
import { fakeContext, fakePipeline, fakeRequest, fakeSeller } from '../ingest/fake-context.js';
import { silent } from '../files/recorded-warnings.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const startMs = Date.UTC(2026, 9, 10, 12);
const fees = { reportType: 'GET_REFERRAL_FEE_PREVIEW_REPORT' };
const traffic = { reportType: 'GET_SALES_AND_TRAFFIC_REPORT', window: { count: 1, unit: 'day' as const } };
const oneSeller = ['A1SELLER'];
const twoSellers = ['A1SELLER', 'A2SELLER'];

interface Listed extends Report {
  sellerId: string;
}

type TestRequest = Partial<RequestConfig> & { reportType: string };

describe('request cycles', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sp-reports-turns-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  let reports: Listed[] = [];
  let ledger: LedgerRow[] = [];
  let nowMs = startMs;
  let onList: (sellerId: string) => Promise<void> = async () => {};
  /** Called while createReport waits for its quota. */
  let onCreate = async () => {};
  /** By seller: the error of createReport. With API_UNREACHABLE, the report is created anyway. */
  const failures = new Map<string, ReportsError>();
  let documentsPerHour: number;
  let callsPossible: number;
  beforeEach(() => {
    [reports, ledger, nowMs, onList] = [[], [], startMs, async () => {}];
    onCreate = async () => {};
    failures.clear();
    for (const file of ['requests.json', 'limits.json']) rmSync(join(folder, file), { force: true });
    documentsPerHour = Number.MAX_SAFE_INTEGER;
    callsPossible = Number.MAX_SAFE_INTEGER;
  });

  const turn = (sellerIds: string[], request: TestRequest) =>
    turnsOf([{ sellers: sellerIds, request }])[0]?.();

  /**
   * The turns of several pipelines, one for each request of some sellers. Sellers in `applications`
   * have their own application.
   */
  function turnsOf(
    turns: { sellers: string[]; request: TestRequest }[],
    { applications = {} }: { applications?: Record<string, string> } = {},
  ) {
    const pipelines = turns.map(({ sellers, request }, index) =>
      fakePipeline({ name: `pipeline ${index}`, request: [fakeRequest({ sellers, ...request })] }),
    );
    const sellers = [...new Set(turns.flatMap((each) => each.sellers))].map((id) =>
      fakeSeller({ id, clientId: applications[id] ?? 'the application' }),
    );
    const context = fakeContext({
      config: { state: folder, sellers, pipelines },
      warehouse: {
        seen: async (keys) => rowsByKeys(ledger, keys),
        loadFields: async (_, { dataEndSince = '' }) =>
          ledger.filter(({ dataEnd }) => (dataEnd ?? '') >= dataEndSince),
      },
      clock: { now: () => nowMs, sleep: async () => {}, every: () => () => {} },
      requestQuota: () => ({
        available: () => callsPossible,
        nextAvailableMs: () => nowMs + hourMs,
        possibleUntil: () => callsPossible,
      }),
      documentQuota: () => ({
        available: () => documentsPerHour,
        nextAvailableMs: () => nowMs,
        possibleUntil: (epochMs) => documentsPerHour * ((epochMs - nowMs) / hourMs),
      }),
      sellingPartner: (sellerId) => ({
        async *getReports() {
          await onList(sellerId);
          yield* reports.filter((each) => each.sellerId === sellerId);
        },
        // No notification comes: the report stays in flight.
        getReport: async (id) => {
          const report = reports.find(({ reportId }) => reportId === id);
          return { ...report, status: 'IN_PROGRESS' } as Report;
        },
        async createReport(wanted, { onTaken }) {
          await nextTurn();
          await onCreate();
          await onTaken?.();
          const failure = failures.get(sellerId);
          if (failure && failure.code !== 'API_UNREACHABLE') throw failure;
          callsPossible -= 1;
          const reportId = String(reports.length);
          const createdAt = new Date(nowMs).toISOString();
          reports.push({ ...wanted, sellerId, reportId, status: 'IN_QUEUE', createdAt });
          if (failure) throw failure;
          return reportId;
        },
      }),
    });
    const { signal } = new AbortController();
    return pipelines.map((each) => () => runRequestCycle(each, context, { stop: signal, abort: signal }));
  }

  const requestedSellers = () => reports.map(({ sellerId }) => sellerId);

  it('alternate between the sellers if Amazon wants the requests of a type spaced out', async () => {
    for (let hour = 0; hour < 10 * 24; hour += 1) {
      await turn(twoSellers, fees);
      for (const { reportId } of reports) await done(reportId);
      nowMs += hourMs;
    }
    const [first = 0, second = 0] = twoSellers.map(
      (id) => requestedSellers().filter((each) => each === id).length,
    );
    assert.ok(first > 3 && Math.abs(first - second) <= 1, `${first} and ${second}`);
  });

  it('request the newest window of every seller before an older one of any', async () => {
    const from = new Date(startMs - 30 * dayMs).toISOString().slice(0, 10);
    for (let count = 0; count < 3; count += 1) {
      await turn(twoSellers, { ...traffic, from });
      nowMs += 16 * 60_000;
    }
    const newest = new Date(Math.floor(startMs / dayMs) * dayMs - dayMs).toISOString().slice(0, 10);
    assert.deepEqual(requestedSellers().slice(0, 2), twoSellers);
    assert.deepEqual(
      reports.map(({ dataStart }) => dataStart?.slice(0, 10) === newest),
      [true, true, false],
    );
  });

  it('wait out the minimum interval of a type after its state was lost, and request nothing twice', async () => {
    await turn(oneSeller, traffic);
    const [first] = reports;
    assert.ok(first);
    writeFileSync(join(folder, 'requests.json'), '{"format":2,');
    // Amazon's list does not show it, as if another seller of the application had requested it.
    reports = [];
    nowMs += 14 * 60_000;
    assert.equal((await turn(oneSeller, traffic))?.postponed, 1);
    nowMs += 14 * 60_000;
    assert.deepEqual(reports, []);
    await turn(oneSeller, traffic);
    assert.equal(reports.length, 0);
    nowMs += 2 * 60_000;
    await turn(oneSeller, traffic);
    assert.equal(reports.length, 1);
  });

  const backlog = { ...traffic, from: new Date(startMs - 30 * dayMs).toISOString().slice(0, 10) };
  const twoPipelines = twoSellers.map((id) => ({ sellers: [id], request: backlog }));

  it('alternate between the sellers of two pipelines, whichever pipeline runs its cycle first', async () => {
    const [first, second] = turnsOf(twoPipelines);
    for (let quarter = 0; quarter < 10; quarter += 1) {
      // The other pipeline always comes just after a request.
      await first?.();
      await second?.();
      nowMs += 16 * 60_000;
    }
    assert.deepEqual(requestedSellers(), Array.from({ length: 5 }, () => twoSellers).flat());
  });

  it('count only windows of their own pipeline as left to a later cycle', async () => {
    const [first, second] = turnsOf(twoPipelines);
    const ofFirst = await first?.();
    assert.deepEqual([ofFirst?.requested.length, ofFirst?.postponed], [1, 29]);
    const ofSecond = await second?.();
    assert.deepEqual([ofSecond?.requested.length, ofSecond?.postponed], [0, 30]);
  });

  it('request one report of a spaced type at a time if two pipelines run their cycles at once', async () => {
    await Promise.all(turnsOf(twoPipelines).map((each) => each()));
    assert.equal(reports.length, 1);
  });

  it('space the reports of each application separately', async () => {
    const [first, second] = turnsOf(twoPipelines, { applications: { A2SELLER: 'another application' } });
    await first?.();
    await second?.();
    await first?.();
    assert.deepEqual(requestedSellers(), twoSellers);
  });

  it('leave older windows to later cycles if another pipeline has enough windows of the seller in flight', async () => {
    const orders = { ...backlog, reportType: 'GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL' };
    const other = { ...backlog, reportType: 'GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL' };
    const [first, second] = turnsOf([orders, other].map((request) => ({ sellers: oneSeller, request })));
    // Ten of them are left to drains.
    documentsPerHour = 15;
    assert.equal((await first?.())?.requested.length, 5);
    // Only the newest one.
    assert.equal((await second?.())?.requested.length, 1);
  });

  describe('of a type of which an account may request 20 reports a day', () => {
    const searches = {
      reportType: 'GET_BRAND_ANALYTICS_SEARCH_QUERY_PERFORMANCE_REPORT',
      window: { count: 1, unit: 'week' as const },
      from: new Date(startMs - 50 * 7 * dayMs).toISOString().slice(0, 10),
    };

    /** Another application requested it an hour ago, for a window that nobody here wants. */
    const addOfAnother = (number: number) =>
      reports.push({
        sellerId: 'A1SELLER',
        reportId: `of another ${number}`,
        reportType: searches.reportType,
        status: 'DONE',
        marketplaceIds: ['ATVPDKIKX0DER'],
        dataStart: '2020-01-05T00:00:00Z',
        dataEnd: '2020-01-11T23:59:59Z',
        createdAt: new Date(nowMs - hourMs).toISOString(),
      });

    it('request no more than that in 24 hours, together with what other applications requested', async () => {
      for (let number = 0; number < 18; number += 1) addOfAnother(number);
      const [first] = turnsOf([{ sellers: oneSeller, request: searches }]);
      assert.equal((await first?.())?.requested.length, 2);
      nowMs += 22 * hourMs;
      assert.equal((await first?.())?.requested.length, 0);
      nowMs += 2 * hourMs - 60_000;
      assert.equal((await first?.())?.requested.length, 18);
      nowMs += 2 * 60_000;
      assert.equal((await first?.())?.requested.length, 2);
    });

    it('request no more than that if two pipelines request it at once', async () => {
      const other = { ...searches, reportOptions: { asin: 'B000000001' } };
      const turns = turnsOf([searches, other].map((request) => ({ sellers: oneSeller, request })));
      await Promise.all(turns.map((each) => each()));
      assert.equal(reports.length, 20);
    });
  });

  it('make the most urgent calls for a seller, whichever of two pipelines they belong to', async () => {
    const orders = 'GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL';
    const [first, second] = turnsOf([
      { sellers: oneSeller, request: { ...backlog, reportType: orders } },
      { sellers: oneSeller, request: { ...backlog, reportType: 'GET_LEDGER_SUMMARY_VIEW_DATA' } },
    ]);
    callsPossible = 2;
    assert.equal((await first?.())?.requested.length, 2);
    const newest = new Date(Math.floor(startMs / dayMs) * dayMs - dayMs).toISOString().slice(0, 10);
    assert.deepEqual(
      reports.map(({ reportType, dataStart }) => [reportType, dataStart?.slice(0, 10)]),
      [
        [orders, newest],
        ['GET_LEDGER_SUMMARY_VIEW_DATA', newest],
      ],
    );
    callsPossible = 1;
    assert.equal((await second?.())?.requested.length, 1);
  });

  it('keep a longer interval of a type of a seller that Amazon cancels if it follows another report', async () => {
    const ledgerReports = { ...backlog, reportType: 'GET_LEDGER_SUMMARY_VIEW_DATA' };
    const [first] = turnsOf([{ sellers: oneSeller, request: ledgerReports }]);
    for (let day = 0; day < 2; day += 1) {
      for (const status of ['loaded', 'cancelled'] as const) {
        callsPossible = 1;
        await first?.();
        const { reportId = '' } = reports.at(-1) ?? {};
        const key = ledgerKey({ sellerId: 'A1SELLER', reportId });
        ledger.push({ ...ledgerEntry({ key, status, reportId }), loadedAt: new Date(nowMs).toISOString() });
        nowMs += 2 * 60_000;
      }
      nowMs += 20 * hourMs;
    }
    callsPossible = 100;
    assert.equal((await first?.())?.requested.length, 1);
    nowMs += 3 * 60_000;
    assert.equal((await first?.())?.requested.length, 0);
    nowMs += 2 * 60_000;
    assert.equal((await first?.())?.requested.length, 1);
  });

  for (const code of ['API_QUOTA_EXCEEDED', 'API_ACCESS_DENIED'] as const) {
    it(`continue with the next seller after ${code} for the one before`, async () => {
      const about = { operation: 'createReport', sellerId: 'A1SELLER', found: '403' };
      failures.set('A1SELLER', new ReportsError(code, about));
      await turn(twoSellers, fees);
      assert.deepEqual(requestedSellers(), ['A2SELLER']);
    });
  }

  const firstWindows: { name: string; window: Span; lag?: Span<'hour' | 'day'>; had: string[] }[] = [
    { name: 'a quarter', window: { count: 1, unit: 'quarter' }, had: ['2026-07-01', '2026-10-01'] },
    { name: 'a year', window: { count: 1, unit: 'year' }, had: ['2025-01-01', '2026-01-01'] },
    {
      name: 'a month with a long lag',
      window: { count: 1, unit: 'month' },
      lag: { count: 60, unit: 'day' },
      had: ['2026-09-01', '2026-10-01'],
    },
  ];
  for (const { name, window, lag, had } of firstWindows) {
    it(`do not request a first window that the ledger already has: ${name}`, async () => {
      nowMs = Date.UTC(2026, 11, 20, 12);
      const [start = '', end = ''] = had;
      const dataEnd = new Date(Date.parse(end) - 1000).toISOString();
      const dataStart = new Date(start).toISOString();
      const marketplaceIds = ['ATVPDKIKX0DER'];
      const entry = ledgerEntry({ key: 'A1SELLER/1', status: 'loaded', marketplaceIds, dataStart, dataEnd });
      // Made just now, so that no refresh is due.
      const reportCreatedAt = new Date(nowMs).toISOString();
      ledger = [{ ...entry, reportCreatedAt, loadedAt: reportCreatedAt }];
      const summary = await turn(oneSeller, { ...traffic, window, lag });
      assert.deepEqual(summary?.requested, []);
    });
  }

  describe('with a failing pipeline beside them', () => {
    const about = { operation: 'createReport', sellerId: 'A2SELLER', found: '401' };
    const loginRefused = new ReportsError('LOGIN_REFUSED', about);

    /** The turn of the first of two pipelines, when the seller of the other has waited longer. */
    async function turnBehindOther() {
      const [first, second] = turnsOf(twoPipelines);
      await first?.();
      nowMs += 16 * 60_000;
      return { first, second };
    }

    it('make their own requests, and report no failure, if its login is refused', async () => {
      const { first } = await turnBehindOther();
      failures.set('A2SELLER', loginRefused);
      const summary = await first?.();
      assert.deepEqual([summary?.requested.length, summary?.failures], [1, []]);
    });

    it('make their own requests, and report no failure, if its reports cannot be listed', async () => {
      const { first } = await turnBehindOther();
      onList = async (sellerId) => {
        if (sellerId === 'A2SELLER') throw loginRefused;
      };
      const summary = await first?.();
      assert.deepEqual([summary?.requested.length, summary?.failures], [1, []]);
    });

    it('leave it to the cycle of that pipeline to report that Amazon refuses a request', async () => {
      const { first, second } = await turnBehindOther();
      failures.set('A2SELLER', new ReportsError('API_REQUEST_REFUSED', { ...about, found: '400' }));
      const summary = await first?.();
      assert.deepEqual([summary?.requested.length, summary?.failures], [1, []]);
      nowMs += 16 * 60_000;
      const codes = (await second?.())?.failures.map(({ code }) => code);
      assert.deepEqual(codes, ['REPORT_REQUEST_REFUSED']);
    });

    it('leave it to the cycle of that pipeline to report an abandoned window', async () => {
      const { first, second } = await turnBehindOther();
      await second?.();
      const store = openRequestStore(folder, silent);
      const [, { key, begin } = { key: '', begin: '' }] = store.all();
      const end = new Date(Date.parse(begin) + dayMs).toISOString();
      const at = new Date(startMs - 9 * dayMs).toISOString();
      const attempts = [1, 2, 3, 4].map((id) => ({ at, reportId: `failed-${id}`, failed: 'FATAL' }));
      const window = { start: begin, end, state: 'abandoned', version: 1, attempts } as const;
      await store.update(key, (held) => held && { ...held, windows: [window] });
      nowMs += 16 * 60_000;
      assert.deepEqual((await first?.())?.failures, []);
      const codes = (await second?.())?.failures.map(({ code }) => code);
      assert.deepEqual(codes, ['REPORT_GIVEN_UP']);
    });
  });

  describe('of two pipelines that request the same type for one seller', () => {
    const siblings = ['DAY', 'WEEK'].map((dateGranularity) => ({
      sellers: oneSeller,
      request: { ...traffic, reportOptions: { dateGranularity } },
    }));

    it('read the list of reports of the seller once for both', async () => {
      let lists = 0;
      onList = async () => {
        lists += 1;
        if (lists > 1) throw new ReportsError('API_UNAVAILABLE', { operation: 'getReports' });
      };
      const [first] = turnsOf(siblings);
      const summary = await first?.();
      assert.deepEqual([summary?.requested.length, summary?.failures, lists], [1, [], 1]);
    });
  });

  describe('that wait for the quota of createReport', () => {
    const waited = async (minutes: number) => {
      nowMs += minutes * 60_000;
      onCreate = async () => {};
    };

    it('find the report of a lost response as soon as the quota allows it', async () => {
      const orders = { reportType: 'GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL' };
      // With a sibling, only a report that was created at about that time is taken for that of the
      // request.
      const siblings = [{ a: 'x' }, { a: 'y' }].map((reportOptions) => ({
        sellers: oneSeller,
        request: { ...orders, window: { count: 1, unit: 'day' as const }, reportOptions },
      }));
      const [first] = turnsOf(siblings);
      onCreate = () => waited(30);
      failures.set('A1SELLER', new ReportsError('API_UNREACHABLE', { operation: 'createReport' }));
      await first?.();
      failures.clear();
      nowMs += hourMs;
      await first?.();
      assert.equal(reports.length, 1);
    });

    it('make no request that another process made meanwhile', async () => {
      onCreate = async () => {
        await waited(30);
        await turn(oneSeller, traffic);
      };
      await turn(oneSeller, traffic);
      assert.equal(reports.length, 1);
    });

    it('make no request of a spaced type that another seller made meanwhile', async () => {
      const each = twoSellers.map((id) => turnsOf(twoPipelines)[twoSellers.indexOf(id)]);
      onCreate = async () => {
        await waited(30);
        await each[1]?.();
      };
      await each[0]?.();
      assert.equal(reports.length, 1);
      nowMs += 16 * 60_000;
      await each[0]?.();
      assert.equal(reports.length, 2);
    });

    it('leave nothing behind if they are stopped meanwhile', async () => {
      onCreate = async () => {
        throw new Error('stopped');
      };
      await assert.rejects(async () => turn(oneSeller, traffic), /stopped/);
      onCreate = async () => {};
      await turn(oneSeller, traffic);
      assert.equal(reports.length, 1);
    });
  });

  it('do not list the reports of other pipelines while no request is allowed', async () => {
    const [first, second] = turnsOf(twoPipelines);
    await second?.();
    const looked: string[] = [];
    onList = async (sellerId) => void looked.push(sellerId);
    await first?.();
    assert.deepEqual(looked, ['A1SELLER']);
  });

  it('keep what another process requests while the list of reports is read', async () => {
    const store = openRequestStore(folder, silent);
    const from = new Date(startMs - 2 * dayMs).toISOString().slice(0, 10);
    const orders = { ...traffic, reportType: 'GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL', from };
    const [older, newer] = [2, 1].map((ago) => {
      const dayStartMs = Math.floor(startMs / dayMs) * dayMs - ago * dayMs;
      return {
        dataStart: new Date(dayStartMs).toISOString(),
        dataEnd: new Date(dayStartMs + dayMs - 1000).toISOString(),
      };
    });
    reports.push({
      ...older,
      sellerId: 'A1SELLER',
      reportId: 'of-somebody',
      reportType: orders.reportType,
      status: 'IN_QUEUE',
      marketplaceIds: ['ATVPDKIKX0DER'],
      createdAt: new Date(nowMs).toISOString(),
    });
    onList = async () => {
      const [{ key } = { key: '' }] = store.all();
      const start = newer?.dataStart ?? '';
      const end = new Date(Date.parse(start) + dayMs).toISOString();
      const attempts = [{ at: new Date(nowMs).toISOString(), reportId: 'of-the-other' }];
      const window = { start, end, state: 'requested', version: 1, attempts } as const;
      await store.update(key, (held) => held && { ...held, windows: [window] });
    };
    const summary = await turn(oneSeller, orders);
    assert.deepEqual(summary?.requested, []);
    const ids = store.all().flatMap(({ windows }) => windows.flatMap((each) => each.attempts));
    assert.deepEqual(
      ids.map(({ reportId }) => reportId),
      ['of-somebody', 'of-the-other'],
    );
  });

  /** As the ledger says: the window is answered. */
  async function done(reportId: string): Promise<void> {
    const store = openRequestStore(folder, silent);
    for (const { key, windows } of store.all()) {
      if (!windows.some(({ attempts }) => attempts.at(-1)?.reportId === reportId)) continue;
      const answered = windows.map((each) => ({ ...each, state: 'answered' as const }));
      await store.update(key, (held) => held && { ...held, windows: answered });
    }
  }
});
