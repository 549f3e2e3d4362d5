import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WrittenItems } from '../../src/config/request-items-spec.js';
import type { Pipeline } from '../../src/config/spec.js';
import { ReportsError } from '../../src/errors/reports-error.js';
import type { PipelineContext } from '../../src/ingest/context.js';
import { runRequestCycle } from '../../src/requests/request-cycle.js';
import { openRequestStore } from '../../src/requests/request-store.js';
import type { RequestOptions, RequestSummary } from '../../src/requests/types.js';
import type { CreateCallOptions, Report, WantedReport, SellingPartner } from '../../src/source/types.js';
import { ledgerEntry } from '../../src/warehouse/ledger/ledger-entry.js';
import { type LedgerRow, ledgerKey, rowsByKeys } from '../../src/warehouse/types.js';
import { fakeContext, fakePipeline, fakeRequest, fakeSeller } from '../ingest/fake-context.js';

const dayMs = 86_400_000;
export const sellerId = 'A1SELLER';
export const queriesType = 'GET_BRAND_ANALYTICS_SEARCH_QUERY_PERFORMANCE_REPORT';
const marketplaceIds = ['ATVPDKIKX0DER'];

/** What becomes of a call of createReport. If it is lost, the program ends. */
export const fates = ['answered', 'lost before', 'lost after', 'fails', 'made, fails', 'no quota'] as const;
export type Fate = (typeof fates)[number];

export const asins = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => `B${String(from + index).padStart(9, '0')}`);

/** A report at Amazon, with the items that it was requested for. */
export type PartReport = Report & { items: string; isKnown: boolean; dataStart: string };

/**
 * Amazon, the ledger and the program, with a clock that only the test moves. A request per item,
 * whose query returns `items`.
 */
export class FanOutWorld {
  reports: PartReport[] = [];
  ledger: LedgerRow[] = [];
  items: string[] = asins(40);
  perItem: WrittenItems = { perAsin: { sql: 'SELECT asin FROM mine' } };
  queries: string[] = [];
  fates: Fate[] = [];
  from: string;
  readonly folder = mkdtempSync(join(tmpdir(), 'sp-reports-parts-'));

  /** `nowMs`: epoch milliseconds. The windows are weeks. */
  constructor(
    public nowMs: number,
    weeks: number,
  ) {
    this.from = new Date(nowMs - weeks * 7 * dayMs).toISOString().slice(0, 10);
  }

  pipeline(): Pipeline {
    const request = fakeRequest({
      reportType: queriesType,
      reportOptions: { reportPeriod: 'WEEK' },
      from: this.from,
      cron: '0 * * * *',
      ...this.perItem,
    });
    return fakePipeline({ request: [request] });
  }

  /** One request cycle. Resolves to undefined if the program ended. */
  async turn(options: RequestOptions = {}): Promise<RequestSummary | undefined> {
    const pipeline = this.pipeline();
    const signals = { stop: new AbortController().signal, abort: new AbortController().signal };
    const turn = runRequestCycle(pipeline, this.context(pipeline), signals, options);
    return turn.catch((error: Error) => {
      if (error.message !== 'killed') throw error;
      return undefined;
    });
  }

  /** Ends the reports that are queued. */
  end(endOf: (report: PartReport) => 'DONE' | 'CANCELLED' | 'FATAL' | undefined = () => 'DONE'): void {
    for (const report of this.reports.filter(({ status }) => status === 'IN_QUEUE')) {
      const status = endOf(report);
      if (!status) continue;
      report.status = status;
      const { reportId, dataStart, dataEnd = null, createdAt: reportCreatedAt } = report;
      const became = { DONE: 'loaded', CANCELLED: 'cancelled', FATAL: 'fatal' } as const;
      const entry = ledgerEntry({
        key: ledgerKey({ sellerId, reportId }),
        sellerId,
        reportId,
        reportType: queriesType,
        status: became[status],
        marketplaceIds,
        dataStart,
        dataEnd,
        reportCreatedAt,
      });
      this.ledger.push({ ...entry, loadedAt: new Date(this.nowMs).toISOString() });
    }
  }

  progress() {
    const [held] = openRequestStore(this.folder, this.context(fakePipeline())).all();
    assert.ok(held);
    return held;
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  context(pipeline: Pipeline): PipelineContext {
    return fakeContext({
      config: {
        state: this.folder,
        sellers: [fakeSeller({ id: sellerId, marketplaces: marketplaceIds })],
        pipelines: [pipeline],
      },
      warehouse: {
        seen: async (keys) => rowsByKeys(this.ledger, keys),
        loadFields: async (_, { statuses }) => this.ledger.filter(({ status }) => statuses?.includes(status)),
        query: async (sql) => {
          this.queries.push(sql);
          return { columns: [{ name: 'asin', type: 'VARCHAR' }], rows: this.items.map((asin) => ({ asin })) };
        },
      },
      sellingPartner: () => this.amazon(),
      clock: { now: () => this.nowMs, sleep: async () => {}, every: () => () => {} },
    });
  }

  private amazon(): Partial<SellingPartner> {
    return {
      sellerId,
      getReport: async (id: string) => {
        const report = this.reports.find(({ reportId }) => reportId === id);
        assert.ok(report);
        return report;
      },
      getReports: (filter: { createdSince: Date }) => this.list(filter),
      createReport: (wanted: WantedReport, call: CreateCallOptions) => this.create(wanted, call),
    };
  }

  private async *list({ createdSince }: { createdSince: Date }) {
    yield* this.reports.filter(({ createdAt }) => Date.parse(createdAt) >= createdSince.getTime());
  }

  private async create(
    { dataStart = '', dataEnd = '', reportOptions }: WantedReport,
    { onTaken }: CreateCallOptions,
  ): Promise<string> {
    const fate = this.fates.shift() ?? 'answered';
    const about = { operation: 'createReport', sellerId };
    if (fate === 'no quota') throw new ReportsError('API_QUOTA_EXCEEDED', about);
    await onTaken?.();
    const failure = new ReportsError('API_UNAVAILABLE', { ...about, found: '503' });
    if (fate === 'fails') throw failure;
    if (fate === 'lost before') throw new Error('killed');
    const items = reportOptions.asin ?? '';
    const reportId = String(this.reports.length);
    const createdAt = new Date(this.nowMs).toISOString();
    const isKnown = fate === 'answered';
    const rest = { reportType: queriesType, marketplaceIds, dataStart, dataEnd, createdAt };
    this.reports.push({ ...rest, reportId, status: 'IN_QUEUE', items, isKnown });
    if (fate === 'made, fails') throw failure;
    if (fate === 'lost after') throw new Error('killed');
    return reportId;
  }
}
