import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { usMarket } from '../../src/sandbox/catalogue-of-goods.js';
import { Random } from '../../src/sandbox/random.js';
import { generateReport } from '../../src/sandbox/report-generator.js';
import { onEachCollection } from '../collections.js';
import { commandFolder } from '../commands/command-folder.js';
import { newSchema, postgresUrl } from '../warehouse/postgres-server.js';
import { bigQueryEndpoint } from '../warehouse/bigquery-emulator.js';
import { describeViews, newDataset } from './describe-views.js';

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

const endpoint = bigQueryEndpoint;
if (endpoint) {
  // views.slow.test.ts has all books.
  const some = ['profit_per_sku', 'profit_per_sku_and_month'];
  describeViews('BigQuery', () => newDataset(endpoint), some);
} else {
  it('the views on BigQuery: pending, as BIGQUERY_EMULATOR is not set; see scripts/bigquery-emulator');
}

if (postgresUrl) {
  describeViews('PostgreSQL', () => ({ type: 'postgres', url: '${DATABASE_URL}', schema: newSchema() }));
} else it('the views on PostgreSQL: pending, as POSTGRES_URLS is not set; see scripts/postgres');
