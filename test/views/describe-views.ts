import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeWorld, type World } from '../ingest/world.js';
import { postgresUrl } from '../warehouse/postgres-server.js';

const here = new URL('.', import.meta.url).pathname;
/** The folders with documents and what the views return on them. */
export const books = readdirSync(here, { withFileTypes: true })
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
export function describeViews(
  name: string,
  warehouse: () => object | undefined,
  ofBooks: string[] = books,
): void {
  describe(`the packaged views on ${name}`, () => {
    let world: World;

    // In one drain, because many commits together make the tables faster.
    before(async () => {
      const settings = warehouse();
      world = await makeWorld({ moreSellers: ofBooks, settings: settings && { warehouse: settings } });
      if (postgresUrl) world.env.DATABASE_URL = postgresUrl;
      for (const { book, type, file } of documents.filter(({ book }) => ofBooks.includes(book))) {
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

    for (const { book, view, file } of answers.filter(({ book }) => ofBooks.includes(book))) {
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

/** Settings of a dataset that does not exist yet. */
export const newDataset = (endpoint: string) => ({
  type: 'bigquery',
  project: 'test-project',
  dataset: `d${randomUUID().replaceAll('-', '')}`,
  endpoint,
});
