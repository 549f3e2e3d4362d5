import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runQuery, consoleLimits } from '../../src/status/server/console.js';
import { openDuckDbWarehouse } from '../../src/warehouse/duckdb/warehouse.js';
import type { Warehouse } from '../../src/warehouse/types.js';
import { makeLoad } from '../warehouse/make-load.js';

describe('the console', () => {
  let folder: string;
  let warehouse: Warehouse;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'console-'));
    warehouse = openDuckDbWarehouse({ path: join(folder, 'reports.duckdb'), isPreemptible: true });
    await warehouse.commit([await makeLoad(join(folder, 'lake'), { documentId: 'd1' })]);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const asked = (sql: string) => runQuery(warehouse, sql, new AbortController().signal);

  it('takes little memory for an answer of long texts, and cuts them', async () => {
    const before = process.resourceUsage().maxRSS;
    const { rows, isCut } = await asked("SELECT repeat('x', 400000) AS long FROM range(2048)");
    const grownMegabytes = (process.resourceUsage().maxRSS - before) / 1024;
    const bytes = Buffer.byteLength(JSON.stringify(rows));
    assert.ok(isCut && bytes < consoleLimits.bytes + 200_000, `${bytes} bytes`);
    assert.equal(rows[0]?.[0], `${'x'.repeat(consoleLimits.cellCharacters)}…`);
    assert.ok(grownMegabytes < 700, `it took ${grownMegabytes} MB`);
  });

  it('cuts a list or an object that is too long', async () => {
    const [row] = (await asked('SELECT range(100000) AS list, [1, 2] AS short')).rows;
    assert.ok(String(row?.[0]).startsWith('["0","1",') && String(row?.[0]).endsWith('…'));
    assert.deepEqual(row?.[1], [1, 2]);
  });

  it('answers whatever reads as it stands, in its order', async () => {
    for (const [sql, columns, rows] of [
      ['SELECT 1 AS a, 2 AS a -- why', ['a', 'a_1'], [[1, 2]]],
      ['SELECT 1 AS a; -- why', ['a'], [[1]]],
      ['FROM range(3) AS r(n) ORDER BY n DESC;\n', ['n'], [['2'], ['1'], ['0']]],
      ['WITH x AS (SELECT 1 AS "q""t") SELECT * FROM x', ['q"t'], [[1]]],
      ['SELECT \'{"b":1}\'::JSON AS j', ['j'], [[{ b: 1 }]]],
      ['PIVOT (SELECT 1 AS v, 7 AS k) ON k USING sum(v)', ['7'], [['1']]],
      ['VALUES (1), (2)', ['col0'], [[1], [2]]],
    ] as const) {
      const answer = await asked(sql);
      assert.deepEqual([answer.columns.map(({ name }) => name), answer.rows], [columns, rows], sql);
      assert.ok(!answer.isCut);
    }
    assert.ok((await asked('EXPLAIN SELECT 1')).rows.length > 0);
    assert.ok((await asked('DESCRIBE _loads')).rows.length > 0);
    assert.ok((await asked('SHOW TABLES')).rows.length > 0);
    await assert.rejects(asked('SELECT 1) AS x, (SELECT 2'), { code: 'QUERY_FAILED' });
    await assert.rejects(asked('DROP TABLE _loads'), { code: 'QUERY_FAILED' });
  });
});
