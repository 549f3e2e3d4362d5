import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requestText } from '../../src/commands/output/request-summary.js';
import type { RequestConfig } from '../../src/config/request-spec.js';
import { runRequestCycle } from '../../src/requests/request-cycle.js';
import type { RequestOptions } from '../../src/requests/types.js';
import type { WantedReport } from '../../src/source/types.js';
import type { LedgerRow } from '../../src/warehouse/types.js';
import { ledgerEntry } from '../../src/warehouse/ledger/ledger-entry.js';
import { fakeContext, fakePipeline, fakeRequest, fakeSeller } from '../ingest/fake-context.js';

const nowMs = Date.UTC(2026, 9, 10, 12);
const [de, fr] = ['A1PA6795UKMFR9', 'A13V1IB3VIYZZH'] as const;
const day = { count: 1, unit: 'day' as const };
/** A report covers one marketplace. */
const returns = { reportType: 'GET_XML_RETURNS_DATA_BY_RETURN_DATE', window: day };
const listings = { reportType: 'GET_MERCHANT_LISTINGS_ALL_DATA' };
/** A report covers the region. */
const orders = { reportType: 'GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL', window: day };
const noFacts = { reportType: 'GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE', window: day };

describe('requests for several marketplaces', () => {
  let state: string;
  let created: WantedReport[];
  let ledger: LedgerRow[];

  beforeEach(() => {
    state = mkdtempSync(join(tmpdir(), 'sp-reports-marketplaces-'));
    [created, ledger] = [[], []];
  });
  afterEach(() => rmSync(state, { recursive: true }));

  async function cycle(
    request: Partial<RequestConfig> & { reportType: string },
    options: RequestOptions = { now: true },
  ) {
    const sellers = [fakeSeller({ id: 'A1SELLER', region: 'eu', marketplaces: [de, fr] })];
    const pipeline = fakePipeline({ request: [fakeRequest(request)] });
    const context = fakeContext({
      config: { state, sellers, pipelines: [pipeline] },
      clock: { now: () => nowMs, sleep: async () => {}, every: () => () => {} },
      warehouse: { seen: async () => new Map(), loadFields: async () => ledger },
      sellingPartner: () => ({
        async *getReports() {},
        async createReport(wanted) {
          created.push(wanted);
          return String(created.length);
        },
      }),
    });
    const { signal } = new AbortController();
    return runRequestCycle(pipeline, context, { stop: signal, abort: signal }, options);
  }

  /** What was requested: the marketplaces, and the day on which the window begins. */
  const found = () =>
    created
      .map(({ marketplaceIds, dataStart = 'now' }) => `${marketplaceIds.join('+')} ${dataStart.slice(0, 10)}`)
      .sort();

  /** Writes the state of an earlier version, in which the request was done until 10 October. */
  function earlier(reportType: string, ids: readonly string[]): void {
    const progress = {
      version: 7,
      sellerId: 'A1SELLER',
      reportType,
      begin: '2026-10-08T00:00:00.000Z',
      doneUntil: '2026-10-10T00:00:00.000Z',
      windows: [],
      abandoned: [],
    };
    const key = `A1SELLER ${reportType} ${ids.toSorted().join('+')}`;
    const file = join(state, 'requests.json');
    let requests = {};
    try {
      requests = JSON.parse(readFileSync(file, 'utf8')).requests;
    } catch {}
    writeFileSync(
      file,
      JSON.stringify({ format: 2, requests: { ...requests, [key]: progress }, schedules: {} }),
    );
  }

  it('are made once for each, if a report of the type covers one of them', async () => {
    await cycle(listings);
    assert.deepEqual(found(), [`${fr} now`, `${de} now`]);
  });

  it('are made once, if a report of the type covers the region, even with perMarketplace', async () => {
    await cycle({ ...orders, perMarketplace: true });
    assert.deepEqual(found(), [`${fr}+${de} 2026-10-09`]);
  });

  it('are made as written, if nobody knows what a report of the type covers', async () => {
    await cycle(noFacts);
    await cycle({ ...noFacts, perMarketplace: true });
    assert.deepEqual(found(), [`${fr} 2026-10-09`, `${fr}+${de} 2026-10-09`, `${de} 2026-10-09`]);
  });

  it('begin again for each, and say so once, if they were made together before', async () => {
    earlier(returns.reportType, [de, fr]);
    const { notes } = await cycle(returns);
    assert.deepEqual(notes, [
      `${returns.reportType} of A1SELLER was requested for several marketplaces at once, but a report covers one of them: DE is requested again from 2026-10-08`,
      `${returns.reportType} of A1SELLER was requested for several marketplaces at once, but a report covers one of them: FR is requested again from 2026-10-08`,
    ]);
    const windows = [`${fr} 2026-10-08`, `${fr} 2026-10-09`, `${de} 2026-10-08`, `${de} 2026-10-09`];
    assert.deepEqual(found(), windows);
    assert.deepEqual((await cycle(returns)).notes, []);
    assert.deepEqual(found(), windows);
  });

  it('show in a dry run what would begin again, and store nothing', async () => {
    earlier(returns.reportType, [de, fr]);
    const before = readFileSync(join(state, 'requests.json'), 'utf8');
    const summary = await cycle(returns, { now: true, dryRun: true });
    const { requested, notes } = summary;
    assert.equal(requested.length, 4);
    assert.deepEqual(
      notes.map((note) => note.replace(/.*?(it is requested|is requested again)/, '$1')),
      [
        'it is requested separately for DE, FR of A1SELLER',
        'is requested again from 2026-10-08',
        'is requested again from 2026-10-08',
      ],
    );
    assert.match(requestText(summary, { dryRun: true }), /\n\nnote: pipeline all: .*\nnote: .*\nnote: .*\n$/);
    assert.equal(readFileSync(join(state, 'requests.json'), 'utf8'), before);
    assert.deepEqual(created, []);
  });

  it('go on where the furthest one was, if each of them covered the region', async () => {
    earlier(orders.reportType, [de]);
    earlier(orders.reportType, [fr]);
    const { notes } = await cycle({ ...orders, perMarketplace: true, from: '2026-10-08' });
    assert.deepEqual([found(), notes], [[], []]);
  });

  it('are answered by a report of another marketplace, if it covers the region', async () => {
    const row = (reportType: string) => ({
      ...ledgerEntry({ key: 'a', status: 'loaded', sellerId: 'A1SELLER', reportType }),
      marketplaceIds: [fr],
      dataStart: '2026-10-09T00:00:00Z',
      dataEnd: '2026-10-09T23:59:59Z',
    });
    ledger = [row(orders.reportType) as LedgerRow];
    await cycle({ ...orders, marketplaces: [de] });
    assert.deepEqual(found(), []);
    ledger = [row(returns.reportType) as LedgerRow];
    await cycle(returns);
    assert.deepEqual(found(), [`${de} 2026-10-09`]);
  });

  it('have the period of the window in their options, if Amazon requires it', async () => {
    const week = { count: 1, unit: 'week' as const };
    await cycle({ reportType: 'GET_BRAND_ANALYTICS_SEARCH_TERMS_REPORT', window: week });
    assert.deepEqual(
      created.map(({ reportOptions }) => reportOptions),
      [{ reportPeriod: 'WEEK' }, { reportPeriod: 'WEEK' }],
    );
  });
});
