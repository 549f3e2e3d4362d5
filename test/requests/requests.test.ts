import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Making } from '../../src/sandbox/report-requests.js';
import type { SandboxOptions } from '../../src/sandbox/sandbox.js';
import {
  generousPlans,
  listings,
  listingsType,
  makeWorld,
  orders,
  ordersType,
  sellerId,
  startInProcess,
  type World,
} from '../ingest/world.js';
import { until } from '../runtime/until.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const today = () => Math.floor(Date.now() / dayMs) * dayMs;
const iso = (ms: number) => new Date(ms).toISOString();
const date = (ms: number) => iso(ms).slice(0, 10);
const daily = { reportType: ordersType, window: '1 day', cron: '0 0 * * *' };
const ofListings = { reportType: listingsType, cron: '0 0 * * *' };

interface Stored {
  requests: Record<
    string,
    {
      doneUntil: string;
      lastRequestedAt?: string;
      windows: { state: string; attempts: { at: string }[]; retryAt?: string }[];
      abandoned: object[];
      refusal?: { at: string; retryAt: string };
    }
  >;
}

describe('requests', () => {
  let world: World;
  afterEach(() => world.close());

  async function open(request: object[], options: SandboxOptions = {}): Promise<void> {
    world = await makeWorld({ pipelines: [{ request }], ...options });
  }

  /** The requested reports, oldest window first. */
  const requested = () =>
    world.sandbox.state.reports
      .filter((report) => report.asked)
      .sort((a, b) => ((a.dataStart ?? '') < (b.dataStart ?? '') ? -1 : 1));
  const requestedDays = () => requested().map(({ dataStart, dataEnd }) => [dataStart, dataEnd]);
  const calls = (operation: string) =>
    world.sandbox.state.calls.filter((call) => call.operation === operation).length;

  async function run(...args: string[]) {
    const { code, stdout, stderr } = await world.run(...(args.length > 0 ? args : ['run']), '--json');
    const lines =
      stdout.trim() === ''
        ? []
        : stdout
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line));
    return { code, stderr, summary: lines[0] };
  }

  async function make(how: { silently?: boolean } = {}): Promise<void> {
    await world.sandbox.stepReports(how);
    await world.sandbox.stepReports(how);
  }

  /** Lets time pass for the requested reports. */
  function later(ms: number): void {
    change((stored) => {
      for (const progress of Object.values(stored.requests)) {
        const back = (at: string) => iso(Date.parse(at) - ms);
        for (const window of progress.windows) {
          for (const attempt of window.attempts) attempt.at = back(attempt.at);
          if (window.retryAt) window.retryAt = back(window.retryAt);
        }
        if (progress.lastRequestedAt) progress.lastRequestedAt = back(progress.lastRequestedAt);
        const { refusal } = progress;
        if (refusal) Object.assign(refusal, { at: back(refusal.at), retryAt: back(refusal.retryAt) });
      }
    });
  }

  function change(apply: (stored: Stored) => void): void {
    const file = join(world.folder, 'state', 'requests.json');
    const stored = JSON.parse(readFileSync(file, 'utf8')) as Stored;
    apply(stored);
    writeFileSync(file, JSON.stringify(stored));
  }

  /** As if Amazon allowed so many calls of getReportDocument, and no more in the next hour. */
  function allowDocuments(tokens: number): void {
    const { clientId } = world.sandbox.credentialsFor(sellerId);
    const bucket = { tokens, atMs: Date.now(), callsPerSecond: 1e-6 };
    const buckets = { [`${clientId} ${sellerId} getReportDocument`]: bucket };
    mkdirSync(join(world.folder, 'state'), { recursive: true });
    writeFileSync(join(world.folder, 'state', 'quota.json'), JSON.stringify({ buckets }));
  }

  function rewriteSettings(request: object[]): void {
    const file = join(world.folder, 'pipelines.yaml');
    const settings = parse(readFileSync(file, 'utf8'));
    settings.pipelines[0].request = request;
    writeFileSync(file, stringify(settings));
  }

  it('cover the last whole day, which is loaded when it arrives, and cover no day twice', async () => {
    await open([{ ...daily, reportOptions: { ShowSalesChannel: true } }], { make: () => done });
    const { summary } = await run();
    assert.equal(summary.requests.asked.length, 1);
    assert.deepEqual(requestedDays(), [[iso(today() - dayMs), iso(today() - 1000)]]);
    assert.deepEqual(requested()[0]?.asked?.reportOptions, { ShowSalesChannel: 'true' });
    assert.deepEqual(requested()[0]?.marketplaceIds, ['ATVPDKIKX0DER']);
    assert.equal((await run()).summary.requests.underway, 1);
    await make();
    assert.deepEqual((await run()).summary.outcomes, { loaded: 1 });
    const { summary: last } = await run();
    assert.deepEqual([last.requests.asked, last.requests.underway, calls('createReport')], [[], 0, 1]);
  });

  it('cover every missed day separately', async () => {
    await open([{ ...daily, from: date(today() - 3 * dayMs) }], { make: () => done });
    await run();
    const days = [3, 2, 1].map((ago) => [
      iso(today() - ago * dayMs),
      iso(today() - (ago - 1) * dayMs - 1000),
    ]);
    assert.deepEqual(requestedDays(), days);
    // The newest first.
    assert.equal(world.sandbox.state.reports[0]?.dataStart, days[2]?.[0]);
    await make();
    await run();
    // The program was off for two nights and lost its state: the ledger has the first of the days.
    await world.run('query', 'SELECT 1');
    change((stored) => {
      for (const progress of Object.values(stored.requests)) progress.doneUntil = iso(today() - 3 * dayMs);
    });
    assert.deepEqual((await run()).summary.requests.asked, []);
  });

  it('go back if `from` is set earlier, and leave out what the ledger has of that time', async () => {
    await open([daily], { make: () => done });
    const had = { sellerId, reportType: ordersType, body: orders([{ id: '1-3', status: 'Shipped' }]) };
    const days = { dataStart: new Date(today() - 3 * dayMs), dataEnd: new Date(today() - 2 * dayMs - 1000) };
    await run();
    // Amazon's list of recent reports no longer has it.
    const createdAt = new Date(today() - 2 * dayMs - hourMs);
    await world.sandbox.notify(world.sandbox.addReport({ ...had, ...days, createdAt }));
    await make();
    await run();
    rewriteSettings([{ ...daily, from: date(today() - 4 * dayMs) }]);
    await run();
    assert.deepEqual(
      requestedDays().map(([start]) => start),
      [4, 2, 1].map((ago) => iso(today() - ago * dayMs)),
    );
  });

  it('start where the ledger ends if they have no state', async () => {
    await open([daily]);
    const day = (ago: number) => ({
      dataStart: new Date(today() - ago * dayMs),
      dataEnd: new Date(today() - (ago - 1) * dayMs - 1000),
    });
    for (const ago of [6, 4]) {
      const had = { sellerId, reportType: ordersType, body: orders([{ id: `1-${ago}`, status: 'Shipped' }]) };
      await world.sandbox.notify(
        world.sandbox.addReport({ ...had, ...day(ago), createdAt: new Date(today() - (ago - 1) * dayMs) }),
      );
    }
    rewriteSettings([]);
    await run();
    rewriteSettings([daily]);
    await run();
    assert.deepEqual(
      requestedDays().map(([start]) => start),
      [5, 3, 2, 1].map((ago) => iso(today() - ago * dayMs)),
    );
  });

  it('leave older windows to later cycles, so that new documents have their quota', async () => {
    await open([{ ...daily, from: date(today() - 20 * dayMs) }], { make: () => done });
    allowDocuments(15);
    const { summary } = await run();
    assert.equal(summary.requests.asked.length, 5);
    assert.equal(summary.requests.left, 15);
    await make();
    await run();
    allowDocuments(15);
    assert.equal((await run()).summary.requests.asked.length, 5);
    assert.equal(new Set(requestedDays().map(String)).size, 10);
  });

  it('are answered by CANCELLED: there is nothing to load, and no gap', async () => {
    await open([{ ...daily, from: date(today() - 3 * dayMs) }], {
      make: ({ dataStart = '' }) =>
        dataStart.startsWith(date(today() - 2 * dayMs)) ? { status: 'CANCELLED' } : done,
    });
    await run();
    await make();
    assert.deepEqual((await run()).summary.outcomes, { loaded: 2, cancelled: 1 });
    assert.deepEqual((await run()).summary.requests.asked, []);
    const [row] = await world.query("SELECT data_start, reason FROM _loads WHERE status = 'cancelled'");
    assert.equal(row?.data_start, iso(today() - 2 * dayMs));
    assert.match(String(row?.reason), /no data/);
    assert.match((await world.run('tables', '--gaps')).stdout, /no gaps|^$/i);
  });

  it('keep the reason of a FATAL report, retry after a while, and are abandoned in the end if others succeed', async () => {
    const found = 'Please try a different date range.';
    const body = Buffer.from(JSON.stringify({ errorDetails: found }));
    // Its data has settled.
    await open([{ ...daily, window: '7 days', from: date(today() - 21 * dayMs) }], {
      make: ({ dataStart = '' }) =>
        dataStart.startsWith(date(today() - 21 * dayMs)) ? { status: 'FATAL', body } : done,
    });
    await run();
    let loaded: object = { loaded: 2 };
    for (const waitMs of [hourMs, 4 * hourMs, dayMs]) {
      await make();
      assert.deepEqual((await run()).summary.outcomes, { fatal: 1, ...loaded });
      loaded = {};
      assert.deepEqual((await run()).summary.requests.asked, []);
      later(waitMs - hourMs / 2);
      assert.deepEqual((await run()).summary.requests.asked, []);
      later(hourMs);
      assert.equal((await run()).summary.requests.asked.length, 1);
    }
    await make();
    await run();
    const { code, summary } = await run();
    assert.equal(code, 1);
    assert.equal(summary.requests.failures[0].code, 'REPORT_GIVEN_UP');
    assert.ok(summary.requests.failures[0].message.includes(found));
    later(30 * dayMs);
    const { code: after, summary: rest } = await run();
    assert.deepEqual([after, rest.requests.asked, rest.requests.givenUp.length], [0, [], 1]);
    const reasons = await world.query("SELECT reason FROM _loads WHERE status = 'fatal'");
    assert.equal(reasons.length, 4);
    for (const { reason } of reasons) assert.ok(String(reason).includes(found));
    world.sandbox.state.faults.answers.set('createReport', { status: 400, times: 1 });
    assert.equal((await run('request', '--again')).summary.asked.length, 0);
    assert.equal((await run('request')).summary.asked.length, 1);
  });

  it('report an abandoned window, however many were abandoned before', async () => {
    await open([daily]);
    await run();
    const at = iso(today());
    change((stored) => {
      for (const progress of Object.values(stored.requests)) {
        for (const record of progress.windows) {
          record.state = 'abandoned';
          record.attempts = Array.from({ length: 4 }, () => ({ at, reportId: '1', failed: 'FATAL' }));
        }
        progress.abandoned = Array.from({ length: 100 }, (_, index) => {
          const day = today() - (400 - index) * dayMs;
          return { start: iso(day), end: iso(day + dayMs), at, found: 'FATAL' };
        });
      }
    });
    const { code, summary } = await run();
    assert.equal(code, 1);
    assert.deepEqual(
      summary.requests.failures.map((failure: { code: string }) => failure.code),
      ['REPORT_GIVEN_UP'],
    );
    assert.equal((await run()).code, 0);
  });

  it('load reports that end without a notification, and that no sweep covers', async () => {
    const ends: Making[] = [{ status: 'FATAL' }, { status: 'CANCELLED' }, done];
    await open([{ ...daily, from: date(today() - 3 * dayMs) }], { make: () => ends.shift() ?? done });
    await run();
    await make({ silently: true });
    assert.equal((await run()).summary.requests.taken, undefined);
    later(hourMs);
    assert.deepEqual((await run()).summary.requests.taken.outcomes, { fatal: 1, cancelled: 1, loaded: 1 });
  });

  it('set the exit code if a report that came without a notification was quarantined', async () => {
    await open([daily], { make: () => ({ status: 'DONE', body: listings(2) }) });
    await run();
    await make({ silently: true });
    later(hourMs);
    const { code, summary } = await run();
    assert.deepEqual([code, summary.requests.taken.outcomes], [1, { quarantined: 1 }]);
  });

  it('do not stop a drain if they fail unexpectedly', async () => {
    await open([daily]);
    await world.sandbox.notify(
      world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(1) }),
    );
    await run();
    // A later version of the program wrote the state.
    change((stored) => Object.assign(stored, { format: 4 }));
    await world.sandbox.notify(
      world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(2) }),
    );
    const { code, summary } = await run();
    assert.notEqual(code, 0);
    assert.deepEqual(summary.outcomes, { loaded: 1 });
  });

  it('are reported although the drain behind them is aborted', async () => {
    await open([daily]);
    const file = join(world.folder, 'pipelines.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/(queue: \S+)/, '$1-gone'));
    const { code, stderr, summary } = await run();
    assert.equal(code, 1);
    assert.match(stderr, /QUEUE_NOT_FOUND/);
    assert.equal(summary.requests.asked.length, 1);
    assert.equal(summary.outcomes, undefined);
  });

  for (const at of ['request-noted', 'request-made']) {
    it(`are made once if the program is killed at ${at}`, async () => {
      await open([daily], { make: () => done });
      const killed = await world.spawnRun(['run'], { SP_REPORTS_CRASH_AT: at });
      assert.equal(killed.code, null);
      assert.equal(requested().length, at === 'request-made' ? 1 : 0);
      // Amazon's list of reports may lag behind.
      assert.deepEqual((await run()).summary.requests.asked, []);
      later(hourMs / 4);
      await run();
      assert.equal(requested().length, 1);
      await make();
      assert.deepEqual((await run()).summary.outcomes, { loaded: 1 });
      assert.equal(requested().length, 1);
    });
  }

  it('are made once if the answer is lost', async () => {
    await open([daily], { make: () => done });
    world.sandbox.state.faults.answers.set('createReport', { status: 503, times: 1 });
    const { code, summary } = await run();
    assert.deepEqual(
      [code, summary.requests.failures[0].code, calls('createReport')],
      [1, 'API_UNAVAILABLE', 1],
    );
    later(hourMs / 4);
    await run();
    assert.equal(requested().length, 1);
  });

  it('are made once if two programs share the state, at the same moment', async () => {
    await open([daily]);
    world.sandbox.state.faults.holds.set('createReport', { ms: 300, times: 2 });
    const both = await Promise.all([world.run('request', '--json'), world.run('request', '--json')]);
    assert.equal(both.flatMap(({ stdout }) => JSON.parse(stdout).asked).length, 1);
    assert.equal(calls('createReport'), 1);
  });

  it('continue with the other types if Amazon refuses to list one', async () => {
    await open([daily, ofListings]);
    world.sandbox.state.faults.answers.set('getReports', { status: 403, times: 1 });
    assert.equal((await run()).summary.requests.asked.length, 2);
  });

  it('are not made for reports that someone else has requested', async () => {
    await open([daily, ofListings]);
    const window = { dataStart: new Date(today() - dayMs), dataEnd: new Date(today() - 1000) };
    world.sandbox.addReport({ sellerId, reportType: ordersType, status: 'IN_PROGRESS', ...window });
    world.sandbox.addReport({ sellerId, reportType: listingsType, status: 'IN_QUEUE' });
    const { summary } = await run();
    assert.deepEqual([summary.requests.asked, summary.requests.underway], [[], 2]);
  });

  /** Reports of others, the newest first in the list. */
  function addOthers(number: number): void {
    for (let index = 0; index < number; index += 1)
      world.sandbox.addReport({
        sellerId,
        reportType: ordersType,
        dataStart: new Date(today() - (index + 40) * dayMs),
        dataEnd: new Date(today() - (index + 39) * dayMs - 1000),
        createdAt: new Date(Date.now() - index * 60_000),
      });
  }

  /** A report of the last whole day that Amazon is about to make. */
  function addUnfinished(createdAt: Date): void {
    world.sandbox.addReport({
      sellerId,
      reportType: ordersType,
      status: 'IN_PROGRESS',
      dataStart: new Date(today() - dayMs),
      dataEnd: new Date(today() - 1000),
      createdAt,
    });
  }

  it('find the request of someone else behind 400 other reports', async () => {
    await open([daily]);
    addOthers(400);
    addUnfinished(new Date(Date.now() - dayMs));
    const { summary } = await run();
    assert.deepEqual([summary.requests.asked, summary.requests.underway, calls('getReports')], [[], 1, 5]);
  });

  it('leave quota to sweeps if others have requested thousands of reports', async () => {
    await open([daily]);
    addOthers(2000);
    const { summary } = await run();
    assert.deepEqual([summary.requests.asked.length, calls('getReports')], [1, 5]);
  });

  it('are made if the quota lets them see only a part of the requests of others', async () => {
    const getReports = { callsPerSecond: 0.0222, burst: 2 };
    await open([daily], { plans: { ...generousPlans, getReports } });
    addOthers(500);
    const { summary } = await run();
    assert.deepEqual([summary.requests.asked.length, summary.requests.failures], [1, []]);
  });

  it('find a request without an answer, days later and behind 500 other reports', async () => {
    await open([daily], { make: () => done });
    world.sandbox.state.faults.answers.set('createReport', { status: 503, times: 1 });
    await run();
    later(3 * dayMs);
    // Created anyway, as its answer may have been lost.
    addUnfinished(new Date(Date.now() - 3 * dayMs + 1000));
    addOthers(500);
    const { summary } = await run();
    assert.deepEqual([summary.requests.asked, summary.requests.underway, calls('createReport')], [[], 1, 1]);
  });

  it('of the current state are made once for each time of their cron expression', async () => {
    await open([ofListings], { make: () => ({ status: 'DONE', body: listings(2) }) });
    await run();
    assert.deepEqual(requestedDays(), [[undefined, undefined]]);
    await make();
    await run();
    assert.deepEqual((await run()).summary.requests.asked, []);
    // A request by hand is made now, and not again while its report is in flight.
    assert.equal((await run('request')).summary.asked.length, 1);
    assert.equal((await run('request')).summary.asked.length, 0);
    assert.equal(requested().length, 2);
  });

  it('of the current state are not repeated after a failure if there is a newer report', async () => {
    const ends: Making[] = [{ status: 'FATAL' }];
    await open([ofListings], { make: () => ends.shift() ?? { status: 'DONE', body: listings(2) } });
    for (const command of ['run', 'request']) {
      assert.equal((await world.run(command)).code, 0);
      await make();
      await run();
    }
    await run();
    later(2 * hourMs);
    assert.deepEqual((await run()).summary.requests.asked, []);
    assert.equal(requested().length, 2);
  });

  it('that the quota does not allow wait for a later cycle, and delay no drain', async () => {
    await open([{ ...daily, from: date(today() - 3 * dayMs) }], {
      plans: { createReport: { callsPerSecond: 0.01, burst: 1 } },
    });
    const startedMs = Date.now();
    // The quota plan of the program assumes 15 at once, as Amazon documents; Amazon's own bucket
    // has one.
    const { code, summary } = await run();
    assert.deepEqual([code, summary.requests.asked.length, summary.requests.left], [0, 1, 2]);
    assert.ok(Date.now() - startedMs < 100_000, 'it waited for the next call of the bucket');
  });

  it('that Amazon refuses are not repeated at once', async () => {
    await open([daily, ofListings]);
    world.sandbox.state.faults.answers.set('createReport', { status: 400, times: 1 });
    const { code, summary } = await run();
    assert.equal(code, 1);
    assert.deepEqual(
      [summary.requests.failures[0].code, summary.requests.asked.length],
      ['REPORT_REQUEST_REFUSED', 1],
    );
    assert.equal((await run()).code, 0);
    assert.equal(calls('createReport'), 2);
    later(hourMs);
    assert.equal((await run()).summary.requests.asked.length, 1);
  });

  it('follow the reporting periods of Brand Analytics', async () => {
    await open([
      {
        reportType: 'GET_BRAND_ANALYTICS_SEARCH_TERMS_REPORT',
        reportOptions: { reportPeriod: 'WEEK' },
        lag: '2 days',
        cron: '0 0 * * *',
      },
    ]);
    await run();
    const [{ dataStart = '', dataEnd = '' } = {}] = requested();
    assert.equal(new Date(dataStart).getUTCDay(), 0);
    assert.equal(Date.parse(dataEnd) - Date.parse(dataStart), 7 * dayMs - 1000);
    assert.ok(Date.parse(dataEnd) < today() - 2 * dayMs);
  });

  it('can be shown without being made', async () => {
    await open([daily, { ...ofListings, schedule: undefined }]);
    const { stdout, code } = await world.run('request', '--dry-run');
    assert.equal(code, 0);
    assert.match(stdout, /Would request 2 reports/);
    assert.ok(stdout.includes(`1 newest window, ${date(today() - dayMs)}: now`), stdout);
    assert.ok(stdout.includes('    the current state: now'), stdout);
    assert.equal(calls('createReport') + calls('getReports'), 0);
    assert.equal((await run('request')).summary.asked.length, 2);
  });

  it('with a schedule create, keep, replace and cancel schedules at Amazon', async () => {
    const schedule = { reportType: listingsType, schedule: 'amazon', period: 'P1D' };
    const shipping = { ...schedule, reportType: 'GET_FLAT_FILE_ORDER_REPORT_DATA_SHIPPING' };
    await open([shipping]);
    assert.equal((await run()).summary.requests.schedules[0].done, 'made');
    assert.deepEqual([(await run()).summary.requests.schedules, calls('getReportSchedules')], [[], 1]);
    assert.equal((await run('request')).summary.schedules[0].done, 'kept');
    rewriteSettings([{ ...shipping, period: 'PT4H' }]);
    assert.equal((await run()).summary.requests.schedules[0].done, 'made');
    assert.deepEqual(
      world.sandbox.state.schedules.map(({ period }) => period),
      ['PT4H'],
    );
    rewriteSettings([daily]);
    assert.match((await world.run('request')).stderr, /request --cancel-schedules/);
    assert.equal((await world.run('request', '--cancel-schedules')).code, 0);
    assert.deepEqual(world.sandbox.state.schedules, []);
  });

  it('with a schedule that Amazon refuses leave it alone for a while', async () => {
    const type = 'GET_FLAT_FILE_ORDER_REPORT_DATA_SHIPPING';
    await open([{ reportType: type, schedule: 'amazon', period: 'PT1H' }]);
    world.sandbox.state.faults.answers.set('createReportSchedule', { status: 400, times: 1 });
    const { code, summary } = await run();
    assert.deepEqual([code, summary.requests.failures[0].code], [1, 'API_REQUEST_REFUSED']);
    assert.equal((await run()).code, 0);
    assert.equal(calls('createReportSchedule'), 1);
    assert.equal((await run('request')).summary.schedules[0].done, 'made');
  });

  it('are made by cron while the program runs', async () => {
    await open([{ ...daily, cron: '* * * * * *' }], { make: () => done });
    const { running, stop } = startInProcess(['start', '--json'], world);
    // The program runs by the real clock, because node-cron does.
    await until(async () => requested().length > 0);
    stop();
    const { stdout, code } = await running;
    assert.equal(code, 0);
    const kinds = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).kind);
    assert.ok(kinds.includes('request'), stdout);
    assert.equal(requested().length, 1);
  });
});

const done: Making = { status: 'DONE', body: orders([{ id: '1-1', status: 'Shipped' }]) };
