import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDuckDbWarehouse } from '../../src/warehouse/duckdb/warehouse.js';
import type { Warehouse } from '../../src/warehouse/types.js';
import { until } from '../runtime/until.js';
import { makeLoad } from './make-load.js';

const root = new URL('../../', import.meta.url).pathname;
const endless = 'SELECT count(*) FROM range(40000000) a, range(40000000) b';
/** The pid, as DuckDB of that process has it in the name of its folder. */
const pidSql = String.raw`SELECT regexp_extract(current_setting('temp_directory'), '\.(\d+)\.tmp$', 1) AS pid`;

describe('the query process', () => {
  let folder: string;
  let path: string;
  let warehouse: Warehouse;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'query-process-'));
    path = join(folder, 'reports.duckdb');
    warehouse = openDuckDbWarehouse({ path, memoryLimitMegabytes: 128 });
    await warehouse.commit([await makeLoad(join(folder, 'lake'), { documentId: 'd1' })]);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const pidNow = async () => Number((await warehouse.query(pidSql)).rows[0]?.pid);
  const isRunning = (pid: number) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };

  it('is separate from this one, and on Linux is kept for the next query', async function () {
    if (process.platform !== 'linux') this.skip();
    const pid = await pidNow();
    assert.ok(pid > 0 && pid !== process.pid);
    assert.equal(await pidNow(), pid);
  });

  it('no longer has the file open when an answer ends, so that a commit need not wait for it', async () => {
    const statements = [
      'SELECT * FROM _loads ORDER BY loaded_at DESC LIMIT 1',
      'SELECT * FROM range(5000)',
      'PIVOT (SELECT 1 AS a, 2 AS b) ON a USING sum(b)',
      'SELECT no_such_column FROM _loads',
      'DROP TABLE _loads',
    ];
    const impatient = openDuckDbWarehouse({ path, lockWaitMs: 0 });
    for (let round = 0; round < 4; round += 1) {
      for (const sql of statements) {
        await warehouse.query(sql).catch(() => {});
        await impatient.checkWritable();
      }
    }
  });

  it('may crash: the query fails with the signal, and the next one runs', async () => {
    const pid = await pidNow();
    const query = warehouse.query(endless);
    process.kill(pid, 'SIGABRT');
    await assert.rejects(query, { code: 'QUERY_FAILED', message: /ended the process .*\(SIGABRT\)/ });
    assert.notEqual(await pidNow(), pid);
  });

  it('is killed by a query that takes more memory than DuckDB counts', async function () {
    if (process.platform !== 'linux') this.skip();
    await assert.rejects(warehouse.query("SELECT repeat('x', 3000000000) AS x"), {
      code: 'QUERY_FAILED',
      message: /more than 896 MB of memory/,
      remedy: /memoryLimitMegabytes/,
    });
    assert.equal((await warehouse.query('SELECT 1 AS one')).rows.length, 1);
  });

  it('is killed by values that are too large to convert', async () => {
    const roomy = openDuckDbWarehouse({ path, memoryLimitMegabytes: 2000 });
    await assert.rejects(roomy.query('SELECT range(i) AS items FROM range(20000000, 20000001) AS r(i)'), {
      code: 'QUERY_FAILED',
      message: /MB of memory/,
    });
  });

  it('leaves nothing beside the file when it is killed while it works on disk', async () => {
    const stop = new AbortController();
    const sorted =
      'SELECT count(*) FROM (SELECT range AS r, hash(range) AS h FROM range(1e10::BIGINT) ORDER BY h)';
    const query = warehouse.queryStream(
      sorted,
      async ({ groups }) => {
        for await (const _ of groups) assert.fail('there is no answer');
      },
      { signal: stop.signal },
    );
    const failed = assert.rejects(query, /^Error: enough$/);
    await until(async () => readdirSync(folder).some((name) => name.endsWith('.tmp')));
    stop.abort(new Error('enough'));
    await failed;
    assert.deepEqual(readdirSync(folder), ['reports.duckdb']);
  });

  it('ends with this process, whatever it works on', async () => {
    const program = `
      import { openDuckDbWarehouse } from './src/warehouse/duckdb/warehouse.ts';
      const warehouse = openDuckDbWarehouse({ path: ${JSON.stringify(path)} });
      const { rows } = await warehouse.query(${JSON.stringify(pidSql)});
      console.log(rows[0].pid);
      await warehouse.query(${JSON.stringify(endless)});
    `;
    const parent: ChildProcess = spawn(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', program],
      { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = (await once(parent.stdout as NonNullable<typeof parent.stdout>, 'data')) as [Buffer];
    const pid = Number(String(line));
    assert.ok(isRunning(pid));
    parent.kill('SIGKILL');
    await until(async () => !isRunning(pid));
  });
});
