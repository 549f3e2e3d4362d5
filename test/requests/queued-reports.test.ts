import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReportsError } from '../../src/errors/reports-error.js';
import { recoverFinishedReports } from '../../src/requests/recover-finished-reports.js';
import { plansOf } from '../../src/requests/request-plans.js';
import { applyToWindow, beginProgress } from '../../src/requests/request-progress.js';
import { openRequestStore } from '../../src/requests/request-store.js';
import type { Report, ReportStatus } from '../../src/source/types.js';
import { silent } from '../files/recorded-warnings.js';
import { fakeContext, fakePipeline, fakeRequest, fakeSeller } from '../ingest/fake-context.js';

const dayMs = 86_400_000;
const startMs = Date.UTC(2026, 9, 10);
const sellerId = 'A1SELLER';
const reportType = 'GET_BRAND_ANALYTICS_SEARCH_QUERY_PERFORMANCE_REPORT';

describe('a report that stays in the queue of Amazon', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sp-reports-queued-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** What becomes of its window some days after the request. */
  async function stateAfter(
    days: number,
    { status = 'IN_QUEUE', laterEndedAt }: { status?: ReportStatus | 'unknown'; laterEndedAt?: number },
  ) {
    const window = { count: 1, unit: 'week' as const };
    const pipeline = fakePipeline({ request: [fakeRequest({ reportType, window })] });
    const nowMs = startMs + days * dayMs;
    const context = fakeContext({
      config: { state: folder, sellers: [fakeSeller({ id: sellerId })], pipelines: [pipeline] },
      clock: { now: () => nowMs, sleep: async () => {}, every: () => () => {} },
      warehouse: {
        seen: async () => new Map(),
        loadFields: async (_, filter) => {
          assert.deepEqual([filter.sellerId, filter.reportType], [sellerId, reportType]);
          const isLater = (laterEndedAt ?? 0) >= Date.parse(filter.createdSince ?? '');
          return isLater ? ([{ key: 'A1SELLER/2' }] as never) : [];
        },
      },
      sellingPartner: () => ({
        getReport: async (reportId) => {
          if (status === 'unknown') throw new ReportsError('API_NOT_FOUND', { operation: 'getReport' });
          return { reportId, reportType, status } as Report;
        },
      }),
    });
    const store = openRequestStore(folder, silent);
    const plans = plansOf(pipeline, context);
    const [plan] = plans;
    assert.ok(plan);
    const period = { startMs: startMs - 7 * dayMs, endMs: startMs };
    const at = new Date(startMs).toISOString();
    const begun = beginProgress(plan, period.startMs, startMs);
    const created = { type: 'report-created', reportId: '1', at } as const;
    await store.update(plan.key, () => applyToWindow(begun, period, created, startMs));
    const { signal } = new AbortController();
    await recoverFinishedReports(plans, store, pipeline, context, { stop: signal, abort: signal });
    return store.progress(plan.key)?.windows[0]?.state;
  }

  it('is not requested again while Amazon has made none of the later ones either', async () => {
    assert.equal(await stateAfter(4, {}), 'requested');
    assert.equal(await stateAfter(13, { status: 'IN_PROGRESS' }), 'requested');
    assert.equal(await stateAfter(4, { laterEndedAt: startMs - dayMs }), 'requested');
  });

  it('is requested again after three days if one that was requested later has ended', async () => {
    const laterEndedAt = startMs + dayMs;
    assert.equal(await stateAfter(2, { laterEndedAt }), 'requested');
    assert.equal(await stateAfter(3.1, { laterEndedAt }), 'backing-off');
  });

  it('is requested again at once if Amazon no longer has it', async () => {
    assert.equal(await stateAfter(0.5, { status: 'unknown' }), 'backing-off');
  });

  it('is requested again after two weeks, whatever Amazon says', async () => {
    assert.equal(await stateAfter(14.1, {}), 'backing-off');
  });
});
