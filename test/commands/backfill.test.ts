import assert from 'node:assert/strict';
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

const dayMs = 86_400_000;
const daysAgo = (days: number) => new Date(Date.now() - days * dayMs);
const dateOf = (days: number) => daysAgo(days).toISOString().slice(0, 10);

describe('backfill', () => {
  let world: World;
  afterEach(() => world.close());

  const addOrders = (created: Date, id: string) =>
    world.sandbox.addReport({
      sellerId,
      reportType: ordersType,
      body: orders([{ id, status: 'Shipped' }]),
      createdAt: created,
    });
  const loaded = async () =>
    (await world.query('SELECT amazon_order_id AS id FROM orders_by_last_update ORDER BY 1')).map(
      ({ id }) => id,
    );
  const calls = (wanted: string) =>
    world.sandbox.state.calls.filter(({ operation }) => operation === wanted).length;

  it('shows its plan, and loads only the window after a yes', async () => {
    world = await makeWorld({ pipelines: [{ reportTypes: [ordersType, listingsType] }] });
    for (const days of [20, 40, 60]) addOrders(daysAgo(days), `order-${days}`);
    world.sandbox.addReport({
      sellerId,
      reportType: listingsType,
      body: listings(1),
      createdAt: daysAgo(40),
    });
    const window = ['backfill', '--from', dateOf(50), '--to', dateOf(30)];
    const planned = await world.run(...window);
    assert.equal(planned.code, 0, planned.stderr);
    assert.match(planned.stdout, /2 documents to load; within the quota, this takes less than a minute/);
    assert.match(planned.stderr, /Nothing was loaded\. Add --yes/);
    assert.equal(calls('getReportDocument'), 0);
    const { code, stdout } = await world.run(...window, '--yes', '--types', 'GET_FLAT_FILE_*', '--json');
    const [plan, run] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      [code, plan.plan.sellers, run.outcomes],
      [0, [{ sellerId, found: 1, toFetch: 1 }], { loaded: 1 }],
    );
    assert.deepEqual(await loaded(), ['order-40']);
    const again = JSON.parse((await world.run(...window, '--types', ordersType, '--json')).stdout);
    assert.deepEqual([again.plan.sellers, again.documents], [[{ sellerId, found: 1, toFetch: 0 }], 0]);
  });

  it('finds every report across all pages of getReports', async () => {
    world = await makeWorld({ pipelines: [{ reportTypes: [ordersType] }] });
    for (let index = 0; index < 500; index += 1) addOrders(daysAgo(1 + index / 100), `order-${index}`);
    const { plan } = JSON.parse((await world.run('backfill', '--from', dateOf(10), '--json')).stdout);
    assert.deepEqual(plan.sellers, [{ sellerId, found: 500, toFetch: 500 }]);
    assert.equal(calls('getReports'), 5);
  });

  it('shows gaps until a wider window closes them', async () => {
    world = await makeWorld({ pipelines: [{ reportTypes: [ordersType] }] });
    for (const days of [30, 20, 10]) {
      world.sandbox.addReport({
        sellerId,
        reportType: ordersType,
        body: orders([{ id: `order-${days}`, status: 'Shipped' }]),
        createdAt: daysAgo(days),
        dataStart: daysAgo(days + 10),
        dataEnd: daysAgo(days),
      });
    }
    const gaps = async () =>
      JSON.parse((await world.run('tables', '--gaps', '--json')).stdout) as { table: string }[];
    await world.run('backfill', '--from', dateOf(40), '--to', dateOf(25), '--yes');
    await world.run('backfill', '--from', dateOf(15), '--yes');
    assert.deepEqual(
      (await gaps()).map(({ table }) => table),
      ['orders_by_last_update'],
    );
    assert.match((await world.run('tables', '--gaps')).stdout, /orders_by_last_update +A1TESTSELLER +US/);
    await world.run('backfill', '--from', dateOf(40), '--yes');
    assert.deepEqual(await gaps(), []);
    assert.equal((await world.run('tables', '--gaps')).stdout, 'No gaps.\n');
  });

  it('asks for confirmation at a terminal, and starts only after y', async () => {
    world = await makeWorld({ pipelines: [{ reportTypes: [ordersType] }] });
    addOrders(daysAgo(3), 'order-3');
    const { runCli } = await import('../../src/cli.js');
    const { Writable } = await import('node:stream');
    for (const [answer, documents] of [
      ['', 0],
      ['y', 1],
    ] as const) {
      const questions: string[] = [];
      const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() });
      await runCli(['backfill', '--from', dateOf(10)], {
        stdout: nowhere(),
        stderr: nowhere(),
        env: world.env,
        cwd: world.folder,
        onStopSignal: () => () => {},
        prompt: async (question) => {
          questions.push(question);
          return answer;
        },
      });
      assert.deepEqual(questions, ['Start? [y/N] ']);
      assert.equal(calls('getReportDocument'), documents);
    }
  });

  it('leaves quota for the reports of notifications, and says how long it takes', async () => {
    world = await makeWorld({
      plans: { ...generousPlans, getReportDocument: { callsPerSecond: 0.0167, burst: 15 } },
      pipelines: [{ reportTypes: [ordersType] }],
    });
    for (let index = 0; index < 8; index += 1) addOrders(daysAgo(index + 1), `order-${index}`);
    const { running, stop } = startInProcess(['backfill', '--from', dateOf(20), '--yes', '--json'], world);
    const deadlineMs = Date.now() + 20_000;
    while (calls('getReportDocument') < 5 && Date.now() < deadlineMs)
      await new Promise((resolve) => setTimeout(resolve, 50));
    // The command runs by the real clock, and only time shows that it makes no further call. One
    // minute later the quota would allow it.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    assert.equal(calls('getReportDocument'), 5);
    const fresh = world.sandbox.addReport({
      sellerId,
      reportType: ordersType,
      body: orders([{ id: 'fresh', status: 'Shipped' }]),
    });
    await world.sandbox.notify(fresh);
    assert.equal((await world.run('run')).code, 0);
    assert.ok((await loaded()).includes('fresh'));
    stop();
    const { stdout, code, stderr } = await running;
    const [plan, run] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual([code, plan.documents, plan.minutes], [0, 8, 3], stderr);
    assert.deepEqual(run.outcomes, { loaded: 5, deferred: 3 });
    assert.match(stderr, /Stopped\. Run it again/);
    // Only the ledger remembers what is done.
    const rest = JSON.parse((await world.run('backfill', '--from', dateOf(20), '--json')).stdout);
    assert.equal(rest.documents, 3);
  });

  it('refuses an invalid window, a window that Amazon no longer keeps, and an unknown seller', async () => {
    world = await makeWorld({ pipelines: [{ reportTypes: [ordersType] }] });
    for (const [args, problem] of [
      [['--from', dateOf(120)], /keeps reports for 90 days, so \d{4}-\d\d-\d\d is the earliest date/],
      [['--from', dateOf(5), '--to', dateOf(9)], /must start before it ends/],
      [['--from', dateOf(5), '--seller', 'A9'], /no seller "A9"/],
      [['--to', dateOf(5)], /required option '--from/],
    ] as const) {
      const { code, stderr } = await world.run('backfill', ...args);
      assert.equal(code, 2);
      assert.match(stderr, problem);
    }
    assert.equal((await world.run('backfill', '--from', dateOf(90))).code, 0);
  });

  it('continues with the other sellers when getReports fails for one, and ends with code 1', async () => {
    world = await makeWorld({ pipelines: [{ reportTypes: [ordersType] }], moreSellers: ['A2TESTSELLER'] });
    world.sandbox.addReport({
      sellerId: 'A2TESTSELLER',
      reportType: ordersType,
      body: orders([{ id: 'o', status: 'Shipped' }]),
    });
    world.sandbox.state.faults.answers.set('getReports', { status: 403, times: 1 });
    const { code, stdout } = await world.run('backfill', '--from', dateOf(5), '--yes');
    assert.equal(code, 1);
    assert.match(stdout, new RegExp(`${sellerId}: listing reports failed: .*403`));
    assert.deepEqual(await loaded(), ['o']);
  });
});
