import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { openDuckDbWarehouse } from '../../src/warehouse/duckdb/warehouse.js';
import type { ResolvedColumn } from '../../src/schema/types.js';
import type { Load, Warehouse } from '../../src/warehouse/types.js';
import { newerFiles } from './newer-files.js';
import { makeLoad } from './make-load.js';
import { describeWarehouse } from './warehouse-suite.js';

describeWarehouse('DuckDB', async (folder) =>
  openDuckDbWarehouse({ path: join(folder, 'made', 'reports.duckdb'), lockWaitMs: 2000 }),
);

describe('the DuckDB warehouse file', () => {
  let folder: string;
  let path: string;
  let warehouse: Warehouse;
  const children: ChildProcess[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'duckdb-'));
    path = join(folder, 'reports.duckdb');
    warehouse = openDuckDbWarehouse({ path, lockWaitMs: 200 });
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  const load = (
    documentId: string,
    rows = 1,
    columns: Record<string, string> = { a: 'string' },
  ): Promise<Load> =>
    makeLoad(
      join(folder, 'lake'),
      { documentId },
      { columns, rows: Array.from({ length: rows }, () => ({ a: '1' })) },
    );
  const count = async () => (await warehouse.query('SELECT count(*) AS n FROM things')).rows[0]?.n;

  /**
   * Runs an ES module in another process, from the repository's root, and resolves at its first
   * line on stdout.
   */
  async function startChild(code: string): Promise<ChildProcess> {
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.push(child);
    await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
    return child;
  }

  /** Holds the file in another process until the child's stdin ends. */
  const holdElsewhere = (mode: 'READ_ONLY' | 'READ_WRITE') =>
    startChild(`
      import { DuckDBInstance } from '@duckdb/node-api';
      const instance = await DuckDBInstance.create(${JSON.stringify(path)}, { access_mode: '${mode}' });
      const connection = await instance.connect();
      console.log((await (await connection.run('SELECT count(*) FROM things')).getRowsJson())[0][0]);
      process.stdin.on('end', () => process.exit()).resume();
    `);

  async function end(child: ChildProcess): Promise<void> {
    const exited = once(child, 'exit');
    child.stdin?.end();
    await exited;
  }

  it('accepts any name that quoting allows, for folders, tables and columns', async () => {
    const odd = join(folder, "a [b]* {c} 'd' é");
    const there = openDuckDbWarehouse({ path: join(odd, 'x.duckdb') });
    const columns = { order: 'string', document: 'string', here: 'string', 'a"b': 'string' };
    for (const reportId of ['1', '2']) {
      const table = {
        name: 'select',
        mode: 'merge' as const,
        key: ['document', 'here'],
        columns,
        rows: [{ order: reportId, 'a"b': 'x' }],
      };
      const reject = { table: 'select', row: 1, column: 'order', raw: "'", reason: '' };
      await there.commit([
        await makeLoad(join(odd, 'lake'), { documentId: reportId, reportId }, table, [reject]),
      ]);
    }
    assert.deepEqual((await there.query('SELECT "order", "a""b" FROM "select"')).rows, [
      { order: '2', 'a"b': 'x' },
    ]);
    assert.equal((await there.rejects({})).length, 2);
  });

  it('has the types of the report schema, widened only as far as needed', async () => {
    const columns = {
      a: 'string',
      b: 'int64',
      c: 'decimal(18,4)',
      d: 'float64',
      e: 'bool',
      f: 'date',
      g: 'timestamp',
      h: 'json',
      j: 'list(string)',
      k: 'list(decimal(18,4))',
    };
    const types = async () =>
      (await warehouse.query('SELECT * FROM things')).columns.map((each) => each.type);
    const lineage = [
      'VARCHAR',
      'VARCHAR',
      'VARCHAR',
      'VARCHAR[]',
      'TIMESTAMP',
      'TIMESTAMP',
      'BIGINT',
      'TIMESTAMP',
    ];
    await warehouse.commit([await load('d1', 1, columns)]);
    assert.deepEqual(await types(), [
      'VARCHAR',
      'BIGINT',
      'DECIMAL(18,4)',
      'DOUBLE',
      'BOOLEAN',
      'DATE',
      'TIMESTAMP',
      'JSON',
      'VARCHAR[]',
      'DECIMAL(18,4)[]',
      ...lineage,
    ]);
    const others = {
      a: 'int64',
      b: 'decimal(5,2)',
      c: 'decimal(20,2)',
      d: 'bool',
      f: 'timestamp',
      g: 'date',
      h: 'string',
      i: 'json',
      j: 'json',
      k: 'list(int64)',
    };
    await warehouse.commit([await load('d2', 1, others)]);
    assert.deepEqual(await types(), [
      'VARCHAR',
      'DECIMAL(21,2)',
      'DECIMAL(22,4)',
      'VARCHAR',
      'BOOLEAN',
      'TIMESTAMP',
      'TIMESTAMP',
      'VARCHAR',
      'VARCHAR',
      'DECIMAL(23,4)[]',
      ...lineage,
      'JSON',
    ]);
  });

  it('is read if an earlier version made its ledger, and gets the missing columns', async () => {
    await warehouse.commit([await load('old')]);
    const instance = await DuckDBInstance.create(path);
    const connection = await instance.connect();
    for (const column of ['checks', 'files', 'raw_sha256', 'warnings', 'decisions']) {
      await connection.run(`ALTER TABLE _loads DROP COLUMN ${column}`);
    }
    connection.closeSync();
    instance.closeSync();
    assert.deepEqual(
      (await warehouse.loads({})).map(({ documentId, checks, files, rawSha256 }) => ({
        documentId,
        checks,
        files,
        rawSha256,
      })),
      [{ documentId: 'old', checks: [], files: [], rawSha256: null }],
    );
    assert.deepEqual(await warehouse.loads({ withWarnings: true }), []);
    assert.deepEqual(await warehouse.loadFields(['key', 'warnings'], {}), [{ key: 'A1/old', warnings: [] }]);
    assert.deepEqual((await warehouse.overview())?.warnings, []);
    const checks = [{ table: 'things', name: 'total', per: {}, expected: '1', found: '1', ok: true }];
    const next = await load('new');
    await warehouse.commit([{ ...next, entry: { ...next.entry, checks } }]);
    assert.deepEqual(
      (await warehouse.loads({})).map((row) => [row.documentId, row.checks]),
      [
        ['new', checks],
        ['old', []],
      ],
    );
    const { rows } = await warehouse.query('SELECT count(DISTINCT version) AS versions FROM _loads');
    assert.deepEqual(rows, [{ versions: '1' }]);
  });

  describe('between calls', () => {
    it('is open to other programs, also for writing, and leaves no write-ahead log', async () => {
      await warehouse.commit([await load('d1')]);
      await warehouse.query('SELECT 1');
      await assert.rejects(
        warehouse.query('SELECT a::INTEGER FROM (SELECT unnest([1::VARCHAR, $$x$$]) AS a)'),
      );
      await assert.rejects(
        warehouse.commit([{ ...(await load('d2')), rejectsPath: join(folder, 'none.parquet') }]),
      );
      assert.deepEqual(readdirSync(folder).sort(), ['lake', 'reports.duckdb']);
      const other = await holdElsewhere('READ_WRITE');
      assert.equal(other.exitCode, null);
      await end(other);
    });

    it('is shared with readers in other programs', async () => {
      await warehouse.commit([await load('d1')]);
      const other = await holdElsewhere('READ_ONLY');
      assert.equal(await count(), '1');
      await end(other);
    });

    it('keeps tables and views of the user', async () => {
      await warehouse.commit([await load('d1')]);
      const instance = await DuckDBInstance.create(path);
      const connection = await instance.connect();
      await connection.run('CREATE TABLE mine (x INTEGER); CREATE VIEW seen AS SELECT * FROM things');
      connection.closeSync();
      instance.closeSync();
      assert.deepEqual(
        (await warehouse.tables()).map((table) => table.name),
        ['things'],
      );
      const named = async (name: string) =>
        makeLoad(join(folder, 'lake'), {}, { name, columns: { x: 'int64' }, rows: [{ x: '1' }] });
      await assert.rejects(warehouse.commit([await named('mine')]), {
        code: 'WAREHOUSE_REFUSED',
        message: /table mine/,
      });
      await assert.rejects(warehouse.commit([await named('SEEN')]), {
        code: 'WAREHOUSE_REFUSED',
        message: /view/,
      });
      await assert.rejects(warehouse.commit([await named('_loads')]), { code: 'WAREHOUSE_REFUSED' });
    });

    it('reports an index that keeps a column from widening', async () => {
      await warehouse.commit([await load('d1', 1, { a: 'int64' })]);
      const instance = await DuckDBInstance.create(path);
      const connection = await instance.connect();
      await connection.run('CREATE INDEX mine ON things (a)');
      connection.closeSync();
      instance.closeSync();
      await assert.rejects(warehouse.commit([await load('d2')]), {
        code: 'WAREHOUSE_REFUSED',
        message: /depend/i,
      });
      assert.equal(await count(), '1');
    });
  });

  describe('with a memory limit', () => {
    const names = Array.from({ length: 12 }, (_, index) => `c${index}`);

    /** A load of this many rows, each of about 400 bytes that do not compress. */
    async function largeLoad(documentId: string, rows: number): Promise<Load> {
      const columns = Object.fromEntries(['k', ...names].map((name) => [name, 'string']));
      const made = await makeLoad(
        join(folder, 'lake'),
        { documentId, reportCreatedAt: `2026-10-0${documentId.slice(1)}T00:00:00Z` },
        { columns, mode: 'merge', key: ['k'], rows: [{ k: '1' }] },
      );
      const [table] = made.tables;
      assert.ok(table);
      const values = names.map((name, index) => `md5(concat(range, '${documentId}', ${index})) AS ${name}`);
      const parquetPath = join(folder, 'lake', `${documentId}.parquet`);
      const instance = await DuckDBInstance.create();
      const connection = await instance.connect();
      await connection.run(
        `COPY (SELECT range::VARCHAR AS k, ${values}, range + 1 AS _row FROM range(${rows}))
         TO '${parquetPath}' (FORMAT parquet, ROW_GROUP_SIZE 20000)`,
      );
      connection.closeSync();
      instance.closeSync();
      return { ...made, tables: [{ ...table, parquetPath, rows }] };
    }

    it('commits documents that are larger than it, and leaves nothing beside the file', async () => {
      const rows = 300_000;
      const limited = openDuckDbWarehouse({ path, memoryLimitMegabytes: 100 });
      await limited.commit([await largeLoad('d1', rows)]);
      await limited.commit([await largeLoad('d2', rows)]);
      const { rows: found } = await limited.query(
        "SELECT count(*) AS n, min(_document_id) AS d, current_setting('memory_limit') AS m FROM things",
      );
      assert.deepEqual(found, [{ n: String(rows), d: 'd2', m: '95.3 MiB' }]);
      assert.deepEqual(readdirSync(folder).sort(), ['lake', 'reports.duckdb']);
    });

    it('reports a document that is too large for it, and keeps what was there', async () => {
      await warehouse.commit([await load('d1')]);
      const limited = openDuckDbWarehouse({ path, memoryLimitMegabytes: 20 });
      await assert.rejects(limited.commit([await largeLoad('d2', 200_000)]), {
        code: 'WAREHOUSE_OUT_OF_MEMORY',
        remedy: /memoryLimitMegabytes/,
      });
      assert.equal(await count(), '1');
    });
  });

  describe('while another process holds it', () => {
    it('makes reads and commits fail with the program and its PID if that process writes', async () => {
      await warehouse.commit([await load('d1')]);
      const other = await holdElsewhere('READ_WRITE');
      const locked = {
        code: 'WAREHOUSE_LOCKED',
        kind: 'retryable',
        message: new RegExp(`PID ${other.pid}\\b`),
        remedy: /keeps the file open blocks every commit, even if it opened the file read-only/,
      };
      await assert.rejects(warehouse.seen(['A1/d1']), locked);
      await assert.rejects(warehouse.commit([await load('d2')]), locked);
      await end(other);
      assert.equal(await count(), '1');
    });

    it('makes a commit wait for it', async () => {
      await warehouse.commit([await load('d1')]);
      const other = await holdElsewhere('READ_ONLY');
      const waiting = openDuckDbWarehouse({ path, lockWaitMs: 5000 });
      const commit = waiting.commit([await load('d2')]);
      await end(other);
      await commit;
      assert.equal(await count(), '2');
    });

    it('makes calls of one process wait for each other, whichever warehouse they come from', async () => {
      const twin = openDuckDbWarehouse({ path: join(folder, '.', 'reports.duckdb'), lockWaitMs: 0 });
      const loads = await Promise.all(['d1', 'd2', 'd3', 'd4'].map((id) => load(id)));
      await Promise.all(loads.map((each, index) => (index % 2 ? warehouse : twin).commit([each])));
      const counts = await Promise.all([count(), twin.loads({}), count()]);
      assert.deepEqual([counts[0], counts[1].length, counts[2]], ['4', 4, '4']);
    });
  });

  describe('after kill -9', () => {
    /**
     * Commits two loads in another process that kills itself at the point that `trap`, run before,
     * sets.
     */
    async function commitAndDie(loads: Load[], trap: string): Promise<void> {
      const child = await startChild(`
        import { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
        import { openDuckDbWarehouse } from './src/warehouse/duckdb/warehouse.ts';
        const die = () => process.kill(process.pid, 'SIGKILL');
        ${trap}
        await openDuckDbWarehouse({ path: ${JSON.stringify(path)} }).commit(${JSON.stringify(loads)});
        console.log('survived');
      `);
      if (child.signalCode === null && child.exitCode === null) await once(child, 'exit');
      assert.equal(child.signalCode, 'SIGKILL');
    }

    it('has nothing of a transaction that was in progress', async () => {
      await warehouse.commit([await load('d1')]);
      const before = (await warehouse.query('SELECT * FROM things')).rows;
      await commitAndDie(
        [await load('d2', 5000), await load('d1', 1, { a: 'string', b: 'string' })],
        `const { run } = DuckDBConnection.prototype;
         DuckDBConnection.prototype.run = function (sql, ...rest) {
           return sql === 'COMMIT' ? die() : run.call(this, sql, ...rest);
         };`,
      );
      assert.deepEqual((await warehouse.query('SELECT * FROM things')).rows, before);
      assert.deepEqual([...(await warehouse.seen(['A1/d1', 'A1/d2'])).keys()], ['A1/d1']);
    });

    it('has all of a transaction that was complete, including widened columns and replaced rows', async () => {
      const lists = { k: 'list(decimal(18,4))', l: 'list(string)', m: 'list(int64)' };
      await warehouse.commit([await load('d1', 1, { a: 'decimal(18,4)', ...lists })]);
      await commitAndDie(
        [
          await load('d2', 1, { a: 'string', b: 'json', k: 'string', l: 'json', m: 'list(decimal(18,4))' }),
          await load('d1', 2),
        ],
        `const { run } = DuckDBConnection.prototype;
         DuckDBConnection.prototype.run = function (sql, ...rest) {
           return sql === 'CHECKPOINT' ? die() : run.call(this, sql, ...rest);
         };`,
      );
      assert.ok(existsSync(`${path}.wal`));
      assert.deepEqual((await warehouse.query('SELECT _document_id AS d, a FROM things ORDER BY ALL')).rows, [
        { d: 'd1', a: '1' },
        { d: 'd1', a: '1' },
        { d: 'd2', a: '1' },
      ]);
      await warehouse.commit([await load('d3')]);
      assert.equal(await count(), '4');
      assert.deepEqual(readdirSync(folder).sort(), ['lake', 'reports.duckdb']);
    });

    it('is complete after the next commit if the kill came while it was made', async () => {
      await commitAndDie([await load('d1')], 'DuckDBInstance.prototype.closeSync = die;');
      assert.ok(!existsSync(path));
      await warehouse.commit([await load('d1')]);
      assert.equal(await count(), '1');
    });
  });

  describe('that cannot be opened', () => {
    it('is reported and left as it is: not a DuckDB file, cut off, damaged', async () => {
      await warehouse.commit([await load('d1', 20_000)]);
      const whole = readFileSync(path);
      const damaged = Buffer.from(whole);
      for (let at = 4096; at < damaged.length; at += 500) damaged[at] = (damaged[at] ?? 0) ^ 255;
      for (const bytes of [Buffer.from('no database'), Buffer.alloc(0), whole.subarray(0, 5000), damaged]) {
        writeFileSync(path, bytes);
        const unreadable = { code: 'WAREHOUSE_UNREADABLE', kind: 'terminal' };
        await assert.rejects(warehouse.query('SELECT 1'), unreadable);
        await assert.rejects(warehouse.commit([await load('d2')]), unreadable);
        assert.deepEqual(readFileSync(path), bytes);
      }
    });

    it('because a newer DuckDB made or upgraded it is intact, and left as it is', async () => {
      const files = newerFiles();
      assert.equal(files.size, 2);
      for (const [name, bytes] of files) {
        writeFileSync(path, bytes);
        const unsupported = { code: 'WAREHOUSE_FORMAT_UNSUPPORTED', kind: 'terminal' };
        await assert.rejects(warehouse.query('SELECT 1'), unsupported, name);
        await assert.rejects(warehouse.checkWritable(), unsupported, name);
        await assert.rejects(warehouse.commit([await load('d2')]), unsupported, name);
        assert.deepEqual(readFileSync(path), bytes);
        assert.deepEqual(readdirSync(folder).sort(), ['lake', 'reports.duckdb']);
      }
    });

    it('is not blamed for words in the data', async () => {
      const words = 'IO Error: No space left on device, Corrupt, Permission denied, version number';
      for (const columns of [
        { corrupt_units: 'int64', a: 'int64' },
        { a: 'int64', 'Serialization Error': 'string' },
      ] as Record<string, string>[]) {
        const table = { columns, rows: [{ a: '1' }] };
        const whole = await makeLoad(join(folder, 'lake'), { documentId: 'd1' }, table);
        // The Parquet lacks the column.
        whole.tables[0]?.columns.push({
          ...(whole.tables[0].columns[0] as ResolvedColumn),
          name: 'corrupt_more',
        });
        await assert.rejects(warehouse.commit([whole]), {
          code: 'WAREHOUSE_REFUSED',
          message: /corrupt_more/,
        });
      }
      const text = { columns: { a: 'string' }, rows: [{ a: words }] };
      const load = await makeLoad(join(folder, 'lake'), { documentId: 'd2' }, text);
      const [table] = load.tables;
      assert.ok(table?.columns[0]);
      table.columns[0].type = { kind: 'int64' };
      await assert.rejects(warehouse.commit([load]), { code: 'WAREHOUSE_REFUSED', message: /No space left/ });
      const odd = join(folder, 'corrupt, replaying WAL');
      mkdirSync(odd);
      const absent = { ...load, tables: [{ ...table, parquetPath: join(odd, 'none.parquet') }] };
      await assert.rejects(warehouse.commit([absent]), { code: 'FILE_SYSTEM_FAILED' });
      await warehouse.commit([
        await makeLoad(join(folder, 'lake'), {}, { columns: { a: 'string' }, rows: [] }),
      ]);
      await assert.rejects(warehouse.query("SELECT error('Corrupt database file')"), {
        code: 'QUERY_FAILED',
      });
    });

    it('is reported: a folder, or a folder that is a file', async () => {
      mkdirSync(path);
      await assert.rejects(warehouse.commit([await load('d1')]), { code: 'FILE_SYSTEM_FAILED' });
      writeFileSync(join(folder, 'file'), '');
      const inside = openDuckDbWarehouse({ path: join(folder, 'file', 'reports.duckdb') });
      await assert.rejects(inside.commit([await load('d1')]), { code: 'FILE_SYSTEM_FAILED' });
    });
  });

  describe('in queries', () => {
    it('returns values without loss', async () => {
      await warehouse.commit([await load('d1')]);
      const cases: [sql: string, value: unknown, type?: string][] = [
        ['19.9900::DECIMAL(18,4)', '19.9900', 'DECIMAL(18,4)'],
        ['7::INTEGER', 7, 'INTEGER'],
        ['9007199254740993', '9007199254740993', 'BIGINT'],
        ['sum(7)', '7', 'HUGEINT'],
        ["'NaN'::DOUBLE", 'NaN'],
        ["'-inf'::FLOAT", '-Infinity'],
        ["TIMESTAMP '2026-01-02 03:04:05'", '2026-01-02T03:04:05.000Z', 'TIMESTAMP'],
        ["TIMESTAMP '2026-01-02 03:04:05.000006'", '2026-01-02T03:04:05.000006Z'],
        ["TIMESTAMP '1969-12-31 23:59:59.999999'", '1969-12-31T23:59:59.999999Z'],
        ["TIMESTAMPTZ '2026-01-02 03:04:05+02'", '2026-01-02T01:04:05.000Z', 'TIMESTAMP WITH TIME ZONE'],
        ["TIMESTAMP_S '2026-01-02 03:04:05'", '2026-01-02T03:04:05.000Z'],
        ["TIMESTAMP_MS '2026-01-02 03:04:05.678'", '2026-01-02T03:04:05.678Z'],
        ["TIMESTAMP_NS '2026-01-02 03:04:05.678000009'", '2026-01-02T03:04:05.678000009Z'],
        ["'infinity'::TIMESTAMP", 'infinity'],
        ["DATE '2026-01-02'", '2026-01-02', 'DATE'],
        ["TIME '03:04:05'", '03:04:05'],
        ["INTERVAL '1' MONTH", '1 month'],
        ["'\\x00\\xFF'::BLOB", '00ff', 'BLOB'],
        ["'2a0c6d3c-6a51-4f6c-9d3e-0a8a3e3d8d11'::UUID", '2a0c6d3c-6a51-4f6c-9d3e-0a8a3e3d8d11'],
        ['[1.5, NULL]', ['1.5', null]],
        ["{'a': 1, 'b': [DATE '2026-01-02']}", { a: 1, b: ['2026-01-02'] }],
        ["MAP {1: 'x'}", { 1: 'x' }],
        [
          `'{"id": 12345678901234567890, "price": 19.99, "text": "12345678901234567890"}'::JSON`,
          { id: '12345678901234567890', price: 19.99, text: '12345678901234567890' },
          'JSON',
        ],
        ['NULL', null],
      ];
      const result = await warehouse.query(`SELECT ${cases.map(([sql], index) => `${sql} AS c${index}`)}`);
      for (const [index, [sql, value, type]] of cases.entries()) {
        assert.deepEqual(result.rows[0]?.[`c${index}`], value, sql);
        if (type) assert.equal(result.columns[index]?.type, type);
      }
    });

    it('accepts statements that read: WITH, FROM, DESCRIBE, SHOW, SUMMARIZE, EXPLAIN, PIVOT', async () => {
      await warehouse.commit([await load('d1')]);
      for (const sql of [
        'WITH q AS (SELECT 1) SELECT * FROM q;',
        'FROM things',
        'DESCRIBE things',
        'SHOW TABLES',
        'SUMMARIZE things',
        'EXPLAIN SELECT 1',
        'VALUES (1) -- one',
        'PIVOT things ON a USING count(*) GROUP BY _document_id',
        'PIVOT things ON a; -- why',
        'WITH p AS (PIVOT things ON a) FROM p',
        "SELECT ';' AS a -- ;",
        'EXPLAIN (FORMAT json) FROM things',
        'SHOW ALL TABLES',
        "FROM pragma_table_info('things')",
        'FROM information_schema.tables',
      ]) {
        assert.ok((await warehouse.query(sql)).rows.length > 0, sql);
      }
    });

    it('refuses statements that write, attach, or reach files, network and settings', async () => {
      await warehouse.commit([await load('d1')]);
      const file = join(folder, 'secret.csv');
      writeFileSync(file, 'a,b\n1,2\n');
      const before = readFileSync(path);
      for (const sql of [
        `SELECT * FROM '${file}'`,
        `SELECT * FROM read_text('${file}')`,
        `SELECT * FROM glob('${folder}/*')`,
        "SELECT * FROM 'http://127.0.0.1:1/x.parquet'",
        `COPY things TO '${folder}/out.csv'`,
        `COPY things FROM '${file}'`,
        `EXPORT DATABASE '${folder}/out'`,
        `ATTACH '${folder}/other.duckdb' AS other`,
        "ATTACH ':memory:' AS other",
        'INSTALL httpfs',
        'LOAD httpfs',
        'SET enable_external_access = true',
        "PRAGMA enable_profiling='json'",
        "CALL enable_logging(storage = 'file')",
        'CREATE TABLE x (a INTEGER)',
        'CREATE TEMP TABLE x AS SELECT 1 AS a',
        'INSERT INTO things (a) VALUES (1)',
        'UPDATE things SET a = 2',
        'EXPLAIN ANALYZE DELETE FROM things',
        'DELETE FROM things -- pivot',
        'INSERT INTO things (a) VALUES (1); PIVOT things ON a',
        'ALTER TABLE things DROP COLUMN a',
        'CHECKPOINT',
        'BEGIN',
        'SELECT 1; DROP TABLE things',
        'CREATE TEMP TABLE x AS SELECT 1 AS a; SELECT a FROM x -- pivot',
        'CREATE TEMP TABLE x AS PIVOT things ON a',
        'PIVOT things ON a; PIVOT things ON a',
        'CREATE TEMP MACRO m() AS 1',
        'SET threads = 1',
        'PRAGMA version',
        "SELECT * FROM enable_logging(storage = 'stdout')",
        'SELECT * FROM main."Enable_Logging"(level = \'debug\')',
        'SELECT (SELECT count(*) FROM checkpoint()) AS n',
        "SELECT * FROM query('FROM truncate_duckdb_logs()')",
        "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
        'EXPLAIN SELECT * FROM disable_logging()',
        'EXPLAIN (ANALYZE, FORMAT json) FROM enable_profiling()',
        "PIVOT (SELECT 1 AS v, 7 AS k FROM enable_logging(storage = 'stdout')) ON k USING sum(v)",
        'PIVOT (SELECT 1 AS v, 7 AS k FROM "enable_logging" /* ( */ ()) ON k USING sum(v)',
        "SELECT list_transform(['x'], lambda each: write_log(each))",
        "SELECT count(*) OVER (ORDER BY write_log('x')) AS n",
        "SELECT getenv('PATH')",
        "SELECT nextval('s')",
        "FROM sniff_csv('x')",
        ' ; -- nothing',
        '/* nothing */',
      ]) {
        await assert.rejects(warehouse.query(sql), { code: 'QUERY_FAILED' }, sql);
      }
      assert.deepEqual(readFileSync(path), before);
      assert.deepEqual(readdirSync(folder).sort(), ['lake', 'reports.duckdb', 'secret.csv']);
    });
  });
});
