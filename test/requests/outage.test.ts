import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReportsError } from '../../src/errors/reports-error.js';
import type { PipelineContext } from '../../src/ingest/context.js';
import { openRequestStore } from '../../src/requests/request-store.js';
import { applyToWindow, beginProgress } from '../../src/requests/request-progress.js';
import { runRequestCycle } from '../../src/requests/request-cycle.js';
import type { CallOptions, Report } from '../../src/source/types.js';
import { fakeContext, fakePipeline, fakeRequest, fakeSeller } from '../ingest/fake-context.js';
import type { Pipeline } from '../../src/config/spec.js';
import { ledgerEntry } from '../../src/warehouse/ledger/ledger-entry.js';
import { type LedgerRow, ledgerKey, rowsByKeys } from '../../src/warehouse/types.js';
import { silent } from '../files/recorded-warnings.js';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
/** A Sunday: the week before stays the newest for as long as a test takes. */
const startMs = Date.UTC(2026, 9, 11, 12);
const sellerId = 'A1SELLER';
const marketplaceIds = ['ATVPDKIKX0DER'];
const reportTypes = Array.from({ length: 14 }, (_, index) => `GET_REPORT_${index + 1}`);

/** A seller with the quota of Amazon, and a clock that only the test moves. */
class Amazon {
  nowMs = startMs;
  /** The requested types. */
  types = reportTypes;
  reports: Report[] = [];
  /** The outcome of createReport. */
  state: 'answers' | 'fails' | 'makes and fails' = 'answers';
  /** The types for which createReport fails, whatever the state is. */
  failingTypes: string[] = [];
  /** Whether getReports fails. */
  listFails = false;
  /** What becomes of all reports until the next turn; by default Amazon goes on making them. */
  end?: 'loaded' | 'fatal';
  /** What the ledger has. */
  readonly ledger: LedgerRow[] = [];
  /** Pages of getReports. */
  calls = 0;
  private tokens = 10;
  private atMs = startMs;
  readonly folder = mkdtempSync(join(tmpdir(), 'sp-reports-outage-'));

  turn() {
    const window = { count: 1, unit: 'week' as const };
    const pipeline = fakePipeline({
      request: this.types.map((reportType) => fakeRequest({ reportType, window })),
    });
    const { signal } = new AbortController();
    return runRequestCycle(pipeline, this.context(pipeline), { stop: signal, abort: signal });
  }

  /** Turns at equal intervals. Resolves to the summary of each. */
  async turns(number: number, minutesBetween: number) {
    const summaries = [];
    for (let index = 0; index < number; index += 1) {
      summaries.push(await this.turn());
      this.nowMs += minutesBetween * minuteMs;
      if (this.end) this.endReports(this.end);
    }
    return summaries;
  }

  private endReports(status: 'loaded' | 'fatal'): void {
    const known = new Set(this.ledger.map(({ reportId }) => reportId));
    for (const { reportId, createdAt } of this.reports) {
      if (known.has(reportId)) continue;
      const key = ledgerKey({ sellerId, reportId });
      const reason = status === 'fatal' ? 'Try again later.' : null;
      const entry = ledgerEntry({ key, reportId, status, reportCreatedAt: createdAt, reason });
      this.ledger.push({ ...entry, loadedAt: new Date(this.nowMs).toISOString() });
    }
  }

  /** The answers of createReport for this many types were lost days ago, one after the other. */
  async loseAnswers(number = reportTypes.length, became: 'made' | 'nothing' = 'nothing'): Promise<void> {
    const store = openRequestStore(this.folder, silent);
    const [startOfWeekMs, endMs] = [startMs - 7.5 * dayMs, startMs - dayMs / 2];
    const start = new Date(startOfWeekMs).toISOString();
    for (const [index, reportType] of reportTypes.slice(0, number).entries()) {
      const at = new Date(this.nowMs + index * 15 * minuteMs).toISOString();
      const key = `${sellerId} ${reportType} ${marketplaceIds}`;
      const begun = beginProgress({ sellerId, reportType }, startOfWeekMs, this.nowMs);
      const window = { startMs: startOfWeekMs, endMs };
      const attempted = applyToWindow(begun, window, { type: 'attempted' }, Date.parse(at));
      await store.update(key, () => ({ ...attempted, lastRequestedAt: at }));
      const dataEnd = new Date(endMs - 1000).toISOString();
      if (became === 'made') this.add({ reportType, marketplaceIds, dataStart: start, dataEnd }, at);
    }
    this.nowMs += 2.5 * dayMs;
  }

  useUpQuota(): void {
    this.tokens = 0;
    this.atMs = this.nowMs;
  }

  addOthers(number: number): void {
    for (let index = 0; index < number; index += 1)
      this.add({
        reportType: reportTypes[index % reportTypes.length] ?? '',
        marketplaceIds: ['A1PA6795UKMFR9'],
        dataStart: '2026-01-01T00:00:00Z',
        dataEnd: '2026-01-01T23:59:59Z',
      });
  }

  /** The requested types, each as often as it was requested. */
  typesMade(): string[] {
    const own = this.reports.filter((report) => String(report.marketplaceIds) === String(marketplaceIds));
    return own.map(({ reportType }) => reportType).sort();
  }

  private add(
    report: Omit<Report, 'reportId' | 'status' | 'createdAt'>,
    createdAt = new Date(this.nowMs).toISOString(),
  ): string {
    const reportId = String(this.reports.length);
    this.reports.push({ ...report, reportId, createdAt, status: 'IN_QUEUE' });
    return reportId;
  }

  private take({ deadlineMs = 0 }: CallOptions): void {
    this.tokens = Math.min(10, this.tokens + ((this.nowMs - this.atMs) / 1000) * 0.0222);
    this.atMs = this.nowMs;
    if (this.tokens + ((deadlineMs - this.nowMs) / 1000) * 0.0222 < 1)
      throw new ReportsError('API_QUOTA_EXCEEDED', { operation: 'getReports', sellerId });
    this.tokens -= 1;
    this.calls += 1;
  }

  private context(pipeline: Pipeline): PipelineContext {
    const amazon = this;
    return fakeContext({
      config: {
        state: this.folder,
        sellers: [fakeSeller({ id: sellerId, marketplaces: marketplaceIds })],
        pipelines: [pipeline],
      },
      warehouse: { seen: async (keys) => rowsByKeys(this.ledger, keys), loadFields: async () => [] },
      clock: { now: () => this.nowMs, sleep: async () => {}, every: () => () => {} },
      sellingPartner: () => ({
        getReport: async (id) => {
          const report = amazon.reports.find(({ reportId }) => reportId === id);
          assert.ok(report);
          return { ...report, status: 'IN_PROGRESS' };
        },
        async *getReports(filter, call) {
          assert.ok((filter.createdUntil?.getTime() ?? 0) <= amazon.nowMs, 'a time to come');
          if (amazon.listFails)
            throw new ReportsError('API_UNAVAILABLE', { operation: 'getReports', sellerId, found: '500' });
          for (let start = 0; start < filter.reportTypes.length; start += 10) {
            const types = filter.reportTypes.slice(start, start + 10);
            const found = amazon.reports.filter(
              ({ reportType, createdAt }) =>
                types.includes(reportType) &&
                Date.parse(createdAt) >= filter.createdSince.getTime() &&
                Date.parse(createdAt) <= (filter.createdUntil?.getTime() ?? Number.POSITIVE_INFINITY),
            );
            found.reverse();
            for (let at = 0; at === 0 || at < found.length; at += 100) {
              amazon.take(call);
              yield* found.slice(at, at + 100);
            }
          }
        },
        async createReport(wanted, { onTaken }) {
          await onTaken?.();
          const state = amazon.failingTypes.includes(wanted.reportType) ? 'fails' : amazon.state;
          const reportId = state === 'fails' ? '' : amazon.add(wanted);
          if (state === 'answers') return reportId;
          throw new ReportsError('API_UNAVAILABLE', { operation: 'createReport', sellerId, found: '503' });
        },
      }),
    });
  }
}

describe('requests after an outage of createReport', () => {
  let amazon: Amazon;
  beforeEach(() => {
    amazon = new Amazon();
  });
  afterEach(() => rmSync(amazon.folder, { recursive: true, force: true }));

  for (const [state, what] of [
    ['fails', 'fails'],
    ['makes and fails', 'makes a report and fails'],
  ] as const) {
    it(`are made as soon as it works again, and none twice, if each call ${what}`, async () => {
      amazon.state = state;
      await amazon.turns(20, 15);
      amazon.state = 'answers';
      const [first] = await amazon.turns(3, 15);
      assert.deepEqual(amazon.typesMade(), reportTypes.toSorted());
      assert.equal(first?.postponed, 0);
    });
  }

  it('leave most of the quota of getReports to sweeps', async () => {
    amazon.state = 'fails';
    await amazon.turns(20, 15);
    const before = amazon.calls;
    await amazon.turns(1, 15);
    assert.ok(amazon.calls - before <= 4, `${amazon.calls - before} calls`);
  });

  it('are made step by step if each response was lost days ago and others have made many requests since', async () => {
    await amazon.loseAnswers();
    amazon.addOthers(2000);
    const [first] = await amazon.turns(1, 15);
    // Calls: one span, three pages of each group of types, two more spans.
    assert.deepEqual([first?.requested.length, first?.postponed, amazon.calls], [3, 11, 9]);
    await amazon.turns(4, 15);
    assert.deepEqual(amazon.typesMade(), reportTypes.toSorted());
  });

  it('are made step by step if one cycle per minute leaves hardly any quota of getReports', async () => {
    await amazon.loseAnswers();
    amazon.addOthers(2000);
    await amazon.turns(20, 1);
    assert.deepEqual(amazon.typesMade(), reportTypes.toSorted());
  });

  it('are made for the windows whose state is certain if the quota of getReports is used up', async () => {
    await amazon.loseAnswers(7);
    amazon.useUpQuota();
    const [first] = await amazon.turns(1, 15);
    assert.deepEqual([first?.requested.length, first?.postponed, first?.failures], [7, 7, []]);
  });

  it('find the report of a lost response behind all that others have requested since', async () => {
    await amazon.loseAnswers(14, 'made');
    amazon.addOthers(2000);
    await amazon.turns(5, 15);
    assert.deepEqual(amazon.typesMade(), reportTypes.toSorted());
  });

  it('do not search for a report that was requested a moment ago', async () => {
    amazon.state = 'fails';
    await amazon.turns(1, 1);
    const before = amazon.calls;
    await amazon.turns(1, 1);
    // The two groups of types to which the other due ones belong.
    assert.equal(amazon.calls - before, 2);
  });
});

describe('requests while Amazon answers with 5xx for days', () => {
  let amazon: Amazon;
  beforeEach(() => {
    amazon = new Amazon();
    Object.assign(amazon, { types: reportTypes.slice(0, 3), end: 'loaded' });
  });
  afterEach(() => rmSync(amazon.folder, { recursive: true, force: true }));
  const outages = () =>
    openRequestStore(amazon.folder, silent)
      .all()
      .flatMap(({ reportType, outage }) => (outage ? [`${reportType}: ${outage.found}`] : []));
  const codesOf = (summaries: Awaited<ReturnType<Amazon['turns']>>) =>
    summaries.flatMap(({ failures }) => failures.map(({ code }) => code));

  for (const [what, fail, works, status] of [
    ['createReport', { state: 'fails' }, { state: 'answers' }, 503],
    ['getReports', { listFails: true }, { listFails: false }, 500],
  ] as const) {
    it(`to ${what}, are one outage of each type, which ends with the first report of the type`, async () => {
      Object.assign(amazon, fail);
      assert.ok(!codesOf(await amazon.turns(14, 15)).includes('REPORT_OUTAGE'), 'three hours are none');
      const during = await amazon.turns(5 * 24, 60);
      assert.equal(codesOf(during).filter((code) => code === 'REPORT_OUTAGE').length, 3);
      assert.deepEqual(
        outages(),
        amazon.types.map((type) => `${type}: ${status}`),
      );
      Object.assign(amazon, works);
      const after = await amazon.turns(8, 15);
      assert.deepEqual([codesOf(after), outages()], [[], []]);
      assert.deepEqual(amazon.typesMade(), amazon.types);
    });
  }

  it('to createReport for one type, take nothing from the others', async () => {
    amazon.failingTypes = reportTypes.slice(0, 1);
    const [first] = await amazon.turns(1, 15);
    assert.deepEqual([first?.requested.length, first?.postponed], [2, 1]);
    assert.deepEqual(amazon.typesMade(), amazon.types.slice(1));
    await amazon.turns(3 * 24, 60);
    assert.deepEqual(outages(), [`${amazon.types[0]}: 503`]);
  });

  it('now and then, are no outage', async () => {
    for (let hour = 0; hour < 12; hour += 1) {
      // Only the first call of each window fails.
      amazon.state = 'fails';
      await amazon.turns(1, 15);
      amazon.state = 'answers';
      await amazon.turns(2, 15);
      amazon.nowMs += 7 * dayMs;
    }
    assert.deepEqual(outages(), []);
    assert.equal(amazon.typesMade().length, 3 * 12);
  });
});

describe('requests after two weeks in which all reports are FATAL', () => {
  it('have reported it once for each type, and get every week by themselves', async () => {
    const amazon = new Amazon();
    try {
      const types = reportTypes.slice(0, 2);
      Object.assign(amazon, { types, end: 'fatal' });
      const during = await amazon.turns(15 * 4, 6 * 60);
      const codes = during.flatMap(({ failures }) => failures.map(({ code }) => code));
      assert.deepEqual(
        codes,
        types.map(() => 'REPORT_OUTAGE'),
      );
      assert.match(during.flatMap(({ failures }) => failures)[0]?.message ?? '', /Try again later/);
      amazon.end = 'loaded';
      const after = await amazon.turns(2 * 4, 6 * 60);
      assert.deepEqual(
        after.flatMap(({ failures, abandoned }) => [failures, abandoned]),
        after.flatMap(() => [[], []]),
      );
      const loaded = amazon.ledger.filter(({ status }) => status === 'loaded');
      const periods = amazon.reports
        .filter(({ reportId }) => loaded.some((row) => row.reportId === reportId))
        .map(({ reportType, dataStart }) => `${reportType} ${dataStart?.slice(0, 10)}`);
      const weeks = ['2026-10-04', '2026-10-11', '2026-10-18'];
      assert.deepEqual(
        periods.sort(),
        types.flatMap((type) => weeks.map((week) => `${type} ${week}`)).sort(),
      );
    } finally {
      rmSync(amazon.folder, { recursive: true, force: true });
    }
  });
});
