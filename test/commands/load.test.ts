import assert from 'node:assert/strict';
import { existsSync, rmSync, utimesSync } from 'node:fs';
import { runCli } from '../../src/cli.js';
import { listings, listingsType, orders, ordersType, runInProcess } from '../ingest/world.js';
import { commandFolder } from './command-folder.js';
import { Terminal } from './terminal.js';

describe('load with several files', () => {
  const { file, path, query, run } = commandFolder();

  it('loads the others if one is missing, and ends with code 1 and the name of that file', async () => {
    file('one.tsv', listings(1));
    file('two.tsv', listings(2));
    const args = ['load', 'one.tsv', 'absent.tsv', 'two.tsv', '--type', listingsType];
    const { code, stdout } = await run(...args);
    assert.equal(code, 1);
    assert.match(stdout, /^one\.tsv: loaded: 1 row into listings, all superseded by a newer report$/m);
    assert.match(stdout, /^absent\.tsv: failed: opening .*absent\.tsv: the file does not exist$/m);
    assert.match(stdout, /^two\.tsv: loaded: 2 rows into listings$/m);
    assert.match(stdout, /^3 files: 2 loaded, 1 failed\n$/m);
    const lines = (await run(...args, '--json')).stdout.trimEnd().split('\n');
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)).map(({ file, status, reasonCode }) => [file, status, reasonCode]),
      [
        ['one.tsv', 'loaded', null],
        ['absent.tsv', 'failed', 'FILE_UNREADABLE'],
        ['two.tsv', 'loaded', null],
      ],
    );
  });

  it('loads the others beside documents that exceed limits, each with its reason', async () => {
    file('deep.json', `[{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}]`);
    file('deep.xml', `${'<a>'.repeat(60_000)}${'</a>'.repeat(60_000)}`);
    file('good.txt', 'sku\tprice\n1\t2\n');
    const { code, stdout } = await run(
      'load',
      'deep.json',
      'deep.xml',
      'good.txt',
      '--type',
      'GET_UNKNOWN_THING',
    );
    assert.equal(code, 1);
    assert.match(stdout, /^deep\.json: quarantined: .* nested 501 levels deep or deeper; the limit is 500$/m);
    assert.match(stdout, /^deep\.xml: quarantined: .* nested 501 levels deep or deeper; the limit is 500$/m);
    assert.match(stdout, /^good\.txt: loaded: 1 row into unknown_thing$/m);
  });

  it('warns if the rows do not add up to the totals of the document, and keeps them', async () => {
    const type = 'GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2';
    file('s.tsv', 'settlement-id\ttotal-amount\tamount\n1\t5.00\t\n1\t\t2.50\n');
    const { stdout, stderr, code } = await run('load', 's.tsv', '--type', type);
    const warning = 'total of settlement_v2, settlement_id 1: the document says 5, its rows add up to 2.5';
    assert.equal(code, 0);
    assert.match(stdout, /loaded: 2 rows into settlement_v2/);
    assert.ok(stdout.includes(`\n  warning: ${warning}\n`), stdout);
    assert.ok(stderr.includes(warning), stderr);
    assert.ok((await run('loads')).stdout.includes(warning));
    const check = { table: 'settlement_v2', name: 'total', per: { settlement_id: '1' } };
    const again = JSON.parse((await run('load', 's.tsv', '--type', type, '--json')).stdout);
    assert.deepEqual(again.warnings, [{ code: 'TOTALS_DIFFER', message: warning }]);
    assert.deepEqual(again.checks, [{ ...check, expected: '5', found: '2.5', ok: false }]);
    assert.deepEqual(await query("SELECT checks->0->>'found' AS found FROM _loads"), [{ found: '2.5' }]);
    await run('rebuild');
    assert.deepEqual(await query("SELECT checks->0->>'found' AS found FROM _loads"), [{ found: '2.5' }]);
  });

  it('takes the creation time of a report from its file, or from its option', async () => {
    const load = (name: string, ...more: string[]) => run('load', name, '--type', ordersType, ...more);
    const status = () => query('SELECT order_status FROM orders_by_last_update');
    file('new.tsv', orders([{ id: '1', status: 'Shipped' }]));
    file('old.tsv', orders([{ id: '1', status: 'Pending' }]));
    utimesSync(path('old.tsv'), new Date('2026-01-01'), new Date('2026-01-01'));
    await load('new.tsv');
    await load('old.tsv');
    assert.deepEqual(await status(), [{ order_status: 'Shipped' }]);
    await load('new.tsv', '--created', '2025-12-31T23:59');
    assert.deepEqual(await query('SELECT report_created_at AS at FROM _loads ORDER BY 1'), [
      { at: '2025-12-31T23:59:00.000Z' },
      { at: '2026-01-01T00:00:00.000Z' },
    ]);
    const { code, stderr } = await load('new.tsv', '--created', '2026-02-30');
    assert.equal(code, 2);
    assert.match(stderr, /It must be a date or a time, such as 2026-10-01/);
  });

  it('suggests the nearest type if one is not in capitals, and none for a type of another name', async () => {
    file('a.tsv', listings(1));
    const small = await run('load', 'a.tsv', '--type', listingsType.toLowerCase());
    assert.equal(small.code, 2);
    assert.match(small.stderr, /capitals.*did you mean "GET_MERCHANT_LISTINGS_ALL_DATA"\?/);
    assert.doesNotMatch((await run('load', 'a.tsv', '--type', 'GET_SOMETHING_NEW')).stderr, /did you mean/);
  });

  it('notes a seller that the settings do not have, and refuses one with nearly the name of theirs', async () => {
    file('a.tsv', listings(1));
    const seller = (id: string) =>
      `  - id: ${id}\n    region: na\n    credentials: { clientId: '\${ID}', clientSecret: '\${SECRET}', refreshToken: '\${TOKEN}' }\n`;
    const load = (...more: string[]) => run('load', 'a.tsv', '--type', listingsType, ...more);
    const sellers = () => query('SELECT DISTINCT _seller_id AS id FROM listings ORDER BY 1');
    assert.doesNotMatch((await load('--seller', 'ANYBODY')).stderr, /has no seller/);
    // The same with and without its credentials; here they are unset.
    file('pipelines.yaml', `sellers:\n${seller('A3EXAMPLESELLER')}`);
    await load();
    const near = await load('--seller', 'A3EXAMPLSELLER');
    assert.equal(near.code, 2);
    assert.match(
      near.stderr,
      /--seller A3EXAMPLSELLER: .* has no seller with that id; did you mean "A3EXAMPLESELLER"\?/,
    );
    const other = await load('--seller', 'B7QQ');
    assert.equal(other.code, 0);
    assert.match(other.stderr, /pipelines\.yaml has no seller B7QQ, only A3EXAMPLESELLER/);
    assert.deepEqual(await sellers(), [{ id: 'A3EXAMPLESELLER' }, { id: 'ANYBODY' }, { id: 'B7QQ' }]);
    assert.doesNotMatch((await load('--seller', 'A3EXAMPLESELLER')).stderr, /has no seller/);
  });

  it('resolves another id of an account to its seller, as notifications do', async () => {
    file('a.tsv', listings(1));
    // The same with and without its credentials; here they are unset.
    file(
      'pipelines.yaml',
      `sellers:\n  - id: A3EXAMPLESELLER\n    region: na\n    accountIds: [amzn1.vg.123]\n    credentials: { clientId: '\${ID}', clientSecret: '\${SECRET}', refreshToken: '\${TOKEN}' }\n`,
    );
    const { code, stderr } = await run('load', 'a.tsv', '--type', listingsType, '--seller', 'amzn1.vg.123');
    assert.equal(code, 0, stderr);
    assert.deepEqual(await query('SELECT DISTINCT _seller_id AS id FROM listings'), [
      { id: 'A3EXAMPLESELLER' },
    ]);
  });

  it('reports what happens to rows that the same file had under another type, and to rows older than those there', async () => {
    file('a.tsv', listings(2));
    const load = (type: string, ...more: string[]) => run('load', 'a.tsv', '--type', type, ...more);
    assert.match((await load(listingsType)).stdout, /^a\.tsv: loaded: 2 rows into listings\n/);
    const foreign = await load('GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2');
    assert.match(
      foreign.stdout,
      /quarantined: .*\n {2}its earlier rows, loaded as GET_MERCHANT_LISTINGS_ALL_DATA, stay in listings\n/,
    );
    const moved = await load('GET_SOMETHING_NEW');
    assert.match(
      moved.stdout,
      /loaded: 2 rows into something_new\n {2}it was loaded as GET_MERCHANT_LISTINGS_ALL_DATA before; those rows were removed from listings\n/,
    );
    await load(listingsType);
    file('b.tsv', listings(2).toString().replaceAll('10', '11'));
    const older = await run('load', 'b.tsv', '--type', listingsType, '--created', '2020-01-01');
    assert.match(older.stdout, /loaded: 2 rows into listings, all superseded by a newer report\n/);
  });

  it('warns that rows are missing if the warehouse was lost and the lake was not', async () => {
    file('one.tsv', listings(1));
    file('two.tsv', orders([{ id: '1', status: 'Shipped' }]));
    const first = await run('load', 'one.tsv', '--type', listingsType);
    assert.doesNotMatch(first.stderr, /the lake has/);
    rmSync(path('data', 'warehouse.duckdb'));
    const second = await run('load', 'two.tsv', '--type', ordersType);
    assert.equal(second.code, 0);
    assert.match(
      second.stderr,
      /the warehouse has no loads, but the lake has the records of 1 load: .* run `sp-reports rebuild`/,
    );
    const third = await run('load', 'two.tsv', '--type', ordersType);
    assert.doesNotMatch(third.stderr, /the lake has/);
  });

  it('warns of a lost warehouse even if the first document after it is quarantined', async () => {
    file('one.tsv', listings(1));
    file('bad.json', '{"payload": [');
    await run('load', 'one.tsv', '--type', listingsType);
    rmSync(path('data', 'warehouse.duckdb'));
    const bad = await run('load', 'bad.json', '--type', 'GET_SALES_AND_TRAFFIC_REPORT');
    assert.match(bad.stdout, /bad\.json: quarantined/);
    assert.match(bad.stderr, /the lake has the records of 1 load/);
  });

  it('finishes the current document after a signal to stop, and begins no other', async () => {
    file('large.tsv', listings(60_000));
    file('next.tsv', listings(1));
    let poll: NodeJS.Timeout | undefined;
    const onStopSignal = (stop: () => void) => {
      // The command runs in this process, so nothing else can wait for its first file.
      poll = setInterval(() => {
        if (!existsSync(path('data', 'raw'))) return;
        clearInterval(poll);
        stop();
      }, 1);
      return () => clearInterval(poll);
    };
    const { code, stdout } = await runInProcess(['load', 'large.tsv', 'next.tsv', '--type', listingsType], {
      env: {},
      cwd: path(),
      onStopSignal,
    });
    assert.equal(code, 0);
    assert.match(stdout, /^large\.tsv: loaded: 60000 rows into listings$/m);
    assert.match(stdout, /^2 files: 1 loaded, 1 not done$/m);
  });

  it('counts the files on the progress bar of a terminal', async () => {
    file('one.tsv', listings(1));
    file('two.tsv', listings(2));
    const terminal = new Terminal();
    const stdout = new Terminal();
    const code = await runCli(['load', 'one.tsv', 'two.tsv', '--type', listingsType], {
      stdout,
      stderr: terminal,
      env: {},
      cwd: path(),
      onStopSignal: () => () => {},
    });
    assert.equal(code, 0);
    assert.match(terminal.text, /\d\/2 documents/);
    assert.doesNotMatch(terminal.text, /\/0 documents/);
    assert.match(stdout.text, /2 files: 2 loaded/);
  });
});
