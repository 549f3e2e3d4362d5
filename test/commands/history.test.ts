import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { listingsType } from '../ingest/world.js';
import { commandFolder } from './command-folder.js';

const stockType = 'GET_FBA_MYI_UNSUPPRESSED_INVENTORY_DATA';

describe('histories of tables', () => {
  const { file, path, query, run } = commandFolder();
  const load = async (type: string, text: string, created: string): Promise<string> => {
    const name = file(`${created}.tsv`, text);
    const { stdout, code, stderr } = await run('load', '--json', name, '--type', type, '--created', created);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout).documentId as string;
  };
  const priced = (prices: Record<string, string>) =>
    `seller-sku\tprice\n${Object.entries(prices)
      .map(([sku, price]) => `${sku}\t${price}\n`)
      .join('')}`;
  const stock = (quantity: number) => `sku\tcondition\tafn-fulfillable-quantity\nA\tNew\t${quantity}\n`;
  const prices = () =>
    query(
      `SELECT seller_sku AS sku, price::DOUBLE AS price, strftime(valid_from, '%d') AS first, strftime(valid_to, '%d') AS past
       FROM listings_history ORDER BY valid_from, sku`,
    );
  const expected = [
    { sku: 'a', price: 10, first: '01', past: '03' },
    { sku: 'b', price: 5, first: '01', past: '02' },
    { sku: 'b', price: 6, first: '02', past: null },
    { sku: 'a', price: 11, first: '03', past: null },
  ];
  const loadPrices = async () => {
    const third = await load(listingsType, priced({ a: '11', b: '6' }), '2026-11-03');
    await load(listingsType, priced({ a: '10', b: '5' }), '2026-11-01');
    await load(listingsType, priced({ a: '10', b: '6' }), '2026-11-02');
    return third;
  };

  it('keep the prices of listings and are made again from the lake, or from raw, by a rebuild', async () => {
    await loadPrices();
    assert.deepEqual(await prices(), expected);
    assert.equal((await run('rebuild')).code, 0);
    assert.deepEqual(await prices(), expected);
    rmSync(path('data/lake'), { recursive: true });
    assert.equal((await run('rebuild')).code, 0);
    assert.deepEqual(await prices(), expected);
    const verified = await run('verify');
    assert.equal(verified.code, 0, verified.stdout);
  });

  it('are kept as long as the settings say, which `tables` shows', async () => {
    file(
      'pipelines.yaml',
      'history:\n  keepChanges: 2 years\n  tables: [{ name: fba_inventory, keep: 90 days }]\n',
    );
    await loadPrices();
    await load(stockType, stock(1), '2026-11-01');
    const { stdout } = await run('tables');
    assert.match(stdout, /listings_history .*changes, 2 years/);
    assert.match(stdout, /fba_inventory_history .*daily, 90 days/);
  });

  it('can be dropped to begin one of another kind, which `reload` fills', async () => {
    await loadPrices();
    const { code, stdout } = await run('drop', 'listings_history', '--yes');
    assert.equal(code, 0);
    assert.equal(
      stdout,
      'Dropped the table listings_history.\nTo make it again from the documents: sp-reports reload listings\n',
    );
    file('pipelines.yaml', 'history:\n  tables: [{ name: listings, mode: daily }]\n');
    assert.equal((await run('reload', 'listings')).code, 0);
    assert.deepEqual(
      await query(
        "SELECT strftime(valid_on, '%d') AS day, price::INT AS price FROM listings_history WHERE seller_sku = 'b' ORDER BY 1",
      ),
      [
        { day: '01', price: 5 },
        { day: '02', price: 6 },
        { day: '03', price: 6 },
      ],
    );
  });

  it('are not made if the settings want none', async () => {
    file('pipelines.yaml', 'history: false\n');
    await loadPrices();
    const tables = JSON.parse((await run('tables', '--json')).stdout) as { name: string }[];
    assert.deepEqual(
      tables.map(({ name }) => name),
      ['listings'],
    );
  });

  it('lose what is unloaded, have the report of the day before it again, and go with their table', async () => {
    const third = await loadPrices();
    await load(stockType, stock(1), '2026-11-01T01:00:00Z');
    const last = await load(stockType, stock(2), '2026-11-01T02:00:00Z');
    await load(stockType, stock(3), '2026-11-02T01:00:00Z');
    const days = () =>
      query(
        "SELECT strftime(valid_on, '%d') AS day, afn_fulfillable_quantity::INT AS units FROM fba_inventory_history ORDER BY 1",
      );
    assert.deepEqual(await days(), [
      { day: '01', units: 2 },
      { day: '02', units: 3 },
    ]);
    assert.equal((await run('unload', third, last, '--yes')).code, 0);
    assert.deepEqual(await days(), [
      { day: '01', units: 1 },
      { day: '02', units: 3 },
    ]);
    assert.deepEqual(await prices(), [
      { sku: 'a', price: 10, first: '01', past: null },
      { sku: 'b', price: 5, first: '01', past: '02' },
      { sku: 'b', price: 6, first: '02', past: null },
    ]);
    assert.equal((await run('reload', third)).code, 0);
    assert.deepEqual(await prices(), expected);
    assert.equal((await run('drop', 'listings', '--yes')).code, 0);
    const tables = JSON.parse((await run('tables', '--json')).stdout) as { name: string }[];
    assert.deepEqual(
      tables.map(({ name }) => name),
      ['fba_inventory', 'fba_inventory_history'],
    );
  });
});
