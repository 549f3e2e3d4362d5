import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runQuery, consoleLimits } from '../../src/status/server/console.js';
import { programExamples } from '../../src/status/page/examples.js';
import { openDuckDbWarehouse } from '../../src/warehouse/duckdb/warehouse.js';
import type { Warehouse } from '../../src/warehouse/types.js';
import { makeLoad } from '../warehouse/make-load.js';

describe('the SQL console', () => {
  let folder: string;
  let warehouse: Warehouse;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'console-'));
    warehouse = openDuckDbWarehouse({ path: join(folder, 'reports.duckdb'), isPreemptible: true });
    await warehouse.commit([await makeLoad(join(folder, 'lake'), { documentId: 'd1' })]);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const answerTo = (sql: string) => runQuery(warehouse, sql, new AbortController().signal);

  it('answers every example about loads that the page offers', async () => {
    assert.ok(Object.keys(programExamples).length > 2);
    for (const [name, sql] of Object.entries(programExamples)) {
      assert.ok((await answerTo(sql)).columns.length > 0, name);
    }
  });

  it('uses little memory for an answer of long texts, and cuts them', async () => {
    const before = process.resourceUsage().maxRSS;
    const { rows, isCut } = await answerTo("SELECT repeat('x', 400000) AS long FROM range(2048)");
    const grownMegabytes = (process.resourceUsage().maxRSS - before) / 1024;
    const bytes = Buffer.byteLength(JSON.stringify(rows));
    assert.ok(isCut && bytes < consoleLimits.bytes + 200_000, `${bytes} bytes`);
    assert.equal(rows[0]?.[0], `${'x'.repeat(consoleLimits.cellCharacters)}…`);
    assert.ok(grownMegabytes < 700, `it took ${grownMegabytes} MB`);
  });

  it('cuts a list or an object that is too long', async () => {
    const [row] = (await answerTo('SELECT range(100000) AS list, [1, 2] AS short')).rows;
    assert.ok(String(row?.[0]).startsWith('["0","1",') && String(row?.[0]).endsWith('…'));
    assert.deepEqual(row?.[1], [1, 2]);
  });

  it('cuts a cell of any type in SQL, also with a semicolon and a comment behind it', async () => {
    const { cellCharacters } = consoleLimits;
    for (const [cell, begins] of [
      ['range(i)', '["0","1","2",'],
      ['[range(i // 30)::INTEGER[], [1]]', '[[0,1,2,'],
      ["{'a': range(i), 'b c': 1.5}", '{"a":["0","1",'],
      ["[{'t': repeat('x', 3000000)}]", '[{"t":"xxx'],
      ['map(range(i // 100), range(i // 100))', '{"0":"0","1":"1",'],
      ["repeat('x', 300000)::BLOB", '787878'],
      ["repeat('10', 300000)::BIT", '1010'],
      ['to_json(range(i // 30))', '[0,1,2,'],
      ["array_value(repeat('y', 300000), 'z')", '["yyy'],
      ["union_value(u := repeat('z', 300000))", 'zzz'],
      ["row(repeat('r', 300000))", '(rrr'],
      ['range(i // 30)::VARIANT', '[0, 1, 2,'],
      ["repeat('9', 110000)::BIGNUM", '999'],
    ] as const) {
      for (const end of cell === 'range(i)' ? ['', '; -- why'] : ['']) {
        // Of a column: DuckDB evaluates constants while it plans, slowly.
        const { rows, isCut } = await answerTo(
          `SELECT ${cell} AS cell, 7 AS seven FROM range(10000000, 10000001) AS r(i)${end}`,
        );
        const text = String(rows[0]?.[0]);
        assert.ok(text.startsWith(begins) && text.endsWith('…'), `${cell}: ${text.slice(0, 40)}`);
        assert.deepEqual([text.length, rows[0]?.[1], isCut], [cellCharacters + 1, 7, false], cell);
      }
    }
  });

  it('returns short values of every type unchanged', async () => {
    const { rows } = await answerTo(`SELECT {'a': 1::BIGINT, 'b': [1.5]}, map {1: 'a'}, 'a'::BLOB, '101'::BIT,
      array_value(1, 2), union_value(u := 1), [[1]], 12::BIGNUM, 'x'::ENUM('x', 'y'), NULL, NULL::INTEGER[],
      TIMESTAMP '2026-01-02 03:04:05', {'a': NULL::INTEGER}`);
    const short = [{ a: '1', b: ['1.5'] }, { 1: 'a' }, '61', '101', [1, 2], 1, [[1]], '12', 'x', null, null];
    assert.deepEqual(rows, [[...short, '2026-01-02T03:04:05.000Z', { a: null }]]);
  });

  it('makes cells shorter if a row has many long ones', async () => {
    const columns = Array.from({ length: 400 }, (_, index) => `repeat(chr(1), 100000) AS c${index}`);
    const { rows } = await answerTo(`SELECT ${columns.join(', ')}`);
    const bytes = Buffer.byteLength(JSON.stringify(rows));
    assert.ok(bytes > 1_000_000 && bytes < consoleLimits.bytes + 200_000, `${bytes} bytes`);
  });

  it('ends a query that takes too long, and answers the next one', async () => {
    const { seconds } = consoleLimits;
    consoleLimits.seconds = 0.3;
    try {
      for (const sql of [
        'SELECT count(*) FROM range(40000000) a, range(40000000) b',
        'WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r',
        "SELECT regexp_replace(repeat('a', 1000000), '(a?){1000}', 'x', 'g')",
      ]) {
        await assert.rejects(answerTo(sql), { code: 'QUERY_FAILED', message: /longer than 0.3 s/ }, sql);
      }
    } finally {
      consoleLimits.seconds = seconds;
    }
    assert.deepEqual((await answerTo('SELECT 1')).rows, [[1]]);
  });

  it('answers every query that only reads, in its order', async () => {
    for (const [sql, columns, rows] of [
      ['SELECT 1 AS a, 2 AS a -- why', ['a', 'a_1'], [[1, 2]]],
      ['SELECT 1 AS a; -- why', ['a'], [[1]]],
      ['FROM range(3) AS r(n) ORDER BY n DESC;\n', ['n'], [['2'], ['1'], ['0']]],
      ['WITH x AS (SELECT 1 AS "q""t") SELECT * FROM x', ['q"t'], [[1]]],
      ['SELECT \'{"b":1}\'::JSON AS j', ['j'], [[{ b: 1 }]]],
      ['PIVOT (SELECT 1 AS v, 7 AS k) ON k USING sum(v)', ['7'], [['1']]],
      ['VALUES (1), (2)', ['col0'], [[1], [2]]],
    ] as const) {
      const answer = await answerTo(sql);
      assert.deepEqual([answer.columns.map(({ name }) => name), answer.rows], [columns, rows], sql);
      assert.ok(!answer.isCut);
    }
    assert.ok((await answerTo('EXPLAIN SELECT 1')).rows.length > 0);
    assert.ok((await answerTo('DESCRIBE _loads')).rows.length > 0);
    assert.ok((await answerTo('SHOW TABLES')).rows.length > 0);
    await assert.rejects(answerTo('SELECT 1) AS x, (SELECT 2'), { code: 'QUERY_FAILED' });
    await assert.rejects(answerTo('DROP TABLE _loads'), { code: 'QUERY_FAILED' });
  });
});
