import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { runCli } from '../../src/cli.js';
import { listings, listingsType, orders, ordersType, program } from '../ingest/world.js';
import { commandFolder } from './command-folder.js';
import { Terminal } from './terminal.js';

describe('unload', () => {
  const { file, path, query, run } = commandFolder();
  const skus = () => query('SELECT count(*)::INT AS rows FROM listings');
  const load = async (name: string, rows: number, created: string): Promise<string> => {
    file(name, listings(rows));
    const { stdout } = await run('load', '--json', name, '--type', listingsType, '--created', created);
    return JSON.parse(stdout).documentId as string;
  };

  it('brings back the snapshot before, lasts over a rebuild, and reload undoes it', async () => {
    await load('a.tsv', 2, '2026-11-01');
    const mistake = await load('b.tsv', 5, '2026-11-02');
    assert.deepEqual(await skus(), [{ rows: 5 }]);
    const { stdout, code } = await run('unload', mistake, '--yes');
    assert.equal(code, 0);
    assert.equal(
      stdout,
      `Unloaded 1 document with 5 rows for listings.\nRows of 1 older document came back.\nTo load it again: sp-reports reload ${mistake}\n`,
    );
    assert.deepEqual(await skus(), [{ rows: 2 }]);
    assert.equal(existsSync(path(`data/lake/listings/seller=local/${mistake}.parquet`)), false);
    const verified = await run('verify');
    assert.equal(verified.code, 0, verified.stdout);
    await run('rebuild');
    assert.deepEqual(await skus(), [{ rows: 2 }]);
    const [row] = (await query(
      `SELECT status, reason FROM _loads WHERE document_id = '${mistake}'`,
    )) as object[];
    assert.match(JSON.stringify(row), /"unloaded".*`sp-reports reload` loads it again/);
    const again = await run('reload', mistake);
    assert.equal(again.code, 0, again.stderr);
    assert.deepEqual(await skus(), [{ rows: 5 }]);
  });

  it('stays unloaded in a rebuild without the lake', async () => {
    await load('a.tsv', 2, '2026-11-01');
    const mistake = await load('b.tsv', 5, '2026-11-02');
    await run('unload', mistake, '--yes');
    rmSync(path('data/lake'), { recursive: true });
    const { code, stderr } = await run('rebuild');
    assert.equal(code, 0, stderr);
    assert.deepEqual(await skus(), [{ rows: 2 }]);
  });

  it('prompts on a terminal, and does nothing without an answer or --yes', async () => {
    const document = await load('a.tsv', 2, '2026-11-01');
    const { code, stderr } = await run('unload', document);
    assert.equal(code, 0);
    assert.match(stderr, /Nothing was unloaded\. Add --yes to unload 1 document with 2 rows for listings\./);
    for (const [answer, rows] of [
      ['', 2],
      ['y', 0],
    ] as const) {
      const questions: string[] = [];
      const prompt = async (question: string) => {
        questions.push(question);
        return answer;
      };
      const io = {
        stdout: new Terminal(),
        stderr: new Terminal(),
        env: {},
        cwd: path(),
        onStopSignal: () => () => {},
      };
      await runCli(['unload', document], { ...io, prompt });
      assert.deepEqual(questions, ['Unload 1 document with 2 rows for listings? [y/N] ']);
      assert.deepEqual(await skus(), [{ rows }]);
    }
  });

  it('says what is not a document, or has no rows', async () => {
    await load('a.tsv', 2, '2026-11-01');
    assert.match(
      (await run('unload', 'listings', '--yes')).stderr,
      /NOT_LOADED.*It is a table; see `sp-reports drop`/,
    );
    assert.match((await run('unload', 'absent', '--yes')).stderr, /NOT_LOADED/);
    file('bad.txt', 'x');
    const bad = await run('load', '--json', 'bad.txt', '--type', listingsType);
    const refused = await run('unload', JSON.parse(bad.stdout).documentId, '--yes');
    assert.match(refused.stderr, /UNLOAD_REFUSED: unloading file-.*: it is quarantined and has no rows/);
  });
});

describe('drop', () => {
  const { file, path, query, run } = commandFolder();

  it('takes the table and its views away, and reload of what was unloaded brings both back', async () => {
    file('a.tsv', orders([{ id: '1', status: 'Shipped' }]));
    file(
      'b.tsv',
      orders([
        { id: '1', status: 'Returned' },
        { id: '2', status: 'Shipped' },
      ]),
    );
    file('c.tsv', listings(1));
    await run('load', 'a.tsv', 'b.tsv', '--type', ordersType);
    await run('load', 'c.tsv', '--type', listingsType);
    const contents = () =>
      query('SELECT amazon_order_id, order_status FROM orders_by_last_update ORDER BY ALL');
    const before = await contents();
    const { code, stdout } = await run('drop', 'orders_by_last_update', '--yes');
    assert.equal(code, 0);
    assert.match(stdout, /^Unloaded 2 documents with 3 rows for orders_by_last_update\.\nDropped the table/);
    assert.match(stdout, /To load them again: sp-reports reload --status unloaded\n$/);
    const names = async () =>
      (JSON.parse((await run('tables', '--json')).stdout) as { name: string }[]).map(({ name }) => name);
    assert.deepEqual(await names(), ['listings', 'listings_history']);
    assert.match(
      (await run('query', 'SELECT * FROM orders_per_day')).stderr,
      /orders_per_day does not exist/,
    );
    await run('rebuild');
    assert.deepEqual(await names(), ['listings', 'listings_history']);
    await run('reload', '--status', 'unloaded');
    assert.deepEqual(await contents(), before);
    assert.equal((await run('query', 'SELECT * FROM orders_per_day')).code, 0);
    assert.ok(existsSync(path('data/raw')));
  });

  it('finishes its work if it was killed after its commit', async () => {
    file('a.tsv', orders([{ id: '1', status: 'Shipped' }]));
    await run('load', 'a.tsv', '--type', ordersType);
    const args = [...program(), 'drop', 'orders_by_last_update', '--yes'];
    const env = { ...process.env, SP_REPORTS_CRASH_AT: 'transaction-ended' };
    const killed = spawnSync(process.execPath, args, { cwd: path(), env });
    assert.notEqual(killed.status, 0);
    assert.equal((await run('drop', 'orders_by_last_update', '--yes')).code, 0);
    rmSync(path('data', 'warehouse.duckdb'), { force: true });
    await run('rebuild');
    assert.deepEqual(JSON.parse((await run('tables', '--json')).stdout), []);
  });

  it('keeps the table if a view of others reads it, and says what to do', async () => {
    file('a.tsv', orders([{ id: '1', status: 'Shipped' }]));
    await run('load', 'a.tsv', '--type', ordersType);
    const onFile = async (sql: string) => {
      const instance = await DuckDBInstance.create(path('data', 'warehouse.duckdb'));
      const connection = await instance.connect();
      await connection.run(sql);
      connection.closeSync();
      instance.closeSync();
    };
    await onFile('CREATE VIEW of_mine AS SELECT amazon_order_id FROM Orders_By_Last_Update');
    const { code, stdout } = await run('drop', 'orders_by_last_update', '--yes');
    assert.equal(code, 0);
    assert.match(
      stdout,
      /\nThe table orders_by_last_update stays: the view of_mine reads it\. Drop it first, then run this again\.\n/,
    );
    assert.deepEqual(await query('SELECT * FROM of_mine'), []);
    await onFile('DROP VIEW of_mine');
    assert.match((await run('drop', 'orders_by_last_update', '--yes')).stdout, /Dropped the table/);
  });

  it('suggests the nearest table for one that is not there', async () => {
    file('c.tsv', listings(1));
    await run('load', 'c.tsv', '--type', listingsType);
    const { code, stderr } = await run('drop', 'listing', '--yes');
    assert.equal(code, 1);
    assert.match(stderr, /NOT_LOADED: looking for listing: not in the ledger.*listings/);
  });
});
