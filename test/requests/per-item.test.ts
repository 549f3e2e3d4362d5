import assert from 'node:assert/strict';
import { searchQueryType } from '../../src/sandbox/search-queries.js';
import { listingsType, makeWorld, sellerId, type World } from '../ingest/world.js';
import { asins } from './fan-out-world.js';

const perAsin = (items: unknown, more: object = {}) => ({
  reportType: searchQueryType,
  reportOptions: { reportPeriod: 'WEEK' },
  perAsin: items,
  cron: '0 0 * * *',
  ...more,
});

describe('reports per item in the sandbox', () => {
  let world: World;
  afterEach(() => world.close());

  const open = async (request: object, options = {}) => {
    world = await makeWorld({ pipelines: [{ request: [request] }], ...options });
  };
  const requested = () =>
    world.sandbox.state.reports.flatMap(({ asked }) =>
      asked?.reportType === searchQueryType ? [asked.reportOptions.asin ?? ''] : [],
    );
  const run = async (...args: string[]) => {
    const { stdout, stderr } = await world.run(...args, '--json');
    assert.ok(stdout !== '', stderr);
    return JSON.parse(stdout);
  };
  const make = async () => {
    await world.sandbox.stepReports();
    await world.sandbox.stepReports();
  };
  const loadListings = async (items: string[], marketplaceIds = ['ATVPDKIKX0DER']) => {
    const lines = items.map((asin, index) => `Lamp ${index}\tsku-${index}\t${asin}`);
    const body = Buffer.from(`${['item-name\tseller-sku\tasin1', ...lines].join('\n')}\n`);
    await world.sandbox.notify(
      world.sandbox.addReport({ sellerId, reportType: listingsType, marketplaceIds, body }),
    );
  };

  it('load the rows of all parts of a window, and a second report of a part replaces only its items', async () => {
    await open(perAsin(asins(40)));
    const { requests } = await run('run');
    assert.deepEqual(
      requested().map((items) => items.split(' ').length),
      [18, 18, 4],
    );
    assert.deepEqual(
      requests.parts.map(({ total, done, inFlight }: Record<string, number>) => [total, done, inFlight]),
      [[3, 0, 3]],
    );
    await make();
    // A run requests before it loads.
    await run('run');
    const after = await run('run');
    assert.deepEqual(after.requests.parts, []);
    assert.equal(requested().length, 3);
    const rowsOf = () =>
      world.query(
        'SELECT asin, list(search_query ORDER BY search_query) AS queries FROM search_query_performance GROUP BY asin ORDER BY asin',
      );
    const before = await rowsOf();
    assert.deepEqual(
      before.map(({ asin }) => asin),
      asins(40),
    );
    const [first] = world.sandbox.state.reports;
    assert.ok(first);
    const { marketplaceIds, dataStart = '', dataEnd = '' } = first;
    const item = { startDate: dataStart.slice(0, 10), endDate: dataEnd.slice(0, 10), asin: asins(1)[0] };
    const body = {
      reportSpecification: {
        reportType: searchQueryType,
        reportOptions: { reportPeriod: 'WEEK', asin: item.asin },
        dataStartTime: item.startDate,
        dataEndTime: item.endDate,
        marketplaceIds,
      },
      dataByAsin: [{ ...item, searchQueryData: { searchQuery: 'only this one', searchQueryScore: 1 } }],
    };
    const report = world.sandbox.addReport({
      sellerId,
      reportType: searchQueryType,
      marketplaceIds,
      dataStart: new Date(dataStart),
      dataEnd: new Date(dataEnd),
      body: Buffer.from(JSON.stringify(body)),
    });
    await world.sandbox.notify(report);
    await run('run');
    const changed = await rowsOf();
    assert.deepEqual(changed[0], { asin: item.asin, queries: ['only this one'] });
    assert.deepEqual(changed.slice(1), before.slice(1));
  });

  it('are requested for the listings of the marketplace, in the order of a ranking query', async () => {
    const rank = "SELECT asin1 FROM listings WHERE _seller_id = $seller AND seller_sku = 'sku-19'";
    await open(perAsin({ from: 'listings', rank }));
    await loadListings(asins(20));
    await loadListings(asins(5, 900), ['A2EUQ1WTGCTBG2']);
    // The listings are loaded after the requests of the first run.
    await world.run('run');
    await run('run');
    assert.deepEqual(requested(), [[asins(20)[19], ...asins(17)].join(' '), asins(2, 17).join(' ')]);
  });

  it('are requested in the order of an SQL query, whose parameters are the seller and the marketplace', async () => {
    const sql =
      'SELECT asin1 FROM listings WHERE _seller_id = $seller AND list_contains(_marketplace_ids, $marketplace) ORDER BY asin1 DESC LIMIT 3';
    await open(perAsin({ sql }));
    await loadListings(asins(20));
    await world.run('run');
    await run('run');
    assert.deepEqual(requested(), [asins(20).toReversed().slice(0, 3).join(' ')]);
  });

  it('never write: a query that does is refused, and nothing is requested', async () => {
    await open(perAsin({ sql: 'WITH gone AS (SELECT 1) DELETE FROM listings' }));
    await loadListings(asins(2));
    await world.run('run');
    const { requests } = await run('run');
    assert.deepEqual(
      requests.failures.map(({ code }: { code: string }) => code),
      ['REQUEST_ITEMS_FAILED'],
    );
    assert.equal((await world.query('SELECT * FROM listings')).length, 2);
    assert.deepEqual(requested(), []);
  });

  it('are 20 in a day of a simulated month, and request and dry run say how many remain', async () => {
    let shiftMs = 0;
    const dayMs = 86_400_000;
    await open(perAsin(asins(18 * 50)), { now: () => Date.now() + shiftMs });
    const dry = await world.run('request', '--dry-run');
    assert.match(dry.stdout, /0 of 50 parts of \S+ done; about 3 days at 20 reports a day/);
    assert.match(dry.stdout, /Would request 50 reports/);
    const first = await run('request');
    assert.equal(requested().length, 20);
    assert.deepEqual([first.parts[0].inFlight, first.parts[0].days], [20, 2]);
    shiftMs = dayMs - 3_600_000;
    await make();
    await run('run');
    assert.equal(requested().length, 20);
    const { stdout } = await world.run('request');
    assert.match(
      stdout,
      /20 of 50 parts of \d{4}-\d\d-\d\d\.\.[\d-]+ done; about 2 days at 20 reports a day/,
    );
  });
});
