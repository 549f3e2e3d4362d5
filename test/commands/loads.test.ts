import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { runCli } from '../../src/cli.js';
import { type Warning, warningCatalogue } from '../../src/errors/warnings.js';
import { listings, listingsType } from '../ingest/world.js';
import { commandFolder } from './command-folder.js';
import { Terminal } from './terminal.js';

describe('loads', () => {
  const { file, path, query, run } = commandFolder();
  const load = async (name: string, day: number, ...more: string[]) => {
    const created = `2026-10-0${day}`;
    const { stdout, stderr } = await run(
      ...['load', name, '--type', listingsType, '--created', created, '--json', ...more],
    );
    assert.ok(stdout, stderr);
    return (JSON.parse(stdout) as { documentId: string }).documentId;
  };
  const small = 'seller-sku\tprice\tcolour\ns-1\tcheap\tred\ns-2\t1.50\tblue\ns-3\t2.x\tred\n';

  describe('with the id of one document', () => {
    it('explains its origin, warnings with remedies, rows, decisions, drift and rejects', async () => {
      file('large.txt', listings(30));
      file('small.txt', small);
      const large = await load('large.txt', 1, '--marketplace', 'US');
      const id = await load('small.txt', 2, '--marketplace', 'US');
      const { stdout, code } = await run('loads', id);
      assert.equal(code, 0);
      for (const part of [
        `${id}\n  status        loaded, with 1 warning\n  report type   ${listingsType}\n`,
        '  marketplaces  ATVPDKIKX0DER (US)\n',
        '  made          2026-10-02 00:00:00 UTC\n',
        new RegExp(`^  raw +local/\\S+, ${small.length} bytes$`, 'm'),
        /\nWarnings\n {2}SNAPSHOT_SHRANK\n {4}listings: 3 rows replace the 30 rows of file-/,
        '    What to do: Compare the document with the one it replaced',
        /^ {2}listings +3 +2 +0 +3$/m,
        `before it: ${large}, made 2026-10-01 00:00:00 UTC, 30 rows of listings`,
        /\nDecisions\n {2}delimiter: tab \(.+\)\n/,
        'listings: new column colour, header "colour"',
        '2 values of listings.price: expected decimal(18,4); first in row 1, such as "cheap" and "2.x"',
      ])
        if (typeof part === 'string') assert.ok(stdout.includes(part), `${part}\n---\n${stdout}`);
        else assert.match(stdout, part);
      const [, sql = ''] = /sp-reports query "(.+)"/.exec(stdout) ?? [];
      const rejects = (await query(sql)) as { raw: string }[];
      assert.deepEqual(
        rejects.map(({ raw }) => raw),
        ['cheap', '2.x'],
      );
    });

    it('says what took its rows away', async () => {
      file('large.txt', listings(30));
      file('small.txt', small);
      const large = await load('large.txt', 1, '--marketplace', 'US');
      const id = await load('small.txt', 2, '--marketplace', 'US');
      const { stdout } = await run('loads', large);
      assert.match(stdout, /^ {2}listings +30 +0 +0 +0$/m);
      assert.match(stdout, /30 rows replaced or removed since\. Newer documents:\n {2}after it: (\S+),/);
      assert.ok(stdout.includes(id));
    });

    it('is one JSON object with all of it', async () => {
      file('large.txt', listings(30));
      file('small.txt', small);
      await load('large.txt', 1, '--marketplace', 'US');
      const id = await load('small.txt', 2, '--marketplace', 'US');
      const found = JSON.parse((await run('loads', id, '--json')).stdout);
      const { warnings, tables, rejectGroups, decisions, before, after, documentId } = found;
      assert.deepEqual([documentId, warnings[0].code], [id, 'SNAPSHOT_SHRANK']);
      assert.equal(warnings[0].remedy, warningCatalogue.SNAPSHOT_SHRANK.remedy);
      assert.deepEqual([tables[0].rows, tables[0].rowsNow], [3, 3]);
      assert.equal(rejectGroups[0].values, 2);
      assert.ok(decisions.length > 0);
      assert.equal(before.tables[0].rows, 30);
      assert.deepEqual(after, []);
    });

    it('fits a terminal of 80 columns', async () => {
      file('large.txt', listings(30));
      file('small.txt', small);
      await load('large.txt', 1, '--marketplace', 'US');
      const id = await load('small.txt', 2, '--marketplace', 'US');
      const terminal = new Terminal();
      await runCli(['loads', id], {
        stdout: terminal,
        stderr: new Terminal(),
        env: {},
        cwd: path(),
        onStopSignal: () => () => {},
      });
      assert.match(terminal.text, /What to do/);
      const lines = terminal.text.split('\n').filter((line) => !line.includes('sp-reports query'));
      assert.deepEqual(
        lines.filter((line) => line.length > 80),
        [],
      );
    });

    it('gives the reason and the remedy of a document in quarantine', async () => {
      file('broken.txt', '<html>busy</html>');
      const id = await load('broken.txt', 1);
      const { stdout } = await run('loads', id);
      assert.match(stdout, /\nWhy it was not loaded: [A-Z_]+\n {2}\S.+\n {2}What to do: \S/);
    });
  });

  it('shows the same warnings and decisions after reload, rebuild from the lake, and rebuild from raw', async () => {
    file('GET_MERCHANT_LISTINGS_ALL_DATA-1.txt', listings(30));
    file(
      'GET_MERCHANT_LISTINGS_ALL_DATA-2.txt',
      'seller-sku\tprice\topen-date\ns-1\t1.50\t2026-07-04 10:00:00 IST\n',
    );
    const rest = ['--marketplace', 'US', '--json'];
    await run('load', 'GET_MERCHANT_LISTINGS_ALL_DATA-1.txt', '--created', '2026-10-01', ...rest);
    const { stdout } = await run(
      'load',
      'GET_MERCHANT_LISTINGS_ALL_DATA-2.txt',
      '--created',
      '2026-10-02',
      ...rest,
    );
    const { documentId } = JSON.parse(stdout);
    const explained = async () => {
      const { warnings, decisions } = JSON.parse((await run('loads', documentId, '--json')).stdout);
      return { warnings, decisions };
    };
    const before = await explained();
    assert.deepEqual(
      before.warnings.map(({ code }: Warning) => code),
      ['TIME_ZONE_GUESSED', 'SNAPSHOT_SHRANK'],
    );
    assert.equal(before.decisions[0].subject, 'report_type');
    assert.equal((await run('reload', documentId)).code, 0);
    assert.deepEqual(await explained(), before);
    assert.equal((await run('rebuild')).code, 0);
    assert.deepEqual(await explained(), before);
    rmSync(path('data', 'lake'), { recursive: true });
    assert.equal((await run('rebuild')).code, 0);
    assert.deepEqual(await explained(), before);
  });

  it('says how many documents it leaves out, and nothing if it shows all', async () => {
    for (const day of [1, 2, 3]) {
      file('a.txt', listings(day));
      await load('a.txt', day);
    }
    const some = await run('loads', '--limit', '2');
    assert.match(some.stdout, /^2 of 3 documents, the newest; --limit N shows more\.$/m);
    assert.doesNotMatch((await run('loads', '--limit', '3')).stdout, /--limit/);
    const json = await run('loads', '--limit', '2', '--json');
    assert.equal(JSON.parse(json.stdout).length, 2);
    assert.match(json.stderr, /^2 of 3 documents/);
  });

  it('lists only documents with warnings if told so', async () => {
    file('large.txt', listings(30));
    file('small.txt', small);
    await load('large.txt', 1, '--marketplace', 'US');
    const id = await load('small.txt', 2, '--marketplace', 'US');
    const found = JSON.parse((await run('loads', '--warnings', '--json')).stdout);
    assert.deepEqual(
      found.map(({ documentId }: { documentId: string }) => documentId),
      [id],
    );
    const { stdout } = await run('loads', '--warnings', '--status', 'empty');
    assert.equal(stdout, 'No document in the ledger matches.\n');
  });

  it('lists documents if it is given a table', async () => {
    file('large.txt', listings(3));
    await load('large.txt', 1);
    const { stdout } = await run('loads', 'listings');
    assert.match(stdout, /^loaded +status +report type/);
  });
});
