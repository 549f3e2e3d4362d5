import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { commandFolder } from './command-folder.js';

const header =
  'settlement-id\tsettlement-start-date\tsettlement-end-date\tdeposit-date\ttotal-amount\tcurrency\ttransaction-type\torder-id\tmarketplace-name\tamount-type\tamount-description\tamount\tposted-date-time\tsku\tquantity-purchased';
/** A settlement of 2026-06-10 with the given units and price of each SKU. */
const settlement = (id: string, sales: [sku: string, units: number, price: number][]) =>
  [
    header,
    `${id}\t2026-06-01 00:00:00 UTC\t2026-06-15 00:00:00 UTC\t2026-06-17 00:00:00 UTC\t${sales.reduce((sum, [, , price]) => sum + price, 0)}\tUSD`,
    ...sales.map(
      ([sku, units, price]) =>
        `${id}\t\t\t\t\t\tOrder\t1-${sku}\tAmazon.com\tItemPrice\tPrincipal\t${price}\t2026-06-10 12:00:00 UTC\t${sku}\t${units}`,
    ),
    '',
  ].join('\n');
const type = ['--type', 'GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2'];

describe('costs and exchange rates of the user', () => {
  const { run, file, path, query } = commandFolder();
  const load = async (name: string, text: string, ...more: string[]) => {
    const ran = await run('load', file(name, text), ...type, ...more);
    assert.equal(ran.code, 0, ran.stderr);
    return ran.stderr;
  };
  const profits = async (of = 'profit') =>
    Object.fromEntries(
      (
        (await query(`SELECT seller_id, sku, ${of} AS n FROM profit_per_sku_and_month`)) as {
          seller_id: string;
          sku: string;
          n: string | null;
        }[]
      ).map(({ seller_id, sku, n }) => [`${seller_id} ${sku}`, n === null ? null : Number(n)]),
    );
  const ofLedger = async (reportType: string) =>
    (
      (await query(`SELECT status FROM _loads WHERE report_type = '${reportType}' ORDER BY loaded_at`)) as {
        status: string;
      }[]
    ).map(({ status }) => status);

  it('are loaded from their files, and again only after a change', async () => {
    file('pipelines.yaml', 'costs: { file: costs.csv }\nrates: { file: rates.csv, currency: EUR }\n');
    file('costs.csv', 'sku,cost,currency\na,2.50,USD\n');
    file('rates.csv', 'Date,USD,\n2026-06-10,1.25,\n');
    await load('1.txt', settlement('1', [['a', 2, 10]]));
    assert.deepEqual(await profits(), { 'local a': 5 });
    assert.deepEqual(await profits('reporting_profit'), { 'local a': 4 });
    await load('1.txt', settlement('1', [['a', 2, 10]]));
    assert.deepEqual(await ofLedger('PRODUCT_COSTS'), ['loaded']);
    file('costs.csv', 'sku,cost,currency\na,3.00,USD\n');
    await load('1.txt', settlement('1', [['a', 2, 10]]));
    assert.deepEqual(await profits(), { 'local a': 4 });
    // As it was at first.
    file('costs.csv', 'sku,cost,currency\na,2.50,USD\n');
    await load('1.txt', settlement('1', [['a', 2, 10]]));
    assert.deepEqual(await profits(), { 'local a': 5 });
    assert.deepEqual(await ofLedger('EXCHANGE_RATES'), ['loaded']);
    // One file of costs replaces another on purpose.
    const warned = await query(
      "SELECT count(*) AS n FROM _loads WHERE warnings::VARCHAR LIKE '%ROWS_REPLACED%'",
    );
    assert.deepEqual(warned, [{ n: '0' }]);
    const [newest] = (await query(
      "SELECT document_id AS id FROM _loads WHERE report_type = 'PRODUCT_COSTS' ORDER BY loaded_at DESC LIMIT 1",
    )) as { id: string }[];
    await run('unload', String(newest?.id), '--yes');
    await load('1.txt', settlement('1', [['a', 2, 10]]));
    assert.deepEqual(await profits(), { 'local a': 4 }, 'what was unloaded stays away');
  });

  it('with mistakes stop nothing: the earlier ones hold, and the ledger says so until they are fixed', async () => {
    file('pipelines.yaml', 'costs: { file: costs.csv }\n');
    file('costs.csv', 'sku,cost,currency\na,2.50,USD\n');
    await load('1.txt', settlement('1', [['a', 2, 10]]));
    file('costs.csv', 'sku,cost,currency\na,3.00,dollars\n');
    const checked = await run('config', 'check');
    assert.equal(checked.code, 1);
    assert.match(checked.stderr, /COSTS_INVALID.*\n.*line 2: expected a currency/);
    assert.match(await load('1.txt', settlement('1', [['a', 2, 10]])), /line 2: expected a currency/);
    assert.deepEqual(await profits(), { 'local a': 5 });
    assert.deepEqual(await ofLedger('PRODUCT_COSTS'), ['loaded', 'quarantined']);
    // The same mistakes are not loaded twice.
    await load('1.txt', settlement('1', [['a', 2, 10]]));
    assert.deepEqual(await ofLedger('PRODUCT_COSTS'), ['loaded', 'quarantined']);
    file('costs.csv', 'sku,cost,currency\na,3.00,USD\n');
    await load('1.txt', settlement('1', [['a', 2, 10]]));
    assert.deepEqual(await profits(), { 'local a': 4 });
    assert.deepEqual(await ofLedger('PRODUCT_COSTS'), ['loaded', 'loaded']);
    rmSync(path('costs.csv'));
    assert.match(await load('1.txt', settlement('1', [['a', 2, 10]])), /costs\.csv: the file does not exist/);
    assert.deepEqual(await profits(), { 'local a': 4 });
  });

  it('need a seller for a SKU that two sellers have, before and after both are loaded', async () => {
    file(
      'pipelines.yaml',
      'costs:\n  list:\n    - { sku: a, cost: 1, currency: USD }\n    - { sku: b, cost: 1, currency: USD }\n',
    );
    await load(
      '1.txt',
      settlement('1', [
        ['a', 1, 10],
        ['b', 1, 10],
      ]),
      '--seller',
      'S1',
    );
    assert.deepEqual(await profits(), { 'S1 a': 9, 'S1 b': 9 });
    await load('2.txt', settlement('2', [['a', 1, 10]]), '--seller', 'S2');
    // Nobody knows whose cost it is.
    assert.deepEqual(await profits(), { 'S1 a': null, 'S1 b': 9, 'S2 a': null });
    assert.deepEqual(await query('SELECT DISTINCT sku, problem FROM missing_costs'), [
      { sku: 'a', problem: 'cost without seller' },
    ]);
    file(
      'pipelines.yaml',
      'costs:\n  list:\n    - { sku: b, cost: 2, currency: USD }\n    - { sku: a, cost: 1, currency: USD }\n',
    );
    assert.match(
      await load('2.txt', settlement('2', [['a', 1, 10]]), '--seller', 'S2'),
      /row 2: several sellers have a/,
    );
    file(
      'pipelines.yaml',
      'costs:\n  list:\n    - { sku: a, cost: 1, currency: USD, seller: S1 }\n    - { sku: a, cost: 2.5, currency: USD, seller: S2 }\n',
    );
    await load('2.txt', settlement('2', [['a', 1, 10]]), '--seller', 'S2');
    assert.deepEqual(await profits(), { 'S1 a': 9, 'S1 b': null, 'S2 a': 7.5 });
  });

  it('may come from a table of the warehouse, here one that a report fills', async () => {
    file('pipelines.yaml', 'costs: { table: my_costs }\n');
    file('costs.csv', 'sku,valid_from,cost,currency\na,2026-06-11,9,USD\na,2026-01-01,1.5,USD\n');
    const { code, stderr } = await run('load', 'costs.csv', '--type', 'MY_COSTS');
    assert.equal(code, 0, stderr);
    await load('1.txt', settlement('1', [['a', 2, 10]]));
    assert.deepEqual(await profits(), { 'local a': 7 });
  });

  it('settings name one source of costs, in words that the file understands', async () => {
    for (const [settings, expected] of [
      ['costs: { file: a.csv, table: b }', /expected one of `file`, `table` and `list`/],
      ['costs: {}', /expected one of `file`, `table` and `list`/],
      ['costs: { list: [{ sku: a, cost: -1, currency: EUR }] }', /costs\.list\[0\]\.cost/],
      ['costs: { table: "a; DROP TABLE b" }', /expected the name of a table/],
      ['rates: { file: a.csv, currency: euro }', /expected three capital letters/],
      ['rates: { file: a.csv }', /rates\.currency: missing/],
    ] as const) {
      file('pipelines.yaml', `${settings}\n`);
      const { code, stderr } = await run('config', 'check');
      assert.equal(code, 2, settings);
      assert.match(stderr, expected, settings);
    }
  });

  it('are loaded again by a rebuild', async () => {
    file('pipelines.yaml', 'costs: { file: costs.csv }\n');
    file('costs.csv', 'sku,cost,currency\na,2.50,USD\n');
    await load('1.txt', settlement('1', [['a', 2, 10]]));
    file('costs.csv', 'sku,cost,currency\na,3.00,USD\n');
    await load('1.txt', settlement('1', [['a', 2, 10]]));
    assert.equal((await run('rebuild')).code, 0);
    assert.deepEqual(await profits(), { 'local a': 4 });
  });
});
