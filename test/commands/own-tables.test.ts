import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { pictures } from '../../src/status/pictures.js';
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
    file('pipelines.yaml', 'costs: costs.csv\nrates: { file: rates.csv, currency: EUR }\n');
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

  it('are loaded by `load` without a file, which says what it did', async () => {
    assert.match((await run('load')).stderr, /name the documents to load; .* the settings have neither/);
    file('pipelines.yaml', 'costs: costs.csv\n');
    file('costs.csv', 'sku,cost,currency\na,2.50,USD\n');
    const first = await run('load');
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /costs\.csv: loaded: 1 row into product_costs\n/);
    assert.equal((await run('load')).stdout, 'Costs and exchange rates are as the settings say.\n');
    file('costs.csv', 'sku,cost,currency\na,x,USD\n');
    const mistaken = await run('load');
    assert.equal(mistaken.code, 1);
    assert.match(mistaken.stdout, /costs\.csv: quarantined: .*1 mistake/);
    file('pipelines.yaml', '{}\n');
    assert.equal((await run('load')).code, 0);
    assert.equal((await run('load')).code, 2);
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

  it('leave the warehouse when they leave the settings, and come back with them', async () => {
    const costs = 'costs: { file: costs.csv }\n';
    const rates = 'rates: { file: rates.csv, currency: EUR }\n';
    file('pipelines.yaml', `${costs}${rates}`);
    file('costs.csv', 'sku,cost,currency\na,2.00,USD\n');
    file('rates.csv', 'Date,USD,\n2026-06-10,1.25,\n');
    await load('1.txt', settlement('1', [['a', 2, 10]]));
    file('costs.csv', 'sku,cost,currency\na,2.50,USD\n');
    await load('1.txt', settlement('1', [['a', 2, 10]]));
    await run('reload', '--type', 'PRODUCT_COSTS');
    assert.deepEqual(await profits(), { 'local a': 5 });
    file('pipelines.yaml', rates);
    assert.match(
      await load('1.txt', settlement('1', [['a', 2, 10]])),
      /`costs` is no longer in the settings: the rows that came from it left product_costs/,
    );
    assert.deepEqual(await profits(), { 'local a': null });
    assert.deepEqual(await profits('reporting_profit_before_costs'), { 'local a': 8 });
    assert.match((await run('query', 'SELECT * FROM product_costs')).stderr, /product_costs does not exist/);
    assert.deepEqual(await ofLedger('PRODUCT_COSTS'), ['unloaded', 'unloaded']);
    // Once is enough.
    assert.doesNotMatch(await load('1.txt', settlement('1', [['a', 2, 10]])), /no longer/);
    assert.equal((await run('rebuild')).code, 0);
    assert.deepEqual(await profits(), { 'local a': null });
    file('pipelines.yaml', costs);
    await load('1.txt', settlement('1', [['a', 2, 10]]));
    assert.deepEqual(await profits(), { 'local a': 5 });
    assert.deepEqual(await profits('reporting_profit_before_costs'), { 'local a': null });
    assert.deepEqual(await ofLedger('EXCHANGE_RATES'), ['unloaded']);
  });

  it('stay while there is no settings file at all: it may be out of reach', async () => {
    file('pipelines.yaml', 'costs: { file: costs.csv }\n');
    file('costs.csv', 'sku,cost,currency\na,2.50,USD\n');
    await load('1.txt', settlement('1', [['a', 2, 10]]));
    rmSync(path('pipelines.yaml'));
    assert.match(
      await load('1.txt', settlement('1', [['a', 2, 10]])),
      /from `costs` of .*pipelines\.yaml, and these settings have none/,
    );
    assert.deepEqual(await profits(), { 'local a': 5 });
  });

  it('leave with mistakes in them too, while what a person or other settings loaded stays', async () => {
    file('mine.csv', 'seller,sku,valid-from,cost,currency\n,a,,1.00,USD\n');
    assert.equal((await run('load', 'mine.csv', '--type', 'PRODUCT_COSTS')).code, 0);
    file('pipelines.yaml', 'costs: { file: costs.csv }\n');
    file('costs.csv', 'sku,cost,currency\na,2.50,USD\n');
    await load('1.txt', settlement('1', [['a', 2, 10]]));
    assert.deepEqual(await profits(), { 'local a': 5 });
    file('costs.csv', 'sku,cost,currency\na,x,USD\n');
    await load('1.txt', settlement('1', [['a', 2, 10]]));
    file('other.yaml', '{}\n');
    const other = await run('--config', 'other.yaml', 'load', '1.txt', ...type);
    assert.match(
      other.stderr,
      /from `costs` of .*pipelines\.yaml, and these settings have none; .*drop product_costs/,
    );
    assert.deepEqual(await profits(), { 'local a': 5 });
    file('pipelines.yaml', '{}\n');
    await load('1.txt', settlement('1', [['a', 2, 10]]));
    // The costs that a person had loaded before are back.
    assert.deepEqual(await profits(), { 'local a': 8 });
    const [quarantined] = (await query(
      "SELECT count(*)::INT AS n FROM _loads WHERE status = 'quarantined'",
    )) as { n: number }[];
    assert.equal(quarantined?.n, 0);
  });

  it('are subtracted in the picture of the profit, which knows when there are none, and for how many SKUs', async () => {
    const sql = pictures.find(({ name }) => name === 'profit')?.sql ?? '';
    const shown = async () =>
      ((await query(sql)) as Record<string, string | number | null>[]).map(
        ({ sku, profit, has_costs, skus_without_cost }) =>
          [sku, profit === null ? null : Number(profit), has_costs, Number(skus_without_cost)].join(' '),
      );
    const sales: [string, number, number][] = [
      ['a', 2, 10],
      ['b', 1, 30],
      ['c', 1, 1],
    ];
    await load('1.txt', settlement('1', sales));
    assert.deepEqual(await shown(), ['b 30 0 0', 'a 10 0 0', 'c 1 0 0']);
    file('pipelines.yaml', 'costs: costs.csv\n');
    file('costs.csv', 'sku,cost,currency\na,2,USD\nc,4,USD\n');
    await load('1.txt', settlement('1', sales));
    assert.deepEqual(await shown(), ['a 6 1 1', 'c -3 1 1']);
    file('costs.csv', 'sku,cost,currency\nc,4,GBP\n');
    await load('1.txt', settlement('1', sales));
    // Nothing can be converted, so no cost counts.
    assert.deepEqual(await shown(), ['b 30 0 0', 'a 10 0 0', 'c 1 0 0']);
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
