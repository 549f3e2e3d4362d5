import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { runCli } from '../../src/cli.js';
import { listings, listingsType, runInProcess } from '../ingest/world.js';

describe('the answers of query', () => {
  let folder: string;
  const run = (...args: string[]) => runInProcess(args, { env: {}, cwd: folder });

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sp-reports-test-'));
    writeFileSync(join(folder, 'listings.tsv'), listings(2));
    assert.equal((await run('load', 'listings.tsv', '--type', listingsType)).code, 0);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('are streamed row by row at any size: JSON as one array, CSV as one line per row', async () => {
    const sql = "SELECT range AS n, 'text ' || range AS t FROM range(300000)";
    const json = JSON.parse((await run('query', sql, '--json')).stdout) as unknown[];
    assert.equal(json.length, 300_000);
    assert.deepEqual(json.at(-1), { n: '299999', t: 'text 299999' });
    const csv = (await run('query', sql, '--format', 'csv')).stdout.split('\n');
    assert.equal(csv.length, 300_002);
    assert.equal(csv[300_000], '299999,text 299999');
  });

  it('show a thousand rows of a table and count the rest, unless a limit is given', async () => {
    const sql = 'SELECT * FROM range(400000)';
    const lines = (await run('query', sql)).stdout.trimEnd().split('\n');
    assert.equal(lines.length, 1004);
    assert.deepEqual(lines.slice(-2), [
      '1000 of 400000 rows',
      '399000 more rows: use --format csv, --limit or --all',
    ]);
    assert.equal((await run('query', sql, '--all')).stdout.trimEnd().split('\n').length, 400_003);
    assert.match((await run('query', sql, '--limit', '2')).stdout, /^ +0\n +1\n2 of 400000 rows\n/m);
    assert.equal((await run('query', sql, '--limit', '2', '--format', 'csv')).stdout, 'range\n0\n1\n');
  });

  it('include those to SQL that begins with a comment', async () => {
    const { code, stdout } = await run('query', '--json', '-- How many?\nSELECT count(*) AS n FROM listings');
    assert.deepEqual([code, JSON.parse(stdout)], [0, [{ n: '2' }]]);
  });

  it('end quietly when the reader closes the pipe', async () => {
    let received = 0;
    const stdout = new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _encoding, done) {
        received += chunk.length;
        done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
      },
    });
    let output = '';
    const stderr = new Writable({
      write(chunk: Buffer, _encoding, done) {
        output += chunk;
        done();
      },
    });
    const io = { stdout, stderr, env: {}, cwd: folder, onStopSignal: () => () => {} };
    const code = await runCli(['query', 'SELECT * FROM range(100000000)', '--format', 'csv'], io);
    assert.equal(code, 0);
    assert.equal(output, '');
    assert.ok(received < 100_000);
  });

  it('print lists as arrays, and integers and decimals in them as text', async () => {
    const text = '{"list":[{"id":"1","tags":["a, b",null],"sums":[1.5,2],"counts":[9007199254740993]}]}';
    writeFileSync(join(folder, 'lists.json'), text);
    await run('load', 'lists.json', '--type', 'GET_LISTS');
    const { stdout } = await run('query', '--json', 'SELECT tags, sums, counts, len(tags) AS n FROM lists');
    assert.deepEqual(JSON.parse(stdout), [
      { tags: ['a, b', null], sums: ['1.5000', '2.0000'], counts: ['9007199254740993'], n: '2' },
    ]);
  });

  it('distinguish NULL from an empty text in CSV and JSON', async () => {
    const sql = "SELECT NULL AS a, '' AS b, 'x' AS c";
    assert.equal((await run('query', sql, '--format', 'csv')).stdout, 'a,b,c\n,"",x\n');
    assert.deepEqual(JSON.parse((await run('query', sql, '--json')).stdout), [{ a: null, b: '', c: 'x' }]);
    assert.equal((await run('query', `${sql} WHERE false`, '--json')).stdout, '[]\n');
  });

  it('never contain raw control characters in a table', async () => {
    const sql = `SELECT 'a' || chr(9) || 'b' || chr(27) || '[31m' || chr(10) || chr(8238) AS "c${'\u001b'}"`;
    assert.equal(
      (await run('query', sql)).stdout,
      'c\\x1b\n────────────────────\na\\tb\\x1b[31m\\n\\u202e\n1 row\n',
    );
  });

  it('come with a fitting hint if the query fails', async () => {
    for (const [sql, hint] of [
      ['SELECT * FROM lstings', /`sp-reports tables` lists the tables/],
      ['SELECT nothing FROM listings', /DESCRIBE <table>/],
      ['SELEC 1', /at the marked position/],
      ['DELETE FROM listings', /only loads change the warehouse/],
      ['SELECT 1; SELECT 2', /one statement at a time/],
      ["SELECT * FROM 'x.csv'", /are not available here/],
    ] as const) {
      const { code, stderr } = await run('query', sql);
      assert.equal(code, 1);
      assert.match(stderr, hint);
    }
  });
});
