import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import type { ReportsError } from '../../src/errors/reports-error.js';
import type { Clock } from '../../src/runtime/clock.js';
import type { View } from '../../src/schema/views.js';
import { openDuckDbWarehouse } from '../../src/warehouse/duckdb/warehouse.js';
import { openPostgresWarehouse } from '../../src/warehouse/postgres/warehouse.js';
import type { LedgerEntry } from '../../src/warehouse/types.js';
import { hastyClock } from './fake-postgres.js';
import { makeLoad, type MadeTable } from './make-load.js';
import { newSchema, postgresUrl } from './postgres-server.js';
import { contentOf } from './same-tables.js';

if (postgresUrl) {
  const url = postgresUrl;

  describe('commits to PostgreSQL', function () {
    this.timeout(120_000);

    let folder: string;
    let schema: string;
    let other: pg.Client;

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'postgres-'));
      schema = newSchema();
      other = new pg.Client(url);
      // The server may end it, as a part of a test.
      other.on('error', () => {});
      await other.connect();
    });
    afterEach(async () => {
      await other.end();
      rmSync(folder, { recursive: true, force: true });
    });

    const open = (clock?: Clock) => openPostgresWarehouse({ url, schema, clock });
    const things = (rows: Record<string, string>[], more: Partial<MadeTable> = {}): MadeTable => ({
      mode: 'merge',
      key: ['k'],
      columns: Object.fromEntries(Object.keys(rows[0] ?? { k: '' }).map((name) => [name, 'string'])),
      rows,
      ...more,
    });
    const report = (day: number, table: MadeTable, entry: Partial<LedgerEntry> = {}) =>
      makeLoad(
        join(folder, 'lake'),
        {
          documentId: `d${day}`,
          reportId: String(day),
          reportCreatedAt: `2026-10-0${day}T00:00:00Z`,
          ...entry,
        },
        table,
      );
    const rows = async (sql: string) => (await other.query(sql)).rows as Record<string, unknown>[];

    /** Waits until a session of a commit waits for a lock that the test holds. */
    async function untilBlocked(): Promise<number> {
      for (;;) {
        const [found] = await rows(
          `SELECT pid FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))`,
        );
        if (found) return Number(found.pid);
      }
    }

    it('keep an empty table that views of others read, also through views of the program', async () => {
      const warehouse = open();
      await warehouse.commit([await report(1, { ...things([{ k: 'a' }]), rows: [] })]);
      await other.query(`CREATE VIEW ${schema}.of_mine AS SELECT k FROM ${schema}.things`);
      await other.query(`CREATE VIEW ${schema}.on_it AS SELECT k FROM ${schema}.of_mine`);
      assert.equal(
        await warehouse.dropEmptyTable('things'),
        'the views of_mine, on_it read it. Drop them first, then run this again',
      );
      assert.deepEqual(await rows(`SELECT * FROM ${schema}.on_it`), []);
      await other.query(`DROP VIEW ${schema}.of_mine CASCADE`);
      assert.equal(await warehouse.dropEmptyTable('things'), undefined);
      assert.deepEqual(await warehouse.tables(), []);
    });

    it('from several processes at once load each document once, and the newest wins', async () => {
      const reports = await Promise.all(
        [1, 2, 3, 4, 5].map((day) =>
          report(
            day,
            things([
              { k: 'a', v: String(day) },
              { k: `own ${day}`, v: 'x' },
            ]),
          ),
        ),
      );
      const processes = [open(), open(), open()];
      // Each process has all documents, in an order of its own.
      await Promise.all(
        processes.map(async (warehouse, index) => {
          const own = [...reports.slice(index), ...reports.slice(0, index)];
          for (const each of index === 1 ? own.toReversed() : own) await warehouse.commit([each]);
        }),
      );
      const duckdb = openDuckDbWarehouse({ path: join(folder, 'w.duckdb') });
      await duckdb.commit(reports);
      assert.deepEqual(await contentOf(open(), 'things'), await contentOf(duckdb, 'things'));
      assert.equal((await open().loads({})).length, 5);
    });

    it('do not wait for a transaction that has read the tables and stays open', async () => {
      const warehouse = open();
      await warehouse.commit([await report(1, things([{ k: 'a', v: '1' }]))]);
      await other.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      assert.deepEqual(await rows(`SELECT v FROM ${schema}.things`), [{ v: '1' }]);
      await warehouse.commit([await report(2, things([{ k: 'a', v: '2' }]))]);
      assert.deepEqual(await rows(`SELECT v FROM ${schema}.things`), [{ v: '1' }]);
      await other.query('COMMIT');
      assert.deepEqual(await rows(`SELECT v FROM ${schema}.things`), [{ v: '2' }]);
    });

    it('keep no reader waiting while they work, not even with a new column', async () => {
      const warehouse = open();
      await warehouse.commit([await report(1, things([{ k: 'a', v: '1' }]))]);
      await other.query('BEGIN');
      // The commit waits behind this at its last step, with all its rows in.
      await other.query(`LOCK TABLE ${schema}._loads IN SHARE ROW EXCLUSIVE MODE`);
      const commit = warehouse.commit([await report(2, things([{ k: 'a', v: '2', added: 'x' }]))]);
      await untilBlocked();
      const reader = new pg.Client(url);
      await reader.connect();
      await reader.query("SET statement_timeout = '10s'");
      assert.deepEqual((await reader.query(`SELECT * FROM ${schema}.things`)).rows.length, 1);
      assert.equal((await open().query('SELECT v FROM things')).rows[0]?.v, '1');
      await reader.end();
      await other.query('COMMIT');
      await commit;
      assert.equal((await warehouse.query('SELECT added FROM things')).rows[0]?.added, 'x');
    });

    it('that change a table wait shortly for its readers, let others pass, and try again', async () => {
      let waits = 0;
      const clock: Clock = {
        ...hastyClock(),
        async sleep() {
          waits += 1;
          // The first attempt has given up: the reader ends.
          if (waits === 1) await other.query('COMMIT');
        },
      };
      const warehouse = open(clock);
      await warehouse.commit([await report(1, things([{ k: 'a' }]))]);
      await other.query('BEGIN');
      await other.query(`SELECT * FROM ${schema}.things`);
      await warehouse.commit([await report(2, things([{ k: 'a', added: 'x' }]))]);
      assert.equal(waits, 1);
      assert.deepEqual((await warehouse.query('SELECT added FROM things')).rows, [{ added: 'x' }]);
    });

    it('name the session that keeps a table from being changed for too long', async () => {
      const at = hastyClock();
      // The first wait is longer than the program tries again.
      const clock: Clock = { ...at, sleep: () => at.sleep(3_600_000) };
      await open().commit([await report(1, things([{ k: 'a' }]))]);
      await other.query("SET application_name = 'dashboard'");
      await other.query('BEGIN');
      await other.query(`SELECT * FROM ${schema}.things`);
      const commit = open(clock).commit([await report(2, things([{ k: 'a', added: 'x' }]))]);
      await assert.rejects(commit, (error: ReportsError) => {
        assert.equal(error.code, 'POSTGRES_BLOCKED');
        assert.match(
          error.message,
          /session \d+ \(dashboard, user \w+\) has had a transaction open .* idle in transaction/,
        );
        return true;
      });
      await other.query('COMMIT');
    });

    it('whose connection is ended by the server are done again, and have their rows once', async () => {
      const warehouse = open(hastyClock());
      await warehouse.commit([await report(1, things([{ k: 'a', v: '1' }], { mode: 'append' }))]);
      await other.query('BEGIN');
      await other.query(`LOCK TABLE ${schema}._loads IN SHARE ROW EXCLUSIVE MODE`);
      const commit = warehouse.commit([await report(2, things([{ k: 'a', v: '2' }], { mode: 'append' }))]);
      const pid = await untilBlocked();
      await other.query('SELECT pg_terminate_backend($1)', [pid]);
      await other.query('COMMIT');
      await commit;
      assert.deepEqual(
        (await warehouse.query('SELECT v FROM things ORDER BY v')).rows.map(({ v }) => v),
        ['1', '2'],
      );
      assert.equal((await warehouse.loads({})).length, 2);
    });

    it('are done again if PostgreSQL ends them because of a deadlock', async () => {
      let waits = 0;
      const clock: Clock = {
        ...hastyClock(),
        async sleep() {
          waits += 1;
          await other.query('COMMIT');
        },
      };
      const warehouse = open(clock);
      await warehouse.commit([await report(1, things([{ k: 'a', v: '1' }], { mode: 'append' }))]);
      // So that it is the commit that PostgreSQL ends.
      await other.query("SET deadlock_timeout = '10min'");
      await other.query('BEGIN');
      await other.query(`LOCK TABLE ${schema}.things IN EXCLUSIVE MODE`);
      const commit = warehouse.commit([await report(2, things([{ k: 'a', v: '2' }], { mode: 'append' }))]);
      await untilBlocked();
      await other.query(`SELECT pg_advisory_xact_lock(hashtextextended('sp-reports ' || $1, 0))`, [schema]);
      await commit;
      assert.equal(waits, 1);
      const found = (await warehouse.query('SELECT v FROM things ORDER BY v')).rows;
      assert.deepEqual(found, [{ v: '1' }, { v: '2' }]);
    });

    it('name the view that keeps a column from being widened, change nothing, and succeed without it', async () => {
      const warehouse = open(hastyClock());
      const number = things([{ k: 'a', n: '1' }], { columns: { k: 'string', n: 'int64' } });
      await warehouse.commit([await report(1, number)]);
      await other.query(`CREATE VIEW ${schema}.of_mine AS SELECT n + 1 AS next FROM ${schema}.things`);
      const wider = await report(2, things([{ k: 'b', n: 'x' }]));
      await assert.rejects(warehouse.commit([wider]), { code: 'POSTGRES_VIEW_IN_THE_WAY' });
      assert.equal((await warehouse.loads({})).length, 1);
      await other.query(`DROP VIEW ${schema}.of_mine`);
      await warehouse.commit([wider]);
      const found = (await warehouse.query('SELECT n FROM things ORDER BY k')).rows;
      assert.deepEqual(found, [{ n: '1' }, { n: 'x' }]);
      const [entry] = await warehouse.loads({ documentOrTable: 'd2' });
      assert.deepEqual(entry?.tables[0]?.widened, [{ name: 'n', from: 'int64', to: 'string' }]);
    });

    it('make a view that a reader kept from being made as soon as the next occasion a minute later', async () => {
      const clock = hastyClock();
      const warnings: string[] = [];
      const log = pino({ level: 'warn' }, { write: (line) => warnings.push(line) });
      const viewOf = (sql: string): View => ({
        name: 'all_things',
        description: 'All things.',
        sql,
        file: 'all_things.sql',
        caveats: '',
        columns: [],
        sqlLine: 1,
        tables: [[{ name: 'things' }]],
      });
      const warehouse = openPostgresWarehouse({
        url,
        schema,
        clock,
        log,
        views: [viewOf('SELECT k FROM things')],
      });
      const shown = async () =>
        (await warehouse.query('SELECT * FROM all_things')).columns.map(({ name }) => name);
      await warehouse.commit([await report(1, things([{ k: 'a', v: '1' }]))]);
      assert.deepEqual(await shown(), ['k']);
      await other.query('BEGIN');
      await other.query(`SELECT * FROM ${schema}.all_things`);
      const wanted = [viewOf('SELECT k, v FROM things')];
      await warehouse.refreshViews(wanted);
      assert.match(warnings.join('\n'), /the view was not made: .*lock timeout/);
      assert.match([...(await warehouse.viewProblems(wanted)).values()].join(), /the next load makes it/);
      await other.query('COMMIT');
      assert.deepEqual(await shown(), ['k']);
      await clock.sleep(60_000);
      await warehouse.commit([await report(2, things([{ k: 'b', v: '2' }]))]);
      assert.deepEqual(await shown(), ['k', 'v']);
      assert.deepEqual(await warehouse.viewProblems(wanted), new Map());
    });

    it('replace U+0000 in texts, keep a reject for each, and load the other texts as they are', async () => {
      const text = {
        columns: { k: 'string', v: 'string' },
        rows: [
          { k: 'a', v: 'o\u0000ne' },
          { k: 'b', v: 'two' },
        ],
      };
      const made = await report(1, things([], text), { notes: ['n\u0000'] });
      await open().commit([made]);
      assert.deepEqual((await open().query('SELECT v FROM things ORDER BY k')).rows, [
        { v: 'o\ufffdne' },
        { v: 'two' },
      ]);
      const rejects = (await open().rejects({})).map(({ column_name, row_number, raw }) => [
        column_name,
        row_number,
        raw,
      ]);
      assert.deepEqual(rejects, [['v', '1', 'o\ufffdne']]);
      const [entry] = await open().loads({});
      assert.deepEqual([entry?.rejects, entry?.notes], [1, ['n\ufffd']]);
    });

    it('add the columns that the ledger of an earlier version lacks, which is read until then', async () => {
      await open().commit([await report(1, things([{ k: 'a' }]))]);
      await other.query(
        `ALTER TABLE ${schema}._loads DROP COLUMN raw_sha256, DROP COLUMN files, DROP COLUMN warnings`,
      );
      const ledger = async () =>
        (await open().loads({})).map(({ documentId, rawSha256, files }) => [documentId, rawSha256, files]);
      assert.deepEqual(await ledger(), [['d1', null, []]]);
      assert.equal(await open().countLoads({ withWarnings: true }), 0);
      assert.deepEqual((await open().overview())?.warnings, []);
      await open().commit([await report(2, things([{ k: 'a' }]), { rawSha256: 'ab' })]);
      assert.deepEqual(await ledger(), [
        ['d2', 'ab', []],
        ['d1', null, []],
      ]);
    });

    it('that are refused for a value that does not fit leave the columns of their table as they are', async () => {
      await open().commit([await report(1, things([{ k: 'a' }]))]);
      const wrong = things([{ k: 'b', n: 'no number' }], { columns: { k: 'string', n: 'int64' } });
      const good = things([{ k: 'c', n: '3' }], { columns: { k: 'string', n: 'int64' } });
      await assert.rejects(open().commit([await report(2, good), await report(3, wrong)]), {
        code: 'WAREHOUSE_REFUSED',
      });
      const found = await rows(
        `SELECT column_name FROM information_schema.columns
         WHERE table_schema = '${schema}' AND table_name = 'things' AND column_name IN ('k', 'n')`,
      );
      assert.deepEqual(found, [{ column_name: 'k' }]);
    });

    it('index a new table by document, and by seller and key, whether it has rows or not', async () => {
      const empty = things([], { name: 'empty', columns: { k: 'string', v: 'string' } });
      const filled = things([{ k: 'a', v: '1' }], { name: 'filled' });
      await open().commit([await report(1, empty), await report(2, filled)]);
      const found = await rows(
        `SELECT tablename, REGEXP_REPLACE(indexdef, '.*USING ', '') AS made FROM pg_indexes
         WHERE schemaname = '${schema}' AND tablename IN ('empty', 'filled') ORDER BY 1, 2`,
      );
      assert.deepEqual(
        found.map(({ tablename, made }) => `${tablename}: ${made}`),
        ['empty', 'filled'].flatMap((name) => [
          `${name}: btree (_document_id)`,
          `${name}: btree (_seller_id, k)`,
        ]),
      );
    });

    it('send large documents whole, with lists and texts of any length among other values', async () => {
      const count = 5000;
      const many = Array.from({ length: count }, (_, index) => ({
        k: `${index}`,
        v: 'é'.repeat(index % 300),
        items:
          index % 3 === 0 ? null : JSON.stringify(Array.from({ length: index % 7 }, () => `of ${index}`)),
        n: `${index}.25`,
      }));
      const columns = { k: 'string', v: 'string', items: 'list(string)', n: 'decimal(18,4)' };
      await open().commit([await report(1, things([], { columns, rows: many }))]);
      const [found] = await rows(
        `SELECT COUNT(*) AS count, SUM(LENGTH(v)) AS lengths, SUM(n) AS sum, SUM(CARDINALITY(items)) AS items,
           COUNT(*) FILTER (WHERE NOT ('of ' || k = ALL (items))) AS wrong FROM ${schema}.things`,
      );
      const sum = (of: (index: number) => number) => many.reduce((total, _, index) => total + of(index), 0);
      assert.deepEqual(found, {
        count: `${count}`,
        lengths: `${sum((index) => index % 300)}`,
        sum: sum((index) => index + 0.25).toFixed(4),
        items: `${sum((index) => (index % 3 === 0 ? 0 : index % 7))}`,
        wrong: '0',
      });
    });

    it('refuse rows whose document is not found by the path of their file', async () => {
      const first = await report(1, things([{ k: 'a' }]));
      const second = await makeLoad(join(folder, 'lake[1]'), { documentId: 'd2' }, things([{ k: 'b' }]));
      for (const table of second.tables) {
        // DuckDB reads it, and names it with a single slash.
        table.parquetPath = table.parquetPath?.replace('/lake[1]', '//lake[1]') ?? null;
      }
      await assert.rejects(open().commit([first, second]), { code: 'WAREHOUSE_REFUSED' });
      await open().commit([first]);
      const found = await rows(`SELECT k, _document_id AS document FROM ${schema}.things`);
      assert.deepEqual(found, [{ k: 'a', document: 'd1' }]);
    });

    it('load keys that are too long for an index', async () => {
      // Random, as PostgreSQL compresses what repeats.
      const long = Array.from({ length: 4000 }, (_, index) =>
        String.fromCodePoint(0x4e00 + ((index * 7919) % 20_000)),
      ).join('');
      await open().commit([await report(1, things([{ k: 'short', v: '1' }]))]);
      await open().commit([
        await report(
          2,
          things([
            { k: long, v: '2' },
            { k: 'short', v: '2' },
          ]),
        ),
      ]);
      await open().commit([await report(3, things([{ k: long, v: '3' }]))]);
      const found = (await open().query('SELECT LENGTH(k) AS n, v FROM things ORDER BY 1')).rows;
      assert.deepEqual(found, [
        { n: 5, v: '2' },
        { n: 4000, v: '3' },
      ]);
      await assert.doesNotReject(
        open().commit([await report(4, { ...things([{ k: long, v: '4' }]), name: 'others' })]),
      );
    });

    it('load 300 columns, reserved words, and names that PostgreSQL does not have', async () => {
      const long = `${'x'.repeat(70)}`;
      const names = [
        'select',
        'user',
        'table',
        'ctid',
        'größe',
        long,
        `${long}_2`,
        ...Array.from({ length: 293 }, (_, index) => `c${index}`),
      ];
      const table = things([Object.fromEntries([['k', 'a'], ...names.map((name) => [name, `of ${name}`])])]);
      const warehouse = open();
      await warehouse.commit([await report(1, table)]);
      // A second document finds the columns again.
      await warehouse.commit([
        await report(2, { ...table, rows: [{ ...table.rows[0], k: 'b' }] as Record<string, string>[] }),
      ]);
      const { columns, rows: found } = await warehouse.query('SELECT * FROM things');
      assert.equal(columns.length, 301 + 8);
      assert.deepEqual(
        found.map((row) => Object.values(row).filter((value) => String(value).startsWith('of ')).length),
        [300, 300],
      );
      const documents = await warehouse.loads({});
      await warehouse.removePersonalData(documents, () => [long, 'ctid']);
      const left = (await warehouse.query('SELECT * FROM things')).rows.map((row) => Object.values(row));
      assert.ok(!left.flat().includes(`of ${long}`) && !left.flat().includes('of ctid'));
      assert.ok(left.flat().includes(`of ${long}_2`));
    });

    it('are read-only for nobody but the server: defaults of the role for readers do not hold them up', async () => {
      const user = `u${schema}`;
      await other.query(`CREATE ROLE ${user} LOGIN PASSWORD 'p' IN ROLE ${new URL(url).username}`);
      await other.query(`GRANT CREATE, TEMPORARY ON DATABASE ${new URL(url).pathname.slice(1)} TO ${user}`);
      for (const set of [
        'default_transaction_read_only = on',
        "statement_timeout = '1ms'",
        "lock_timeout = '1ms'",
        "idle_in_transaction_session_timeout = '1ms'",
        "TimeZone = 'Asia/Tokyo'",
        "default_transaction_isolation = 'serializable'",
      ]) {
        await other.query(`ALTER ROLE ${user} SET ${set}`);
      }
      const of = new URL(url);
      of.username = user;
      of.password = 'p';
      const warehouse = openPostgresWarehouse({ url: of.href, schema });
      const times = {
        columns: { k: 'string', at: 'timestamp' },
        rows: [{ k: 'a', at: '2026-10-01T23:30:00Z' }],
      };
      await warehouse.commit([await report(1, things([], times))]);
      assert.deepEqual(await rows(`SELECT at = '2026-10-01 23:30:00+00' AS same FROM ${schema}.things`), [
        { same: true },
      ]);
    });
  });

  describe('a query on PostgreSQL', function () {
    this.timeout(60_000);

    it('is cancelled on the server by its signal, and leaves nothing behind that it locked', async () => {
      const schema = newSchema();
      const warehouse = openPostgresWarehouse({ url, schema });
      const folder = mkdtempSync(join(tmpdir(), 'postgres-'));
      await warehouse.commit([await makeLoad(folder, {}, { columns: { a: 'string' }, rows: [{ a: '1' }] })]);
      const other = new pg.Client(url);
      await other.connect();
      try {
        const stop = new AbortController();
        const sql = `SELECT pg_advisory_lock(hashtextextended('sp-reports ${schema}', 0)), pg_sleep(600)`;
        const query = warehouse.queryStream(sql, async () => {}, { signal: stop.signal });
        const locked = `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted
          AND ((CAST(classid AS bigint) << 32) | CAST(objid AS bigint)) = hashtextextended('sp-reports ${schema}', 0)`;
        while ((await other.query(locked)).rowCount === 0);
        stop.abort(new Error('stopped'));
        await assert.rejects(query, /stopped/);
        await warehouse.commit([await makeLoad(folder, { documentId: 'd2' }, [])]);
      } finally {
        await other.end();
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });
} else {
  it('commits to PostgreSQL: pending, as POSTGRES_URLS is not set; see scripts/postgres');
}
