import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import iconv from 'iconv-lite';
import { ReportsError } from '../../src/errors/reports-error.js';
import { listings, listingsType, orders, ordersType, runInProcess } from '../ingest/world.js';
import { commandFolder } from './command-folder.js';

describe('commands in a new folder:', () => {
  const { file, path, query, run } = commandFolder();

  it('load prints one JSON object per line for each document', async () => {
    file('good.tsv', listings(2));
    file('bad.gz', gzipSync(listings(50)).subarray(0, 60));
    file('empty.txt', '');
    const { stdout, code } = await run(
      'load',
      'good.tsv',
      'bad.gz',
      'empty.txt',
      '--type',
      listingsType,
      '--json',
    );
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.equal(code, 1);
    assert.deepEqual(
      lines.map(({ file, reportType, status, tables, rejects }) => ({
        file,
        reportType,
        status,
        tables,
        rejects,
      })),
      [
        {
          file: 'good.tsv',
          reportType: listingsType,
          status: 'loaded',
          tables: [{ name: 'listings', rows: 2 }],
          rejects: 0,
        },
        { file: 'bad.gz', reportType: listingsType, status: 'quarantined', tables: [], rejects: 0 },
        { file: 'empty.txt', reportType: listingsType, status: 'empty', tables: [], rejects: 0 },
      ],
    );
    assert.equal(lines[0].reason, null);
    assert.match(lines[1].reason, /it ends too early/);
  });

  it('load accepts as options what Amazon would have said about the document', async () => {
    const body = iconv.encode('item-name\tseller-sku\tprice\n木製まな板 ①\tsku-1\t1,200\n', 'cp932');
    file('listings.txt', body);
    const options = [
      '--type',
      listingsType,
      '--seller',
      'A3',
      '--marketplace',
      'JP',
      '--content-type',
      'text/plain; charset=MS932',
    ];
    assert.equal((await run('load', 'listings.txt', ...options)).code, 0);
    assert.deepEqual(await query('SELECT item_name, price, _seller_id, _marketplace_ids FROM listings'), [
      {
        item_name: '木製まな板 ①',
        price: '1200.0000',
        _seller_id: 'A3',
        _marketplace_ids: ['A1VC38T7YXB528'],
      },
    ]);
  });

  it('load does not load the same bytes twice', async () => {
    file('orders.tsv', orders([{ id: '1', status: 'Shipped' }]));
    for (const _ of [1, 2]) assert.equal((await run('load', 'orders.tsv', '--type', ordersType)).code, 0);
    assert.deepEqual(await query('SELECT count(*)::INT AS rows FROM orders_by_last_update'), [{ rows: 1 }]);
    assert.deepEqual(await query('SELECT count(*)::INT AS rows FROM _loads'), [{ rows: 1 }]);
  });

  it('load infers the columns of a type without a schema', async () => {
    file('new.tsv', 'sku\tunits\tfee\tday\tnote\n007\t5\t1.50\t2026-10-01\tx\n008\t6\t2.25\t2026-10-02\t\n');
    assert.equal((await run('load', 'new.tsv', '--type', 'GET_SOMETHING_NEW')).code, 0);
    assert.deepEqual(await query('SELECT sku, units, fee, day, note FROM something_new ORDER BY sku'), [
      { sku: '007', units: '5', fee: '1.5000', day: '2026-10-01', note: 'x' },
      { sku: '008', units: '6', fee: '2.2500', day: '2026-10-02', note: null },
    ]);
  });

  it('wrong usage ends with code 2 and a remedy', async () => {
    for (const [args, message] of [
      [['load', 'x.tsv', '--type', 'listings'], /a report type is in capitals/],
      [['load', 'x.tsv', '--type', 'X', '--marketplace', 'XX'], /XX is not a marketplace id or country code/],
      [['qery', 'SELECT 1'], /Did you mean query/],
      [['run'], /no file pipelines.yaml/],
      [['reload'], /reload what\?/],
      [['schemas', 'show', 'GET_MERCHANT_LISTINGS_ALL_DAT'], /did you mean GET_MERCHANT_LISTINGS_ALL_DATA/],
    ] as const) {
      const { code, stderr, stdout } = await run(...args);
      assert.equal(code, 2, args.join(' '));
      assert.match(stderr, message);
      assert.equal(stdout, '');
    }
  });

  it('mistakes in options and arguments are errors of the catalogue, with their code and remedy', async () => {
    for (const [args, problem] of [
      [['drop'], "missing required argument 'table'"],
      [
        ['load'],
        'name the documents to load; without one, costs and exchange rates are loaded, but the settings have neither (docs/guides/profit.md)',
      ],
      [
        ['query'],
        'query what? Give one SQL statement, or a file with one by --file, or - for standard input.',
      ],
      [['query', 'SELECT 1', 'b'], "too many arguments for 'query'. Expected 1 argument but got 2."],
      [['backfill'], "required option '--from <date>' not specified"],
      [['load', 'x.tsv', '--type'], "option '--type <REPORT_TYPE>' argument missing"],
      [['tables', '--nope'], "unknown option '--nope'"],
      [['tables', '--jso'], "unknown option '--jso' (Did you mean --json?)"],
      [['schemas', 'nope'], "unknown command 'nope'"],
      [['lods'], "unknown command 'lods' (Did you mean loads?)"],
      [
        ['loads', '--limit', 'x'],
        "option '--limit <number>' argument 'x' is invalid. It must be a positive whole number.",
      ],
    ] as const) {
      const { code, stderr, stdout } = await run(...args);
      const { remedy } = new ReportsError('USAGE', { problem });
      assert.deepEqual(
        { code, stdout, stderr },
        { code: 2, stdout: '', stderr: `error USAGE: ${problem}\n${remedy}\n` },
      );
    }
  });

  it('load ends with code 1 and names a file that it cannot read', async () => {
    const { code, stderr } = await run('load', 'absent.tsv', '--type', listingsType);
    assert.equal(code, 1);
    assert.match(stderr, /absent\.tsv: the file does not exist/);
  });

  it('query answers as table, CSV and JSON', async () => {
    file('orders.tsv', orders([{ id: '1', status: 'Say "hi", twice' }]));
    await run('load', 'orders.tsv', '--type', ordersType);
    const sql =
      'SELECT amazon_order_id AS id, order_status AS status, item_price AS price FROM orders_by_last_update';
    assert.equal(
      (await run('query', sql)).stdout,
      'id  status             price\n──  ───────────────  ───────\n 1  Say "hi", twice  19.9900\n1 row\n',
    );
    assert.equal(
      (await run('query', sql, '--format', 'csv')).stdout,
      'id,status,price\n1,"Say ""hi"", twice",19.9900\n',
    );
    assert.deepEqual(await query(sql), [{ id: '1', status: 'Say "hi", twice', price: '19.9900' }]);
  });

  it('query cannot change anything', async () => {
    file('orders.tsv', orders([{ id: '1', status: 'Shipped' }]));
    await run('load', 'orders.tsv', '--type', ordersType);
    for (const sql of [
      'DELETE FROM _loads',
      'CREATE TABLE t (a INT)',
      "COPY _loads TO 'out.csv'",
      "SELECT * FROM read_csv('orders.tsv')",
    ]) {
      const { code, stderr } = await run('query', sql);
      assert.equal(code, 1, sql);
      assert.match(stderr, /QUERY_FAILED/);
    }
    assert.equal(existsSync(path('out.csv')), false);
  });

  it('tables and loads list what the warehouse has', async () => {
    file('listings.tsv', listings(2));
    await run('load', 'listings.tsv', '--type', listingsType);
    const [table] = JSON.parse((await run('tables', '--json')).stdout);
    assert.deepEqual(
      { ...table, lastLoadedAt: '' },
      { name: 'listings', reportType: listingsType, rows: 2, lastLoadedAt: '' },
    );
    assert.match(table.lastLoadedAt, /^\d{4}-\d\d-\d\dT.*Z$/);
    const [load] = JSON.parse((await run('loads', '--json')).stdout);
    assert.equal(load.status, 'loaded');
    assert.match((await run('loads', 'listings')).stdout, /GET_MERCHANT_LISTINGS_ALL_DATA/);
  });

  it('reload applies a schema that was added later', async () => {
    file('new.tsv', 'sku\tunits\n007\t5\n');
    await run('load', 'new.tsv', '--type', 'GET_SOMETHING_NEW');
    const inferred = await run('schemas', 'infer', 'new.tsv', '--type', 'GET_SOMETHING_NEW');
    assert.match(inferred.stdout, /reportType: GET_SOMETHING_NEW/);
    mkdirSync(path('schemas'));
    file('schemas/GET_SOMETHING_NEW.yaml', inferred.stdout.replace('name: units', 'name: units_sold'));
    assert.equal((await run('schemas', 'check')).code, 0);
    assert.equal((await run('reload', 'something_new')).code, 0);
    assert.deepEqual(await query('SELECT sku, units_sold FROM something_new'), [
      { sku: '007', units_sold: '5' },
    ]);
  });

  it('reload keeps the rows of a document that can no longer be loaded', async () => {
    file('listings.tsv', listings(2));
    await run('load', 'listings.tsv', '--type', listingsType);
    const kept = path('data/raw/local', listingsType);
    const raw = readdirSync(kept).find((name) => !name.endsWith('.json')) ?? '';
    writeFileSync(join(kept, raw), gzipSync(listings(50)).subarray(0, 60));
    const { code, stdout } = await run('reload', 'listings');
    assert.equal(code, 1, stdout);
    assert.deepEqual(await query('SELECT count(*)::INT AS rows FROM listings'), [{ rows: 2 }]);
  });

  it('rebuild makes the same warehouse from the lake, and from raw if the lake is gone', async () => {
    file('listings.tsv', listings(2));
    file('orders.tsv', orders([{ id: '1', status: 'Shipped', price: 'x' }]));
    file('bad.gz', gzipSync(listings(50)).subarray(0, 60));
    await run('load', 'listings.tsv', 'bad.gz', '--type', listingsType);
    await run('load', 'orders.tsv', '--type', ordersType);
    const contents = async () => [
      await query('SELECT * EXCLUDE (_loaded_at) FROM listings ORDER BY ALL'),
      await query('SELECT * EXCLUDE (_loaded_at) FROM orders_by_last_update ORDER BY ALL'),
      await query('SELECT * EXCLUDE (loaded_at) FROM _rejects ORDER BY ALL'),
      await query(
        'SELECT * EXCLUDE (loaded_at, duration_ms) REPLACE (tables::VARCHAR AS tables) FROM _loads ORDER BY key',
      ),
    ];
    const before = await contents();
    rmSync(path('data/warehouse.duckdb'));
    assert.deepEqual(JSON.parse((await run('rebuild', '--json')).stdout), {
      fromLake: 3,
      fromRaw: 0,
      lost: [],
      failures: [],
      backup: null,
    });
    assert.deepEqual(await contents(), before);
    rmSync(path('data/lake'), { recursive: true });
    const { backup, ...again } = JSON.parse((await run('rebuild', '--json')).stdout);
    assert.deepEqual(again, { fromLake: 0, fromRaw: 3, lost: [], failures: [] });
    assert.match(backup, /warehouse\.duckdb\.before-rebuild-\d{8}T\d{9}Z$/);
    assert.deepEqual(await contents(), before);

    // The document with damaged Parquet and the one with a damaged record come from raw, the others
    // from the lake.
    const lake = path('data/lake');
    const files = readdirSync(lake, { recursive: true }).map((name) => join(lake, String(name)));
    const parquet = files.find((name) => name.includes('listings') && name.endsWith('.parquet')) as string;
    const record = files.find((name) => name.includes('_loads') && name.endsWith('.json')) as string;
    writeFileSync(parquet, 'PAR1 and no more');
    writeFileSync(record, '{');
    assert.equal((await run('rebuild')).code, 0);
    assert.deepEqual(await contents(), before);
  });

  it('rebuild changes nothing if documents of the old ledger are lost, unless losses are accepted', async () => {
    file('listings.tsv', listings(2));
    await run('load', 'listings.tsv', '--type', listingsType);
    rmSync(path('data/lake'), { recursive: true });
    rmSync(path('data/raw'), { recursive: true });
    const { code, stderr } = await run('rebuild');
    assert.equal(code, 1);
    assert.match(
      stderr,
      /REBUILD_INCOMPLETE: .* neither .* nor .* has an intact copy of 1 document in its ledger/,
    );
    assert.deepEqual(await query('SELECT count(*)::INT AS rows FROM listings'), [{ rows: 2 }]);
    assert.match((await run('rebuild', '--accept-loss')).stdout, /lost: /);
  });

  it('rebuild does not bring in documents whose commit failed', async () => {
    file('a.tsv', listings(2));
    file('b.tsv', listings(5));
    await run('load', 'a.tsv', '--type', listingsType);
    const warehouse = path('data/warehouse.duckdb');
    const away = `${warehouse}.away`;
    renameSync(warehouse, away);
    mkdirSync(warehouse);
    assert.equal((await run('load', 'b.tsv', '--type', listingsType)).code, 1);
    rmSync(warehouse, { recursive: true });
    renameSync(away, warehouse);
    await run('rebuild');
    assert.deepEqual(await query('SELECT count(*)::INT AS rows FROM listings'), [{ rows: 2 }]);
  });

  it('reload keeps the rows of a document that its schema now refuses, and continues after one without bytes', async () => {
    file('listings.tsv', listings(2));
    file('more.tsv', listings(3));
    await run('load', 'listings.tsv', '--type', listingsType, '--seller', 'A');
    await run('load', 'more.tsv', '--type', listingsType, '--seller', 'B');
    rmSync(path('data/raw/A'), { recursive: true });
    const { code, stdout } = await run('reload', 'listings', '--json');
    assert.equal(code, 1);
    const { outcomes, failures } = JSON.parse(stdout);
    assert.deepEqual(outcomes, { failed: 1, loaded: 1 });
    assert.deepEqual(
      failures.map((each: { code: string }) => each.code),
      ['RAW_MISSING'],
    );
    mkdirSync(path('schemas'));
    writeFileSync(
      path('schemas', `${listingsType}.yaml`),
      `reportType: ${listingsType}\nformat: tsv\ntables:\n  - name: _listings\n    load: { mode: append }\n    columns:\n      - { name: sku, from: nothing-there, type: string }\n`,
    );
    await run('reload', 'listings');
    assert.deepEqual(await query('SELECT count(*)::INT AS rows FROM listings'), [{ rows: 5 }]);
  });

  it('reload names the values that the ledger does not know, and suggests similar ones', async () => {
    file('listings.tsv', listings(1));
    await run('load', 'listings.tsv', '--type', listingsType);
    for (const [args, expected] of [
      [['listing'], /looking for listing: not in the ledger; did you mean "listings"\?\n/],
      [
        ['--type', 'GET_MERCHANT_LISTING_ALL_DATA'],
        /documents of type GET_MERCHANT_LISTING_ALL_DATA: .*"GET_MERCHANT_LISTINGS_ALL_DATA"\?/,
      ],
      [['--status', 'quarantined'], /looking for documents of status quarantined: not in the ledger\n/],
    ] as const) {
      const { code, stderr } = await run('reload', ...args);
      assert.equal(code, 1);
      assert.match(stderr, expected);
    }
  });

  it('inspect shows a Parquet file of the lake, and refuses other files', async () => {
    file('listings.tsv', listings(2));
    await run('load', 'listings.tsv', '--type', listingsType);
    const lake = path('data/lake/listings/seller=local');
    const found = JSON.parse((await run('inspect', join(lake, readdirSync(lake)[0] ?? ''), '--json')).stdout);
    assert.equal(found.rows, 2);
    assert.equal(found.metadata.report_type, listingsType);
    assert.equal(found.sample[0].seller_sku, 'sku-1');
    const shown = (await run('inspect', join(lake, readdirSync(lake)[0] ?? ''))).stdout;
    assert.match(shown, /: 2 rows in 1 row group, \d+ bytes, /);
    const slash = await run('inspect', 'gs:/bucket/x.parquet');
    assert.equal(slash.code, 2);
    assert.match(slash.stderr, /expected an object such as gs:\/\/bucket\/name/);
    const refused = await run('inspect', 'listings.tsv');
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /FILE_UNREADABLE/);
  });

  it('schemas list and schemas show describe the packaged schemas', async () => {
    const schemas = JSON.parse((await run('schemas', 'list', '--json')).stdout) as { reportType: string }[];
    assert.ok(schemas.some(({ reportType }) => reportType === listingsType));
    const { stdout } = await run('schemas', 'show', listingsType);
    assert.match(stdout, /seller_sku +string +seller-sku/);
    assert.match(
      stdout,
      /^Marketplaces: one for each report, even if a request names several \(https:\S+1998\)$/m,
    );
    assert.match((await run('schemas', 'list')).stdout, /^GET_FBA_SNS_FORECAST_DATA .* ended 2025-12-11$/m);
  });

  it('load reports a wrong report schema with its position before it loads anything', async () => {
    mkdirSync(path('schemas'));
    file('schemas/x.yaml', 'reportType: GET_X\nformat: tsw\n');
    file('listings.tsv', listings(1));
    const { code, stderr } = await run('load', 'listings.tsv', '--type', listingsType);
    assert.equal(code, 2);
    assert.match(stderr, /x\.yaml:2:9 format: .*did you mean "tsv"/);
    assert.equal(existsSync(path('data')), false);
  });

  it('config check shows the settings without the secrets', async () => {
    file(
      'pipelines.yaml',
      `sellers: [{ id: A1, region: na, credentials: { clientId: "\${ID}", clientSecret: "\${ID}", refreshToken: "\${ID}" } }]
status: { port: 9, token: "\${ID}" }
piiHashKey: \${ID}
alarms: { webhook: "\${HOOK}" }
aws: { endpoint: 'http://127.0.0.1:9', region: us-east-1, credentials: { accessKeyId: "\${ID}", secretAccessKey: "\${ID}" } }
`,
    );
    const { code, stdout } = await runInProcess(['config', 'check', '--json'], {
      env: { ID: 'hush-hush-hush-hush', HOOK: 'http://127.0.0.1:9/hush-hush' },
      cwd: path(),
    });
    assert.equal(code, 0);
    assert.equal(JSON.parse(stdout).sellers[0].id, 'A1');
    assert.equal(JSON.parse(stdout).status.port, 9);
    assert.deepEqual(JSON.parse(stdout).aws, { region: 'us-east-1', endpoint: 'http://127.0.0.1:9' });
    assert.doesNotMatch(stdout, /hush-hush/);
  });

  it('config check warns about unknown report types', async () => {
    file(
      'pipelines.yaml',
      `sellers: [{ id: A1, region: na, credentials: { clientId: "\${ID}", clientSecret: "\${ID}", refreshToken: "\${ID}" } }]
pipelines:
  - { name: all, schedule: '0 * * * *', queue: 'https://sqs.us-east-1.amazonaws.com/1/q', reportTypes: [GET_FBA_REIMBURSMENTS_DATA, GET_FBA_*] }
`,
    );
    const { code, stdout } = await runInProcess(['config', 'check'], { env: { ID: 'x' }, cwd: path() });
    assert.equal(code, 0);
    assert.deepEqual(stdout.match(/^note: .*$/gm), [
      'note: pipeline all: unknown report type GET_FBA_REIMBURSMENTS_DATA; if Amazon has it, its columns are inferred; did you mean "GET_FBA_REIMBURSEMENTS_DATA"?',
    ]);
  });

  it('config check says which requests are made in another way than they are written', async () => {
    file(
      'pipelines.yaml',
      `sellers: [{ id: A1, region: eu, marketplaces: [DE, FR], credentials: { clientId: "\${ID}", clientSecret: "\${ID}", refreshToken: "\${ID}" } }]
pipelines:
  - name: all
    schedule: '0 * * * *'
    queue: https://sqs.eu-west-1.amazonaws.com/1/q
    request:
      - { reportType: GET_MERCHANT_LISTINGS_ALL_DATA, cron: '0 5 * * *' }
      - { reportType: GET_AFN_INVENTORY_DATA, cron: '*/15 * * * *' }
      - { reportType: GET_FBA_REIMBURSEMENTS_DATA, cron: '0 5 * * *', window: 1 day, perMarketplace: true }
      - { reportType: GET_SALES_AND_TRAFFIC_REPORT, cron: '0 5 * * *', window: 1 day, from: 2020-01-01, marketplaces: [FR] }
      - { reportType: GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL, cron: '0 5 * * *' }
`,
    );
    const { code, stdout } = await runInProcess(['config', 'check'], { env: { ID: 'x' }, cwd: path() });
    assert.equal(code, 0);
    assert.deepEqual(
      stdout.match(/^note: .*$/gm)?.map((line) => line.replace(/after \d{4}-\d{2}-\d{2},/, 'after THEN,')),
      [
        'note: pipeline all: GET_MERCHANT_LISTINGS_ALL_DATA covers one marketplace per report; it is requested separately for DE, FR of A1',
        'note: pipeline all: GET_AFN_INVENTORY_DATA has new content at most every 30 minutes; a request in between is cancelled, or returns the same content again',
        'note: pipeline all: GET_FBA_REIMBURSEMENTS_DATA covers the whole region in each report; it is requested once for DE, FR of A1, as one report per marketplace would repeat every row',
        'note: pipeline all: GET_SALES_AND_TRAFFIC_REPORT goes back 2 years; its first window begins on or after THEN, not on 2020-01-01',
        'note: pipeline all: GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL is about a period, which Amazon chooses, as the request has no `window`; whatever it leaves out is missing. Write `window: 1 day`, for example',
      ],
    );
  });

  it('config check --json reports each mistake with its position, and ends with code 2', async () => {
    file('pipelines.yaml', 'warehous: {}\nlake: data/raw\n');
    const { code, stdout, stderr } = await run('config', 'check', '--json');
    const { problems } = JSON.parse(stdout);
    assert.deepEqual([code, stderr], [2, '']);
    assert.deepEqual(
      problems.map(({ line, column, path }: Record<string, unknown>) => [line, column, path]),
      [
        [1, 1, 'warehous'],
        [2, 7, 'lake'],
      ],
    );
    assert.match(problems[0].message, /did you mean "warehouse"/);
  });

  it('run, sweep and start say how to begin without pipelines, or without a pipelines.yaml', async () => {
    assert.match((await run('run')).stderr, /If you have none yet, `sp-reports init` writes one/);
    file('pipelines.yaml', '# nothing yet\n');
    for (const command of ['run', 'sweep', 'start']) {
      const { code, stderr } = await run(command);
      assert.equal(code, 2);
      assert.match(
        stderr,
        /has no pipelines\. Add `sellers:` and `pipelines:`\. .*pipelines\.yaml is an example/,
      );
    }
    const { code, stdout } = await run('config', 'check');
    assert.equal(code, 0);
    assert.match(stdout, /nothing to run\. Add `sellers:`/);
  });

  it('config check reports all mistakes of a pipelines.yaml at once, each with its position', async () => {
    file(
      'pipelines.yaml',
      'warehous: {}\npipelines:\n  - name: a\n    schedule: every day\n    queue: ${QUEUE}\n',
    );
    const { code, stderr } = await run('run');
    assert.equal(code, 2);
    assert.match(stderr, /pipelines\.yaml:1:1 warehous: unknown key; did you mean "warehouse"\?/);
    assert.match(stderr, /pipelines\.yaml:4:15 pipelines\[0\]\.schedule: expected a cron expression/);
    assert.match(stderr, /pipelines\.yaml:5:12 pipelines\[0\]\.queue: \$QUEUE is not set/);
    assert.equal(readFileSync(path('pipelines.yaml'), 'utf8').includes('warehous'), true);
  });
});
