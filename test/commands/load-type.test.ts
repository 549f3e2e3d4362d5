import assert from 'node:assert/strict';
import { readSchemas, packagedSchemasFolder } from '../../src/schema/read.js';
import { listings, listingsType } from '../ingest/world.js';
import { commandFolder } from './command-folder.js';

const schemas = readSchemas({ folders: [packagedSchemasFolder()] });
const returnsType = 'GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA';
const returns = table(returnsType, 3);

/** A delimited document with all columns of a type and empty cells but the first. */
function table(reportType: string, rows: number): string {
  const headers = schemas.get(reportType)?.tables[0]?.columns.map(({ from }) => from[0] ?? '') ?? [];
  const row = (_: unknown, index: number) =>
    headers.map((_, cell) => (cell === 1 ? `id-${index}` : '')).join('\t');
  return `${[headers.join('\t'), ...Array.from({ length: rows }, row)].join('\n')}\n`;
}

describe('load', () => {
  const { file, query, run } = commandFolder();

  it('finds the report type of a file by its name, otherwise by its headers, and says which', async () => {
    file(`${listingsType}_2026-11.txt`, listings(2));
    file('download.txt', returns);
    const { code, stdout } = await run('load', `${listingsType}_2026-11.txt`, 'download.txt');
    assert.equal(code, 0, stdout);
    assert.match(stdout, new RegExp(`loaded as ${listingsType}: the file name`));
    assert.match(stdout, new RegExp(`loaded as ${returnsType}: its schema knows (\\d+) of \\1 headers`));
    const found = await query(
      "SELECT report_type, decisions->0->>'subject' AS subject FROM _loads ORDER BY 1 DESC",
    );
    assert.deepEqual(found, [
      { report_type: listingsType, subject: 'report_type' },
      { report_type: returnsType, subject: 'report_type' },
    ]);
  });

  it('takes the type that a JSON document states', async () => {
    const reportType = 'GET_BRAND_ANALYTICS_MARKET_BASKET_REPORT';
    const body = {
      reportSpecification: { reportType },
      dataByAsin: [{ asin: 'B01', startDate: '2026-10-01' }],
    };
    file('report.json', JSON.stringify(body));
    const { stdout } = await run('load', 'report.json');
    assert.match(stdout, new RegExp(`loaded as ${reportType}: the document states it`));
  });

  it('takes the type that is stated behind other members, and no other word of that name', async () => {
    const reportType = 'GET_BRAND_ANALYTICS_MARKET_BASKET_REPORT';
    const rows = '"dataByAsin":[{"asin":"B01","startDate":"2026-10-01"}]';
    file(
      'a.json',
      `{"reportSpecification":{"reportOptions":{"x":"1"},"reportType":"${reportType}"},${rows}}`,
    );
    file(
      'b.json',
      `{"reportType":"daily",${rows},"reportSpecification":{"note":"\\"reportType\\":\\"GET_A\\""}}`,
    );
    const { stdout } = await run('load', 'a.json', 'b.json');
    assert.match(stdout, new RegExp(`a.json: loaded.*\n  loaded as ${reportType}: the document states it`));
    assert.doesNotMatch(stdout, /b\.json: loaded[\s\S]*the document states it/);
  });

  for (const engine of ['columnar', 'reference']) {
    it(`quarantines a document that states another type, even behind all of its rows (${engine})`, async () => {
      file('pipelines.yaml', `engine: ${engine}\npipelines: []\n`);
      const reportType = 'GET_BRAND_ANALYTICS_MARKET_BASKET_REPORT';
      const other = 'GET_BRAND_ANALYTICS_REPEAT_PURCHASE_REPORT';
      const dataByAsin = Array.from({ length: 9000 }, (_, row) => ({
        asin: `B${row}`,
        startDate: '2026-10-01',
        endDate: '2026-10-07',
        purchasedWithAsin: `C${row}`,
        purchasedWithRank: 1,
        combinationPct: 0.5,
      }));
      const stating = (stated: string) =>
        JSON.stringify({ dataByAsin, reportSpecification: { reportType: stated } });
      file('right.json', stating(reportType));
      file('wrong.json', stating(other));
      const { stdout } = await run('load', 'right.json', 'wrong.json', '--type', reportType);
      assert.match(stdout, /right\.json: loaded/);
      assert.match(stdout, new RegExp(`wrong\\.json: quarantined: .*it is a ${other}`));
    });
  }

  it('loads nothing if several types fit the headers or none does, and lists those that fit', async () => {
    file('listings.txt', table('GET_MERCHANT_LISTINGS_DATA', 1));
    file('prose.txt', 'made\tup\theaders\n1\t2\t3\n');
    const { code, stdout } = await run('load', 'listings.txt', 'prose.txt', 'absent.txt');
    assert.equal(code, 1);
    assert.match(stdout, /listings\.txt: failed: .*its headers fit GET_MERCHANT_LISTINGS_DATA, GET_/);
    assert.match(stdout, /prose\.txt: failed: .*no report schema explains its headers/);
    assert.match(stdout, /absent\.txt: failed: opening .*absent\.txt: the file does not exist/);
  });

  it('refuses a type that is probably misspelled, unless it is said to be new', async () => {
    file('a.txt', listings(1));
    const wrong = await run('load', 'a.txt', '--type', 'GET_MERCHANT_LISTING_ALL_DATA');
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /did you mean "GET_MERCHANT_LISTINGS_ALL_DATA"\?/);
    const right = await run('load', 'a.txt', '--type', 'GET_MERCHANT_LISTING_ALL_DATA', '--new-type');
    assert.equal(right.code, 0, right.stderr);
  });

  it('quarantines a document that fits another type far better, and keeps the rows of the table', async () => {
    file('good.txt', listings(3));
    file('wrong.txt', returns);
    await run('load', 'good.txt', '--type', listingsType, '--created', '2026-11-01');
    const { code, stdout } = await run(
      'load',
      'wrong.txt',
      '--type',
      listingsType,
      '--created',
      '2026-11-02',
    );
    assert.equal(code, 1);
    assert.match(stdout, new RegExp(`the schema of ${returnsType} knows`));
    assert.deepEqual(await query('SELECT count(*) AS rows FROM listings'), [{ rows: '3' }]);
  });

  it('quarantines a document of which its schema knows too little, even if no other type fits', async () => {
    const headers = ['seller-sku', ...Array.from({ length: 8 }, (_, index) => `Unheard of ${index}`)];
    file('odd.txt', `${headers.join('\t')}\n${headers.map(() => '1').join('\t')}\n`);
    const { stdout } = await run('load', 'odd.txt', '--type', listingsType);
    assert.match(stdout, /quarantined: .*its schema knows 1 of 9 headers/);
  });

  it('quarantines delimited text under a type whose documents are XML or JSON', async () => {
    file('orders.txt', 'order-id\tsku\n1\t2\n');
    for (const type of ['GET_XML_BROWSE_TREE_DATA', 'GET_SALES_AND_TRAFFIC_REPORT']) {
      const { stdout } = await run('load', 'orders.txt', '--type', type);
      assert.match(stdout, /quarantined: .*it is delimited text, not (XML|JSON)/);
    }
  });
});
