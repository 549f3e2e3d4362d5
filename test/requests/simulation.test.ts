import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { ReportsError } from '../../src/errors/reports-error.js';
import type { PipelineContext } from '../../src/ingest/context.js';
import { ledgerEntry } from '../../src/warehouse/ledger/ledger-entry.js';
import { runRequestCycle } from '../../src/requests/request-cycle.js';
import type { Pipeline } from '../../src/config/spec.js';
import { packagedSchemasFolder, readSchemas } from '../../src/schema/read.js';
import type {
  CreateCallOptions,
  Report,
  ReportFilter,
  ReportStatus,
  SellingPartner,
} from '../../src/source/types.js';
import { fakeContext, fakePipeline, fakeRequest, fakeSeller } from '../ingest/fake-context.js';
import { type LedgerRow, ledgerKey, rowsByKeys } from '../../src/warehouse/types.js';
import { runs } from '../property-runs.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const startMs = Date.UTC(2026, 9, 10, 12);
const from = Date.UTC(2026, 9, 7);
const sellerId = 'A1SELLER';
const reportType = 'GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL';
const marketplaceIds = ['ATVPDKIKX0DER'];
const schemas = readSchemas({ folders: [packagedSchemasFolder()] });

type End = 'DONE' | 'CANCELLED' | 'FATAL';
type Fate = (typeof fates)[number];
type Step =
  | { do: 'turn'; calls: Fate[]; isListed?: boolean }
  | { do: 'wait'; hours: number }
  | { do: 'end'; ends: End[] }
  | { do: 'forget' }
  | { do: 'damage' };

/** The outcome of a call: if it is lost, the program ends; if it fails, the turn continues. */
const fates = [
  'answered',
  'lost before',
  'lost after',
  'fails',
  'made, fails',
  'refused',
  'no quota',
] as const;
const calls = fc.array(fc.constantFrom<Fate>('answered', 'answered', ...fates), {
  minLength: 1,
  maxLength: 4,
});
/** Whether the quota of getReports allows a reading of the list. */
const isListed = fc.constantFrom(true, true, false);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('turn' as const), calls, isListed }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('wait' as const), hours: fc.integer({ min: 0, max: 40 }) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('end' as const),
        ends: fc.array(fc.constantFrom<End>('DONE', 'DONE', 'CANCELLED', 'FATAL'), {
          minLength: 1,
          maxLength: 4,
        }),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ do: 'forget' as const }) },
    { weight: 1, arbitrary: fc.constant({ do: 'damage' as const }) },
  ),
  { maxLength: 20 },
) as fc.Arbitrary<Step[]>;

/** Amazon, the ledger and the program, with a clock that only the test moves. */
class Simulation {
  nowMs = startMs;
  reports: Report[] = [];
  ledger: LedgerRow[] = [];
  private fates: string[] = [];
  private isListed = true;
  readonly folder = mkdtempSync(join(tmpdir(), 'sp-reports-request-'));

  async turn(calls: string[], isListed = true): Promise<void> {
    this.fates = [...calls];
    this.isListed = isListed;
    const window = { count: 1, unit: 'day' as const };
    const request = {
      reportType,
      window,
      refresh: [{ count: 2, unit: 'day' as const }],
      from: new Date(from).toISOString().slice(0, 10),
      cron: '0 * * * *',
    };
    const pipeline = fakePipeline({ request: [fakeRequest(request)] });
    const signals = { stop: new AbortController().signal, abort: new AbortController().signal };
    const turn = runRequestCycle(pipeline, this.context(pipeline), signals);
    // If the answer is lost, the program ends.
    await turn.catch((error: Error) => assert.equal(error.message, 'killed'));
  }

  end(ends: string[]): void {
    for (const report of this.reports.filter(({ status }) => status === 'IN_QUEUE')) {
      const status = ends.shift();
      if (!status) return;
      report.status = status as ReportStatus;
      const { reportId, dataStart = null, dataEnd = null, createdAt } = report;
      const became = { DONE: 'loaded', CANCELLED: 'cancelled', FATAL: 'fatal' } as const;
      const key = ledgerKey({ sellerId, reportId });
      // A notification of a cancelled report does not name its period.
      const fields =
        status === 'CANCELLED' ? {} : { marketplaceIds, dataStart, dataEnd, reportCreatedAt: createdAt };
      const entry = ledgerEntry({
        key,
        sellerId,
        reportId,
        reportType,
        status: became[status as End],
        ...fields,
      });
      this.ledger.push({ ...entry, loadedAt: new Date(this.nowMs).toISOString() });
    }
  }

  /** The state folder is lost. */
  forget(): void {
    rmSync(join(this.folder, 'requests.json'), { force: true });
  }

  /** The state of requests is cut off, unless Amazon's list would not show what was requested. */
  damage(): void {
    const isListed = this.reports.every(
      ({ status, createdAt }) =>
        status === 'DONE' || (status === 'IN_QUEUE' && this.nowMs - Date.parse(createdAt) < 3 * dayMs),
    );
    if (isListed) writeFileSync(join(this.folder, 'requests.json'), '{"format": 2, "requests": {');
  }

  private context(pipeline: Pipeline): PipelineContext {
    return fakeContext({
      config: {
        state: this.folder,
        sellers: [fakeSeller({ id: sellerId, marketplaces: marketplaceIds })],
        pipelines: [pipeline],
      },
      schemas,
      warehouse: {
        seen: async (keys) => rowsByKeys(this.ledger, keys),
        loadFields: async (_, { statuses }) => this.ledger.filter(({ status }) => statuses?.includes(status)),
      },
      sellingPartner: () => this.amazon(),
      clock: { now: () => this.nowMs, sleep: async () => {}, every: () => () => {} },
    });
  }

  private amazon(): Partial<SellingPartner> {
    const simulation = this;
    return {
      sellerId,
      // Each notification arrives in time.
      getReport: async (id: string) => {
        const report = simulation.reports.find(({ reportId }) => reportId === id);
        assert.ok(report);
        return report;
      },
      async *getReports({ createdSince, createdUntil }: ReportFilter) {
        if (!simulation.isListed)
          throw new ReportsError('API_QUOTA_EXCEEDED', { operation: 'getReports', sellerId });
        assert.ok(createdSince.getTime() >= simulation.nowMs - 90 * dayMs, 'Amazon has no older ones');
        const untilMs = createdUntil?.getTime() ?? Number.POSITIVE_INFINITY;
        yield* simulation.reports.filter(({ createdAt }) => {
          const createdMs = Date.parse(createdAt);
          return createdMs >= createdSince.getTime() && createdMs <= untilMs;
        });
      },
      async createReport({ dataStart = '', dataEnd = '' }, { onTaken }: CreateCallOptions) {
        const fate = simulation.fates.shift() ?? 'answered';
        const about = { operation: 'createReport', sellerId };
        if (fate !== 'no quota') await onTaken?.();
        if (fate === 'no quota') throw new ReportsError('API_QUOTA_EXCEEDED', about);
        if (fate === 'refused') throw new ReportsError('API_REQUEST_REFUSED', { ...about, found: '400' });
        const failure = new ReportsError('API_UNAVAILABLE', { ...about, found: '503' });
        if (fate === 'fails') throw failure;
        if (fate === 'lost before') throw new Error('killed');
        const before = simulation.reports.filter((report) => report.dataStart === dataStart);
        // A report that Amazon has not made in three days counts as failed.
        const mayCome = before.filter(
          ({ status, createdAt }) =>
            status === 'IN_QUEUE' && simulation.nowMs - Date.parse(createdAt) < 3 * dayMs,
        );
        assert.deepEqual(mayCome, [], `${dataStart} is requested twice`);
        const answered = before.findLastIndex(isAnswer);
        const newest = before[answered];
        assert.ok(!newest || isDueAgain(newest, simulation.nowMs), `${dataStart} is requested too early`);
        const failed = before.slice(answered + 1);
        const lastFailed = failed.at(-1)?.createdAt ?? '';
        const hasWorked = simulation.reports.some((each) => isAnswer(each) && each.createdAt > lastFailed);
        const isDaily = simulation.nowMs - Date.parse(lastFailed) >= dayMs;
        assert.ok(failed.length < 3 || isDaily || hasWorked, `${dataStart} is requested too often`);
        const reportId = String(simulation.reports.length);
        const createdAt = new Date(simulation.nowMs).toISOString();
        simulation.reports.push({
          reportId,
          reportType,
          status: 'IN_QUEUE',
          marketplaceIds,
          dataStart,
          dataEnd,
          createdAt,
        });
        if (fate === 'made, fails') throw failure;
        if (fate === 'lost after') throw new Error('killed');
        return reportId;
      },
    };
  }
}

function isAnswer({ status }: Report): boolean {
  return status === 'DONE' || status === 'CANCELLED';
}

/** Whether a window has reached an age since its report: two days, or one or seven without data. */
function isDueAgain({ status, dataStart = '', createdAt }: Report, nowMs: number): boolean {
  const ages = status === 'CANCELLED' ? [1, 2, 7] : [2];
  const times = ages.map((days) => Date.parse(dataStart) + (1 + days) * dayMs);
  return times.some((atMs) => Date.parse(createdAt) < atMs && atMs <= nowMs);
}

describe('requests in a simulation of random events', () => {
  it('cover every window at each of its ages, never twice while its report may still come, and rarely after failures', async () => {
    const property = fc.asyncProperty(steps, async (taken) => {
      const simulation = new Simulation();
      try {
        for (const step of taken) {
          if (step.do === 'turn') await simulation.turn(step.calls, step.isListed);
          if (step.do === 'wait') simulation.nowMs += step.hours * hourMs;
          if (step.do === 'end') simulation.end([...step.ends]);
          if (step.do === 'forget' && simulation.reports.every(({ status }) => status === 'DONE'))
            simulation.forget();
          if (step.do === 'damage') simulation.damage();
        }
        for (let day = 0; day < 8; day += 1) {
          simulation.end(simulation.reports.map(() => 'DONE'));
          await simulation.turn([]);
          simulation.end(simulation.reports.map(() => 'DONE'));
          simulation.nowMs += dayMs;
        }
        const lastDay = Math.floor((simulation.nowMs - dayMs) / dayMs) * dayMs;
        for (let ms = from; ms < lastDay - dayMs; ms += dayMs) {
          const start = `${new Date(ms).toISOString().slice(0, 19)}Z`;
          const made = simulation.reports.filter(({ dataStart }) => dataStart === start);
          const newest = made.findLast(isAnswer);
          assert.ok(newest || made.length >= 4, `${start} was never answered`);
          const failures = made.length - made.findLastIndex(isAnswer) - 1;
          const isFinal = newest && !isDueAgain(newest, ms + 3.5 * dayMs);
          const isPast = ms + 4 * dayMs < lastDay;
          assert.ok(!isPast || isFinal || failures >= 4, `${start} is not final`);
        }
      } finally {
        rmSync(simulation.folder, { recursive: true, force: true });
      }
    });
    const offForDays: Step[] = [
      { do: 'turn', calls: ['lost after'] },
      { do: 'wait', hours: 49 },
    ];
    // Counted as failed after three days, and made before it is requested again.
    const madeLate: Step[] = [
      { do: 'turn', calls: ['answered'] },
      { do: 'wait', hours: 73 },
      { do: 'turn', calls: ['lost before'] },
    ];
    const damagedWithoutList: Step[] = [
      { do: 'turn', calls: ['answered'] },
      { do: 'damage' },
      { do: 'wait', hours: 1 },
      { do: 'turn', calls: ['answered'], isListed: false },
      { do: 'turn', calls: ['answered'] },
    ];
    // Without data at the age of two days: its data are there after a week, or will not come.
    const cancelledLate: Step[] = [
      { do: 'turn', calls: ['answered'] },
      { do: 'end', ends: ['DONE', 'CANCELLED'] },
    ];
    const examples: [Step[]][] = [[offForDays], [madeLate], [damagedWithoutList], [cancelledLate]];
    await fc.assert(property, { numRuns: runs(8), examples });
  });
});
