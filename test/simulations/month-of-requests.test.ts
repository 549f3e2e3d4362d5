import assert from 'node:assert/strict';
import type { AskedReport } from '../../src/sandbox/amazon.js';
import { amazonsPlans } from '../../src/sandbox/rate-limits.js';
import type { Making } from '../../src/sandbox/report-requests.js';
import { listingsType, makeWorld, orders, ordersType, sellerId, type World } from '../ingest/world.js';
import { useVirtualClock, type VirtualClock } from '../runtime/virtual-clock.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const trafficType = 'GET_SALES_AND_TRAFFIC_REPORT';
const [us, ca] = ['ATVPDKIKX0DER', 'A2EUQ1WTGCTBG2'] as const;

/** The days that are requested, and how many of them the program sees end. */
const startMs = Date.UTC(2026, 9, 1);
const days = Number(process.env.DAYS ?? 16);
/** How often the program runs, and how long Amazon takes for a report. */
const stepMs = 2 * hourMs;
/** Sales are restated every day until they are that old. */
const settledDays = 7;
/** The data of a day is there so long after its end. */
const lateMs = 20 * hourMs;
const outage = { fromMs: startMs + 4 * dayMs, toMs: startMs + 8 * dayMs };
const asleep = { fromMs: startMs + 9 * dayMs, toMs: startMs + 11 * dayMs };

/** The units that were sold on a day, as Amazon counts them when the day is so old. */
function unitsOf(marketplaceId: string, day: number, ageMs: number): number {
  return (
    1000 * (day + 1) + (marketplaceId === us ? 500 : 0) + Math.min(settledDays, Math.floor(ageMs / dayMs))
  );
}

/** Amazon, at the time of the clock. */
function make(clock: VirtualClock): (asked: AskedReport) => Making {
  const json = (content: object): Making => ({
    status: 'DONE',
    body: Buffer.from(JSON.stringify(content)),
    contentType: 'application/json',
  });
  return ({ reportType, marketplaceIds, dataStart = '' }) => {
    const [first = ''] = marketplaceIds;
    const date = dataStart.slice(0, 10);
    const day = (Date.parse(date) - startMs) / dayMs;
    const ageMs = clock.nowMs - (startMs + (day + 1) * dayMs);
    if (reportType === ordersType) {
      const isOut = clock.nowMs >= outage.fromMs && clock.nowMs < outage.toMs;
      // Every report covers the whole region.
      return isOut
        ? { status: 'FATAL', body: Buffer.from('The service is not available.') }
        : {
            status: 'DONE',
            body: orders([us, ca].map((id) => ({ id: `${date}-${id}`, status: 'Shipped' }))),
          };
    }
    if (reportType === listingsType) {
      const line = `Lamp\tsku-${first}\t19.99\t${Math.floor((clock.nowMs - startMs) / dayMs)}`;
      return { status: 'DONE', body: Buffer.from(`item-name\tseller-sku\tprice\tquantity\n${line}\n`) };
    }
    if (ageMs < lateMs) return { status: 'CANCELLED' };
    return json({
      reportSpecification: {
        reportType,
        reportOptions: { dateGranularity: 'DAY', asinGranularity: 'PARENT' },
        dataStartTime: date,
        dataEndTime: date,
        // Only one, whatever was requested.
        marketplaceIds: [first],
      },
      salesAndTrafficByDate: [{ date, salesByDate: { unitsOrdered: unitsOf(first, day, ageMs) } }],
      salesAndTrafficByAsin: [],
    });
  };
}

describe('a month of requests, with data that is late and restated, an outage, and a machine that sleeps', function () {
  this.timeout(600_000);
  let world: World;
  let clock: VirtualClock;
  before(async () => {
    clock = useVirtualClock(startMs);
    world = await makeWorld({
      plans: amazonsPlans,
      now: () => clock.nowMs,
      make: make(clock),
      pipelines: [
        {
          request: [
            { reportType: trafficType, window: '1 day', from: '2026-10-01', cron: '0 1 * * *' },
            { reportType: ordersType, window: '1 day', from: '2026-10-01', cron: '0 1 * * *' },
            { reportType: listingsType, cron: '0 2 * * *' },
          ],
        },
      ],
      settings: {
        sellers: [
          {
            id: sellerId,
            region: 'na',
            marketplaces: ['US', 'CA'],
            credentials: {
              clientId: '${ID_0}',
              clientSecret: '${SECRET_0}',
              refreshToken: '${TOKEN_0}',
            },
          },
        ],
      },
    });
    for (let ms = startMs; ms < startMs + days * dayMs; ms += stepMs) {
      clock.nowMs = Math.max(clock.nowMs, ms);
      if (ms < asleep.fromMs || ms >= asleep.toMs) await world.run('run');
      await world.sandbox.stepReports();
      await world.sandbox.stepReports();
      await world.sandbox.returnMessages();
    }
  });
  after(async () => {
    await world?.close();
    clock?.restore();
  });

  it('ends with every settled day as Amazon made it last, in each marketplace', async () => {
    const rows = await world.query(
      'SELECT date, marketplace_ids[1] AS marketplace, units_ordered AS units FROM sales_and_traffic_by_date ORDER BY ALL',
    );
    const found = new Map(
      rows.map(({ date, marketplace, units }) => [`${date} ${marketplace}`, Number(units)]),
    );
    const expected = new Map<string, number>();
    for (let day = 0; day < days - settledDays - 2; day += 1)
      for (const marketplace of [us, ca]) {
        const date = new Date(startMs + day * dayMs).toISOString().slice(0, 10);
        expected.set(`${date} ${marketplace}`, unitsOf(marketplace, day, settledDays * dayMs));
      }
    for (const [key, units] of expected) assert.equal(found.get(key), units, key);
    // Younger days are there too, as they were when they were requested last.
    assert.ok(found.size >= (days - 2) * 2, `${found.size} days`);
  });

  it('has the rows of the days of the outage, each order once', async () => {
    const [row] = await world.query(
      'SELECT count(*) AS orders, count(DISTINCT amazon_order_id) AS ids FROM orders_by_last_update',
    );
    assert.ok(Number(row?.orders) >= (days - 2) * 2, `${row?.orders} orders`);
    assert.equal(row?.orders, row?.ids);
  });

  it('has the newest listings of both marketplaces, of which Amazon makes one a report', async () => {
    const rows = await world.query('SELECT seller_sku FROM listings ORDER BY ALL');
    assert.deepEqual(
      rows.map(({ seller_sku: sku }) => sku),
      [`sku-${ca}`, `sku-${us}`],
    );
  });

  it('leaves no gap, and is refused no call for its quota', async () => {
    const { stdout } = await world.run('tables', '--gaps', '--json');
    const open = (JSON.parse(stdout) as { state: string; from: string }[]).filter(
      ({ from }) => Date.parse(from) < clock.nowMs - 2 * dayMs,
    );
    assert.deepEqual(open, []);
    assert.deepEqual(
      world.sandbox.state.calls.filter(({ status }) => status === 429),
      [],
    );
  });
});
