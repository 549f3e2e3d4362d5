import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { type Logger, pino } from 'pino';
import { openPublisher, type Publisher } from '../../src/maintenance/publish.js';
import { systemClock } from '../../src/runtime/clock.js';
import { warehouseFile } from '../../src/warehouse/open-warehouse.js';
import { fakeContext } from '../ingest/fake-context.js';
import { listings, listingsType, makeWorld, sellerId, startInProcess } from '../ingest/world.js';
import { startReceiver } from '../status/alarm-receiver.js';
import { makeLoad } from '../warehouse/make-load.js';
import { openDuckDbWarehouse } from '../../src/warehouse/duckdb/warehouse.js';

const minuteMs = 60_000;

describe('a published copy of the warehouse', () => {
  let folder: string;
  let path: string;
  let copy: string;
  let nowMs: number;
  let warnings: string[];
  let log: Logger;
  let documents: number;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sp-reports-publish-'));
    path = join(folder, 'warehouse.duckdb');
    copy = join(folder, 'tools', 'copy.duckdb');
    nowMs = Date.now();
    warnings = [];
    log = pino({ level: 'warn' }, { write: (line) => void warnings.push(JSON.parse(line).msg) });
    documents = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Loads a document with one row. */
  async function load(): Promise<void> {
    documents += 1;
    const table = { name: 'things', columns: { a: 'string' }, rows: [{ a: `row ${documents}` }] };
    const made = await makeLoad(join(folder, 'lake'), { documentId: `doc-${documents}` }, table);
    await openDuckDbWarehouse({ path }).commit([made]);
  }

  function publisher(every = 15): Publisher {
    const warehouse = {
      type: 'duckdb' as const,
      path,
      publish: { path: copy, every: { count: every, unit: 'minute' as const } },
      memoryLimitMegabytes: 256,
    };
    const context = fakeContext({
      config: { warehouse },
      warehouseFile: warehouseFile({ warehouse }, []),
      clock: { ...systemClock, now: () => nowMs },
      log,
    });
    return openPublisher(context) ?? assert.fail();
  }

  async function rowsIn(file: string): Promise<number> {
    return withReader(file, (count) => count());
  }

  /** Works while a program holds the file open for reading. */
  async function withReader<T>(file: string, work: (count: () => Promise<number>) => Promise<T>): Promise<T> {
    const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' });
    const connection = await instance.connect();
    try {
      return await work(async () => {
        const reader = await connection.runAndReadAll('SELECT count(*)::INTEGER FROM things');
        return Number(reader.getRows()[0]?.[0]);
      });
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  }

  it('has all that was committed, can only be read, and keeps the permissions that it was given', async () => {
    await load();
    await publisher().check();
    assert.equal(await rowsIn(copy), 1);
    assert.equal(statSync(copy).mode & 0o777, 0o400);
    chmodSync(copy, 0o640);
    await load();
    await publisher(0).check();
    assert.equal(await rowsIn(copy), 2);
    assert.equal(statSync(copy).mode & 0o777, 0o440);
    assert.deepEqual(readdirSync(join(folder, 'tools')), ['copy.duckdb']);
    assert.deepEqual(warnings, []);
  });

  it('that a program holds open for reading stays what it was, and blocks neither commits nor the next copy', async () => {
    await load();
    await publisher().check();
    await withReader(copy, async (count) => {
      for (let copies = 1; copies <= 3; copies++) {
        await load();
        await publisher(0).check();
        assert.equal(await rowsIn(copy), copies + 1);
        assert.equal(await count(), 1);
      }
    });
    assert.deepEqual(warnings, []);
  });

  it('is made again only after a commit, and no sooner than `every` after the last, also by another process', async () => {
    const made = () => statSync(copy).ino;
    await publisher().check();
    assert.equal(existsSync(copy), false, 'nothing was loaded yet');
    await load();
    await publisher().check();
    const first = made();
    nowMs += 60 * minuteMs;
    await publisher().check();
    assert.equal(made(), first, 'nothing was committed');
    await load();
    nowMs = Date.now() + 14 * minuteMs;
    await publisher().check();
    assert.equal(made(), first, 'less than `every` ago');
    nowMs = Date.now() + 16 * minuteMs;
    const lasting = publisher();
    await lasting.check();
    assert.notEqual(made(), first);
    assert.equal(await rowsIn(copy), 2);
    assert.equal(lasting.read().at, new Date(statSync(copy).ctimeMs).toISOString());
  });

  it('is made at once if the clock was set back', async () => {
    await load();
    await publisher().check();
    await load();
    nowMs = Date.now() - 600 * minuteMs;
    await publisher().check();
    assert.equal(await rowsIn(copy), 2);
  });

  it('has what a crash left in the write-ahead log, and no log of its own', async () => {
    await load();
    await publisher().check();
    const script = `
      const { DuckDBInstance } = await import('@duckdb/node-api');
      const connection = await (await DuckDBInstance.create(${JSON.stringify(path)})).connect();
      await connection.run("INSERT INTO things (a) VALUES ('only in the log')");
      process.kill(process.pid, 'SIGKILL');`;
    await once(inChild(script), 'exit');
    assert.ok(existsSync(`${path}.wal`));
    writeFileSync(`${copy}.wal`, 'of a program that opened the last copy for writing');
    await publisher(0).check();
    assert.equal(await rowsIn(copy), 2);
    assert.equal(existsSync(`${copy}.wal`), false);
  });

  it('that can not be made is a warning and a problem until one is made, and the last stays', async () => {
    await load();
    writeFileSync(join(folder, 'tools'), 'a file in place of the folder');
    const lasting = publisher();
    await lasting.check();
    const { problem, at } = lasting.read();
    assert.deepEqual([problem?.code, at], ['PUBLISH_FAILED', undefined]);
    assert.match(problem?.message ?? '', /^publishing a copy of .*warehouse.duckdb as .*copy.duckdb: /);
    assert.match(warnings.join(), /Loading continues/);
    // It is not tried at each check.
    await lasting.check();
    assert.equal(warnings.length, 1);
    nowMs += 15 * minuteMs;
    await lasting.check();
    assert.equal(warnings.length, 2);
    assert.equal(lasting.read().problem?.since, problem?.since);
    rmSync(join(folder, 'tools'));
    nowMs += 15 * minuteMs;
    await lasting.check();
    assert.equal(lasting.read().problem, undefined);
    assert.equal(await rowsIn(copy), 1);
  });

  it('waits while another program holds the warehouse, which is no problem of its own', async () => {
    await load();
    const holder = inChild(`
      const { DuckDBInstance } = await import('@duckdb/node-api');
      const instance = await DuckDBInstance.create(${JSON.stringify(path)}, { access_mode: 'READ_ONLY' });
      console.log('held');
      process.stdin.resume();`);
    await once(holder.stdout ?? assert.fail(), 'data');
    const lasting = publisher();
    await lasting.check();
    holder.kill();
    await once(holder, 'close');
    assert.deepEqual([existsSync(copy), lasting.read().problem], [false, undefined]);
    await lasting.check();
    assert.equal(await rowsIn(copy), 1);
    assert.deepEqual(warnings, []);
  });

  it('is whole or the last one if the program is killed while it is made', async () => {
    const world = await makeWorld({
      settings: {
        warehouse: { path: 'warehouse.duckdb', publish: { path: 'copy.duckdb', every: '0 minutes' } },
      },
    });
    try {
      const notify = (rows: number) =>
        world.sandbox.notify(
          world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(rows) }),
        );
      await notify(1);
      assert.equal((await world.run('run')).code, 0);
      const file = join(world.folder, 'copy.duckdb');
      const before = readFileSync(file);
      await notify(2);
      const killed = await world.spawnRun(['run'], { SP_REPORTS_CRASH_AT: 'copy-made' });
      assert.equal(killed.code, null, killed.stderr);
      assert.deepEqual(readFileSync(file), before);
      assert.equal((await world.run('run')).code, 0);
      assert.deepEqual(readFileSync(file), readFileSync(join(world.folder, 'warehouse.duckdb')));
    } finally {
      await world.close();
    }
  });

  it('is made by `start` without a run, and a failure is an alarm of `run`', async () => {
    const receiver = await startReceiver();
    const world = await makeWorld({
      settings: {
        warehouse: { path: 'warehouse.duckdb', publish: { path: 'tools/copy.duckdb' } },
        alarms: { webhook: '${WEBHOOK_SECRET}' },
      },
    });
    world.env.WEBHOOK_SECRET = receiver.url;
    try {
      writeFileSync(join(world.folder, 'tools'), 'a file in place of the folder');
      const report = { sellerId, reportType: listingsType, body: listings(1) };
      await world.sandbox.notify(world.sandbox.addReport(report));
      const { code, stderr } = await world.run('run');
      assert.equal(code, 0, stderr);
      const sent = receiver.bodies.flatMap(({ alarms }) => alarms as { key: string; state: string }[]);
      assert.deepEqual(
        sent.map(({ key, state }) => `${state} ${key}`),
        ['begun machine/publish'],
      );
      rmSync(join(world.folder, 'tools'));
      let published = () => {};
      const isPublished = new Promise<void>((resolve) => {
        published = resolve;
      });
      const { running, stop } = startInProcess(['--log-level', 'info', 'start'], world, (text) => {
        if (text.includes('warehouse published')) published();
      });
      await isPublished;
      stop();
      assert.equal((await running).code, 0);
      assert.ok(existsSync(join(world.folder, 'tools', 'copy.duckdb')));
    } finally {
      await world.close();
      await receiver.close();
    }
  });

  function inChild(script: string): ChildProcess {
    return spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: new URL('../..', import.meta.url).pathname,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
  }
});
