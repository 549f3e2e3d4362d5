import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callPlanText, callsPerDayText } from '../../src/commands/output/call-plan-text.js';
import { callsPerDay } from '../../src/requests/calls-per-day.js';
import { openLearnedLimits } from '../../src/requests/learned-limits.js';
import { runRequestCycle } from '../../src/requests/request-cycle.js';
import type { RequestConfig } from '../../src/config/request-spec.js';
import { silent } from '../files/recorded-warnings.js';
import { fakeContext, fakePipeline, fakeRequest, fakeSeller } from '../ingest/fake-context.js';

const dayMs = 86_400_000;
const nowMs = Date.UTC(2026, 10, 30, 12);
const days = (count: number) => ({ count, unit: 'day' as const });
const traffic = { reportType: 'GET_SALES_AND_TRAFFIC_REPORT', window: days(1) };
const orders = { reportType: 'GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL', window: days(1) };

describe('the plan of calls for people', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sp-reports-plan-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Some sellers of one application, each with the requests, and Amazon's usual quota. */
  function open(sellers: number, requests: (Partial<RequestConfig> & { reportType: string })[]) {
    const pipeline = fakePipeline({ request: requests.map((each) => fakeRequest(each)) });
    const quota = {
      available: () => 15,
      nextAvailableMs: (calls = 1) => nowMs + Math.max(0, calls - 15) * 60_000,
      possibleUntil: (epochMs: number) => 15 + Math.floor((epochMs - nowMs) / 60_000),
    };
    const context = fakeContext({
      config: {
        state: folder,
        sellers: Array.from({ length: sellers }, (_, index) => fakeSeller({ id: `A${index}` })),
        pipelines: [pipeline],
      },
      clock: { now: () => nowMs, sleep: async () => {}, every: () => () => {} },
      warehouse: { seen: async () => new Map(), loadFields: async () => [] },
      sellingPartner: () => ({}),
      requestQuota: () => quota,
      documentQuota: () => quota,
    });
    return { pipeline, context };
  }

  const perDay = (sellers: number, requests: (Partial<RequestConfig> & { reportType: string })[]) =>
    callsPerDay(open(sellers, requests).context, openLearnedLimits(folder, silent), () => undefined);

  it('counts new windows, refreshes, snapshots and reports on schedules at Amazon', () => {
    const { sellers } = perDay(1, [
      { ...orders, refresh: [days(3), days(7)] },
      { reportType: 'GET_LEDGER_SUMMARY_VIEW_DATA', window: { count: 6, unit: 'hour' }, refresh: [] },
      { reportType: 'GET_MERCHANT_LISTINGS_ALL_DATA', cron: '0 */2 * * *' },
      { reportType: 'GET_FLAT_FILE_ORDER_REPORT_DATA_SHIPPING', cron: undefined, period: 'PT15M' },
    ]);
    assert.deepEqual(sellers, [
      { sellerId: 'A0', new: 17, refreshes: 2, scheduled: 96, createReport: 1440, getReportDocument: 1440 },
    ]);
  });

  it('says which calls are too many, what gives way, and what to do next', () => {
    const hourly = { window: { count: 1, unit: 'hour' as const }, refresh: [days(1), days(2), days(3)] };
    const many = Array.from({ length: 20 }, (_, index) => ({
      ...orders,
      ...hourly,
      reportOptions: { number: String(index) },
    }));
    const text = callsPerDayText(perDay(1, many), undefined);
    assert.match(text, /requests: 1,920 of 1,440 \(133 %\): 480 for new windows, 1,440 for refreshes/);
    assert.match(
      text,
      /A0 needs 1,920 requests a day; Amazon allows 1,440\. .* about 480 of 1,440 refreshes a day are not made/,
    );
    assert.match(text, /Next step: fewer ages in `refresh`/);
  });

  it('compares a limit of a type with what all sellers of the application need', () => {
    const text = callsPerDayText(perDay(60, [{ ...traffic, refresh: [days(3)] }]), undefined);
    assert.match(
      text,
      /GET_SALES_AND_TRAFFIC_REPORT of 60 sellers needs 120 reports a day; Amazon allows 96\./,
    );
    assert.doesNotMatch(callsPerDayText(perDay(2, [traffic]), undefined), /More than Amazon allows/);
  });

  it('says how many windows follow those that a cycle looks at, and calls a snapshot the current state', async () => {
    const { pipeline, context } = open(1, [
      { ...orders, from: new Date(nowMs - 500 * dayMs).toISOString().slice(0, 10) },
      { reportType: 'GET_MERCHANT_LISTINGS_ALL_DATA', cron: '0 */2 * * *' },
    ]);
    const { signal } = new AbortController();
    const signals = { stop: signal, abort: signal };
    const summary = await runRequestCycle(pipeline, context, signals, { dryRun: true, now: true });
    const text = callPlanText(summary, { nowMs });
    assert.match(
      text,
      /\n {4}1 newest window, 2026-11-29: now\n {4}200 older windows, 2025-07-18 to 2026-02-02: /,
    );
    // 500 days, without 200 older ones and the newest.
    assert.match(text, /\n {4}299 more windows after these\n/);
    assert.match(text, /GET_MERCHANT_LISTINGS_ALL_DATA, US\n {4}the current state: now\n/);
  });

  for (const width of [60, 80]) {
    it(`fits a terminal of ${width} columns`, async () => {
      const from = new Date(nowMs - 40 * dayMs).toISOString().slice(0, 10);
      const { pipeline, context } = open(2, [
        { ...traffic, from },
        { ...orders, from },
      ]);
      const { signal } = new AbortController();
      const summary = await runRequestCycle(
        pipeline,
        context,
        { stop: signal, abort: signal },
        { dryRun: true, now: true },
      );
      assert.ok(summary.perDay);
      const text = callPlanText(summary, { nowMs, width }) + callsPerDayText(summary.perDay, width);
      for (const line of text.split('\n')) assert.ok(line.length <= width, line);
      assert.match(text, /1 newest window, 2026-11-29: now/);
      const flat = text.replace(/\s+/g, ' ');
      assert.match(
        flat,
        /older windows, 2026-10-21 to 2026-11-28: \d+ now, the others from 12:01 to \d\d:\d\d UTC \(about 1 request a minute/,
      );
      assert.match(flat, /\(1 report of the type per 15 minutes\)/);
    });
  }
});
