import assert from 'node:assert/strict';
import iconv from 'iconv-lite';
import {
  germanMarket,
  japaneseMarket,
  type Market,
  makeProducts,
  ukMarket,
  usMarket,
} from '../../src/sandbox/catalogue-of-goods.js';
import { concessionLayouts } from '../../src/sandbox/concession-layouts.js';
import { inventoryLayouts } from '../../src/sandbox/inventory-layouts.js';
import { orderLayouts } from '../../src/sandbox/order-layouts.js';
import { Random } from '../../src/sandbox/random.js';
import {
  generateDocument,
  generatedTypes,
  generateReport,
  reportLines,
  restateOrders,
} from '../../src/sandbox/report-generator.js';
import { settlementLayouts } from '../../src/sandbox/settlement-layouts.js';

const lastUpdate = 'GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL';
const settlementV1 = 'GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE';
const settlementV2 = 'GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2';
const listings = 'GET_MERCHANT_LISTINGS_ALL_DATA';

const plan = (rows: number, market: Market = usMarket, seed = 1) => ({
  market,
  rows,
  from: new Date('2026-10-01T00:00:00Z'),
  to: new Date('2026-10-31T00:00:00Z'),
  random: new Random(seed),
});

/** Rows of a tab-delimited text as objects by header. */
function parsed(text: string): Record<string, string>[] {
  const [header = [], ...rows] = text.split(/\r?\n/).map((line) => line.split('\t'));
  return rows
    .filter((cells) => cells.length > 1)
    .map((cells) => Object.fromEntries(header.map((name, place) => [name, cells[place] ?? ''])));
}

/** An amount in hundredths, with either decimal mark. */
const hundredths = (amount = '') => Math.round(Number(amount.replace(',', '.')) * 100);

const layouts = { ...orderLayouts, ...inventoryLayouts, ...concessionLayouts, ...settlementLayouts };

describe('generated reports', () => {
  for (const type of Object.keys(layouts)) {
    it(`are the same for the same seed, and have the number of rows that was given: ${type}`, () => {
      const text = generateReport(type, plan(50));
      assert.equal(generateReport(type, plan(50)), text);
      assert.notEqual(generateReport(type, plan(50, usMarket, 2)), text);
      const rows = parsed(text).length;
      if (type === settlementV1) assert.ok(rows >= 51);
      else assert.equal(rows, type === settlementV2 ? 51 : 50);
      assert.equal(parsed(generateReport(type, plan(0))).length, 0);
    });

    it(`have as many cells as the header, and no text such as undefined or NaN: ${type}`, () => {
      for (const market of [usMarket, ukMarket, germanMarket, japaneseMarket]) {
        const text = generateReport(type, plan(60, market)).replace(/\r\n$/, '');
        const [header = '', ...rows] = text.split(/\r?\n/);
        const width = header.split('\t').length;
        for (const row of rows) {
          const cells = row.split('\t').length;
          assert.ok(type === settlementV1 ? cells <= width : cells === width, row);
          assert.doesNotMatch(row, /undefined|NaN|\[object/);
        }
      }
    });
  }

  it('have every value under a header', () => {
    for (const [type, { header, rows }] of Object.entries(layouts)) {
      for (const market of [usMarket, germanMarket]) {
        const products = makeProducts(market, 12, new Random(1));
        for (const row of rows({ ...plan(30, market), products })) {
          assert.deepEqual(
            Object.keys(row).filter((name) => !header.includes(name)),
            [],
            type,
          );
        }
      }
    }
  });

  it('are JSON if Amazon has no delimited format for them', () => {
    const others = generatedTypes().filter((type) => !(type in layouts));
    assert.deepEqual(others, ['GET_SALES_AND_TRAFFIC_REPORT']);
    const text = generateReport('GET_SALES_AND_TRAFFIC_REPORT', plan(12));
    assert.equal(generateReport('GET_SALES_AND_TRAFFIC_REPORT', plan(12)), text);
    const { salesAndTrafficByDate: days, salesAndTrafficByAsin: items } = JSON.parse(text);
    assert.deepEqual([days.length, items.length], [30, 12]);
  });

  it('are made while they are read, so that a document may be larger than memory', () => {
    const lines = reportLines(lastUpdate, plan(1e9));
    assert.match(lines.next().value ?? '', /^amazon-order-id\t.*\r\n$/);
    assert.match(lines.next().value ?? '', /^\d{3}-\d{7}-\d{7}\t/);
    const whole = [...reportLines(settlementV2, plan(20))].join('');
    assert.equal(whole, generateReport(settlementV2, plan(20)));
  });
});

describe('generated settlements', () => {
  for (const market of [usMarket, ukMarket, germanMarket, japaneseMarket]) {
    for (const rows of [1, 7, 500]) {
      it(`add up to the total of their summary: V2, ${market.country}, ${rows} rows`, () => {
        const [summary, ...postings] = parsed(generateReport(settlementV2, plan(rows, market)));
        const sum = postings.reduce((total, { amount }) => total + hundredths(amount), 0);
        assert.equal(hundredths(summary?.['total-amount']), sum);
        assert.equal(summary?.['transaction-type'], '');
        assert.ok(postings.every((posting) => posting['total-amount'] === ''));
      });

      it(`are the same settlement in the older layout: ${market.country}, ${rows} rows`, () => {
        const [newer] = parsed(generateReport(settlementV2, plan(rows, market)));
        const [summary, ...postings] = parsed(generateReport(settlementV1, plan(rows, market)));
        const columns = ['price-amount', 'item-related-fee-amount', 'promotion-amount', 'other-amount'];
        const sum = postings
          .flatMap((posting) => columns.map((column) => hundredths(posting[column])))
          .reduce((total, amount) => total + amount, 0);
        assert.equal(hundredths(summary?.['total-amount']), sum);
        assert.equal(hundredths(newer?.['total-amount']), sum);
        assert.equal(newer?.['settlement-id'], summary?.['settlement-id']);
      });
    }
  }

  it('have decimal commas and dates with points in Germany, and not elsewhere', () => {
    const [german, american] = [germanMarket, usMarket].map((market) =>
      parsed(generateReport(settlementV2, plan(20, market))),
    );
    for (const row of german?.slice(1) ?? []) {
      assert.match(row.amount ?? '', /^-?\d+,\d\d$/);
      assert.match(row['posted-date-time'] ?? '', /^\d\d\.10\.2026 \d\d:\d\d:\d\d UTC$/);
    }
    for (const row of american?.slice(1) ?? []) {
      assert.match(row.amount ?? '', /^-?\d+\.\d\d$/);
      assert.match(row['posted-date-time'] ?? '', /^2026-10-\d\d \d\d:\d\d:\d\d UTC$/);
    }
  });
});

describe('generated listings', () => {
  for (const [market, charset, contentType] of [
    [usMarket, 'utf-8', 'text/plain; charset=UTF-8'],
    [ukMarket, 'windows-1252', 'text/plain; charset=Cp1252'],
    [germanMarket, 'windows-1252', 'text/plain; charset=Cp1252'],
    [japaneseMarket, 'cp932', 'text/plain; charset=Shift_JIS'],
  ] as const) {
    it(`are encoded for ${market.country} in ${charset}, which has all of their characters`, () => {
      const made = generateDocument(listings, plan(40, market));
      assert.equal(made.contentType, contentType);
      assert.equal(made.charset, charset);
      assert.equal(iconv.decode(made.bytes, charset), made.text);
      if (charset !== 'utf-8') assert.notEqual(made.bytes.toString('utf8'), made.text);
    });
  }

  it('contain inch marks and quotes as data', () => {
    const names = parsed(generateReport(listings, plan(12))).map((row) => row['item-name'] ?? '');
    assert.ok(names.some((name) => /\d"/.test(name)));
    assert.ok(names.some((name) => name.startsWith('"')));
  });

  it('have times in the time zone of the marketplace', () => {
    for (const [market, form] of [
      [usMarket, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d P[DS]T$/],
      [ukMarket, /^\d\d\/\d\d\/\d{4} \d\d:\d\d:\d\d (BST|GMT)$/],
      [germanMarket, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d MES?Z$/],
      [japaneseMarket, /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d JST$/],
    ] as const) {
      for (const row of parsed(generateReport(listings, plan(30, market)))) {
        assert.match(row['open-date'] ?? '', form);
      }
    }
  });
});

describe('generated orders', () => {
  it('have one to three items, and no product twice in an order', () => {
    const rows = parsed(generateReport(lastUpdate, plan(2000)));
    const items = new Map<string, Set<string>>();
    for (const row of rows) {
      const id = row['amazon-order-id'] ?? '';
      items.set(id, (items.get(id) ?? new Set()).add(row.sku ?? ''));
    }
    const sizes = [...items.values()].map(({ size }) => size);
    assert.deepEqual([...new Set(sizes)].sort(), [1, 2, 3]);
    assert.equal(
      sizes.reduce((sum, size) => sum + size, 0),
      rows.length,
    );
  });

  it('appear again in a later report, shipped', () => {
    const text = generateReport(lastUpdate, plan(300));
    const header = text.split('\r\n')[0] ?? '';
    const at = new Date('2026-11-01T00:00:00Z');
    const restated = parsed([header, ...restateOrders(text, 100, at)].join('\r\n'));
    const before = parsed(text).slice(-100);
    const ids = (rows: Record<string, string>[]) =>
      rows.map((row) => `${row['amazon-order-id']} ${row.sku} ${row['item-price']}`);
    assert.deepEqual(ids(restated), ids(before));
    const pending = before.flatMap((row, place) => (row['order-status'] === 'Pending' ? [place] : []));
    assert.ok(pending.length > 0);
    for (const place of pending) {
      assert.equal(restated[place]?.['order-status'], 'Shipped');
      assert.equal(restated[place]?.['last-updated-date'], '2026-11-01T00:00:00+00:00');
    }
    assert.ok(restated.every((row) => row['order-status'] !== 'Pending'));
  });
});

describe('generated irregularities', () => {
  it('include a ledger with every cell quoted and no quote escaped', () => {
    for (const type of ['GET_LEDGER_SUMMARY_VIEW_DATA', 'GET_LEDGER_DETAIL_VIEW_DATA']) {
      const lines = generateReport(type, plan(40)).trimEnd().split('\r\n');
      for (const cell of lines.flatMap((line) => line.split('\t'))) assert.match(cell, /^".*"$/);
      assert.ok(lines.some((line) => line.includes('10" Pre-Seasoned')));
    }
  });

  it('include two dashes for fees that are not computed, with one row per product, warehouse and month', () => {
    const rows = parsed(generateReport('GET_FBA_STORAGE_FEE_CHARGES_DATA', plan(48)));
    assert.ok(rows.some((row) => row.estimated_monthly_storage_fee === '--'));
    assert.ok(rows.some((row) => Number(row.estimated_monthly_storage_fee) > 0));
    assert.equal(new Set(rows.map((row) => `${row.fulfillment_center} ${row.fnsku}`)).size, 48);
  });

  it('include rows without empty last cells in the older settlement, and settlements without a last line end', () => {
    const text = generateReport(settlementV1, plan(30));
    assert.doesNotMatch(text, /\t\n|\r|\n$/);
    assert.ok(generateReport(lastUpdate, plan(3)).endsWith('\r\n'));
  });

  it('include no real person: buyers are samples at example.com', () => {
    for (const type of [
      'GET_FLAT_FILE_ORDER_REPORT_DATA_SHIPPING',
      'GET_AMAZON_FULFILLED_SHIPMENTS_DATA_GENERAL',
    ]) {
      for (const row of parsed(generateReport(type, plan(20)))) {
        assert.match(row['buyer-email'] ?? '', /^buyer\d+@example\.com$/);
        assert.match(row['recipient-name'] ?? '', /^Sample Buyer \d+$/);
        assert.match(row['ship-address-1'] ?? '', /^\d+ Example Street$/);
      }
    }
  });
});
