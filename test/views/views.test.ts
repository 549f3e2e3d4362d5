import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { usMarket } from '../../src/sandbox/catalogue-of-goods.js';
import { Random } from '../../src/sandbox/random.js';
import { generateReport } from '../../src/sandbox/report-generator.js';
import { onEachCollection } from '../collections.js';
import { commandFolder } from '../commands/command-folder.js';
import { makeWorld, type World } from '../ingest/world.js';
import { newSchema, postgresUrl } from '../warehouse/postgres-server.js';
import { bigQueryEndpoint } from '../warehouse/bigquery-emulator.js';

const here = new URL('.', import.meta.url).pathname;
const books = readdirSync(here, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/**
 * Documents by report type, with the book to which they belong: a folder, whose name is its seller
 * and a view.
 */
const documents = books.flatMap((book) =>
  readdirSync(join(here, book))
    .filter((name) => !/^expected\..*json$/.test(name))
    .map((name) => ({ book, type: name.replace(/\..*$/, ''), file: join(here, book, name) })),
);

/** What each view returns: `expected.json` for the one of the folder's name, or its own file. */
const answers = books.flatMap((book) =>
  readdirSync(join(here, book)).flatMap((name) => {
    const [isAnswer, view = book] = /^expected\.(?:(.+)\.)?json$/.exec(name) ?? [];
    return isAnswer ? [{ book, view, file: join(here, book, name) }] : [];
  }),
);

/**
 * Checks the results of the views on the documents against what was computed by hand, and that
 * views are made and dropped when they should be.
 */
function describeViews(name: string, warehouse: () => object | undefined): void {
  describe(`the packaged views on ${name}`, () => {
    let world: World;

    // In one drain, because many commits together make the tables faster.
    before(async () => {
      const settings = warehouse();
      world = await makeWorld({ moreSellers: books, settings: settings && { warehouse: settings } });
      if (postgresUrl) world.env.DATABASE_URL = postgresUrl;
      for (const { book, type, file } of documents) {
        const times = {
          createdAt: new Date('2026-07-01'),
          dataStart: new Date('2026-06-30'),
          dataEnd: new Date('2026-06-30'),
        };
        const report = { sellerId: book, reportType: type, body: readFileSync(file), ...times };
        await world.sandbox.notify(world.sandbox.addReport(report));
      }
      const { code, stderr } = await world.run('run');
      assert.equal(code, 0, stderr);
    });
    after(() => world.close());

    const query = (sql: string) => world.query(sql);

    for (const { book, view, file } of answers) {
      const of = book === view ? 'its documents' : `the documents of ${book}`;
      it(`${view} returns what ${of} add up to`, async () => {
        const rows = await query(`SELECT * FROM ${view} WHERE seller_id = '${book}'`);
        const expected = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>[];
        const inOrder = (list: object[]) => list.map((row) => JSON.stringify(row)).sort();
        assert.deepEqual(inOrder(rows.map(comparable)), inOrder(expected.map(comparable)));
      });
    }

    it('add up each settlement to the total that Amazon states', async () => {
      const off = await query(
        `SELECT sums.settlement_id, total, settled FROM
           (SELECT seller_id, settlement_id, SUM(settled) AS settled FROM profit_per_sku GROUP BY seller_id, settlement_id) AS sums
         JOIN (SELECT _seller_id, settlement_id, MAX(total_amount) AS total FROM settlement_v2 GROUP BY _seller_id, settlement_id
           UNION ALL SELECT _seller_id, settlement_id, MAX(total_amount) FROM settlement_v1 WHERE settlement_id <> '7001' GROUP BY _seller_id, settlement_id) AS totals
         ON totals._seller_id = sums.seller_id AND totals.settlement_id = sums.settlement_id
         WHERE settled <> total`,
      );
      assert.deepEqual(off, []);
    });
  });
}

/**
 * Decimals without trailing zeros, which BigQuery leaves out, and numbers as text: the ratio of two
 * decimals is a decimal in PostgreSQL.
 */
function comparable(row: Record<string, unknown>): object {
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => {
      const isDecimal = typeof value === 'string' && /^-?\d+\.\d+$/.test(value);
      if (isDecimal) return [column, value.replace(/\.?0+$/, '')];
      return [column, typeof value === 'number' ? String(value) : value];
    }),
  );
}

describeViews('DuckDB', () => undefined);

describe('the profit per SKU', () => {
  const { run, file, query } = commandFolder();
  const settlementV2 = 'GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2';
  const settlementV1 = 'GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE';

  it('is the same in both layouts of a settlement, and that of V2 if both exist', async () => {
    const from = new Date('2026-05-20T00:00:00Z');
    const to = new Date('2026-06-03T00:00:00Z');
    const plan = () => ({ market: usMarket, rows: 400, from, to, random: new Random(7) });
    file('v1.txt', generateReport(settlementV1, plan()));
    file('v2.txt', generateReport(settlementV2, plan()));
    const profit = () =>
      query(
        "SELECT * EXCLUDE (seller_id) FROM profit_per_sku WHERE seller_id <> 'BOTH' ORDER BY month, sku, marketplace_name",
      );
    await run('load', 'v1.txt', '--type', settlementV1, '--seller', 'OLD');
    const older = (await profit()) as Record<string, string>[];
    assert.ok(older.length > 10);
    await run('load', 'v1.txt', '--type', settlementV1, '--seller', 'BOTH');
    await run('load', 'v2.txt', '--type', settlementV2, '--seller', 'BOTH');
    const both = await query(
      "SELECT * EXCLUDE (seller_id) FROM profit_per_sku WHERE seller_id = 'BOTH' ORDER BY month, sku, marketplace_name",
    );
    assert.deepEqual(both, older);
    const [total] = (await query('SELECT max(total_amount) AS total FROM settlement_v2')) as {
      total: string;
    }[];
    const [sum] = (await query(
      "SELECT sum(settled) AS total FROM profit_per_sku WHERE seller_id = 'OLD'",
    )) as object[];
    assert.deepEqual(sum, total);
  });

  onEachCollection('samples', (folder, size) => {
    it(`adds up to the total of each settlement of the ${size} collection`, async () => {
      const names = readdirSync(folder).filter((name) => name.includes('SETTLEMENT'));
      assert.ok(names.length > 0);
      for (const name of names) {
        const type = name.replace(/--.*$/, '');
        await run('load', join(folder, name), '--type', type, '--seller', name);
        const [found] = (await query(
          `SELECT sum(settled) AS settled, sum(profit + tax + transfers) AS parts,
             (SELECT sum(a.sales + a.shipping + a.promotions + a.refunds + a.fees + a.advertising + a.reimbursements + a.other) = sum(a.profit) FROM profit_per_sku a WHERE a.seller_id = '${name}') AS whole
           FROM profit_per_sku WHERE seller_id = '${name}'`,
        )) as { settled: string; parts: string; whole: boolean }[];
        assert.deepEqual([found?.settled === found?.parts, found?.whole], [true, true], name);
        const checks = (await query(
          `SELECT checks->'$[0]' AS total FROM _loads WHERE seller_id = '${name}'`,
        )) as { total: { found: string } }[];
        assert.equal(Number(found?.settled), Number(checks[0]?.total.found), name);
      }
    });
  });
});

if (bigQueryEndpoint) {
  describeViews('BigQuery', () => ({
    type: 'bigquery',
    project: 'test-project',
    dataset: `d${randomUUID().replaceAll('-', '')}`,
    endpoint: bigQueryEndpoint,
  }));
} else {
  it('the views on BigQuery: pending, as BIGQUERY_EMULATOR is not set; see scripts/bigquery-emulator');
}

if (postgresUrl) {
  describeViews('PostgreSQL', () => ({ type: 'postgres', url: '${DATABASE_URL}', schema: newSchema() }));
} else it('the views on PostgreSQL: pending, as POSTGRES_URLS is not set; see scripts/postgres');
