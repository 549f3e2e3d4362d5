import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDuckDbWarehouse } from '../../src/warehouse/duckdb/warehouse.js';
import type { Warehouse } from '../../src/warehouse/types.js';
import { makeLoad } from './make-load.js';

describe('a read-only warehouse', () => {
  let folder: string;
  let warehouse: Warehouse;
  let reader: Warehouse;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'preemptible-'));
    const path = join(folder, 'reports.duckdb');
    warehouse = openDuckDbWarehouse({ path });
    reader = openDuckDbWarehouse({ path, isPreemptible: true });
    await warehouse.commit([await load('d1')]);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const load = (documentId: string) =>
    makeLoad(join(folder, 'lake'), { documentId }, { columns: { a: 'string' }, rows: [{ a: '1' }] });
  /** Takes some tenths of a second. */
  const slow =
    'SELECT count(*) AS n, (SELECT count(*) FROM _loads) AS loads FROM range(20_000_000) WHERE hash(range) % 7 = 1';
  const endless = 'SELECT count(*) FROM range(1e13::BIGINT) WHERE hash(range) % 7 = 1';

  /** Ends only if it is started again after the second commit. */
  const endlessBefore = `SELECT loads FROM range(1e13::BIGINT) AS r(i), (SELECT count(*) AS loads FROM _loads)
    WHERE CASE WHEN loads = 1 THEN i < 0 ELSE i >= 0 END LIMIT 1`;

  it('gives way to a commit, and answers after it', async () => {
    const order: string[] = [];
    const pending = reader.query(endlessBefore).then(({ rows }) => {
      order.push('answer');
      return rows[0];
    });
    // DuckDB does not say when a query runs. An early commit would not fail the test.
    await new Promise((resolve) => setTimeout(resolve, 200));
    await warehouse.commit([await load('d2')]);
    order.push('commit');
    assert.equal((await pending)?.loads, '2');
    assert.deepEqual(order, ['commit', 'answer']);
  });

  it('has its turn after some tries, however many commits come', async () => {
    let isAnswered = false;
    const pending = reader.query(slow).finally(() => {
      isAnswered = true;
    });
    let commits = 0;
    for (; !isAnswered && commits < 60; commits += 1) await warehouse.commit([await load(`d${commits + 2}`)]);
    assert.ok(Number((await pending).rows[0]?.loads) > 1);
    assert.ok(commits < 60);
  });

  it('aborts a query by its signal, running or waiting', async () => {
    const stop = new AbortController();
    const read = async () => assert.fail('there is no answer');
    const queries = [1, 2].map(() =>
      reader.queryStream(
        endless,
        async ({ groups }) => {
          for await (const _ of groups) await read();
        },
        { signal: stop.signal },
      ),
    );
    // By then one query runs and one waits, which DuckDB does not report.
    setTimeout(() => stop.abort(new Error('enough')), 200);
    for (const query of queries) await assert.rejects(query, /^Error: enough$/);
    assert.equal((await reader.query('SELECT 1 AS one')).rows.length, 1);
  });
});
