import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { ReportsError } from '../../src/errors/reports-error.js';
import { systemClock } from '../../src/runtime/clock.js';
import { type LoadedFile, loadFiles } from '../../src/ingest/load-file.js';
import { fileInput, type LoadInput } from '../../src/ingest/load-inputs.js';
import { openFolderStore } from '../../src/store/folder-store.js';
import { openDuckDbWarehouse } from '../../src/warehouse/duckdb/warehouse.js';
import { fakeContext } from './fake-context.js';
import { listings, listingsType, orders, ordersType } from './world.js';

describe('loading files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'load-file-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('reports an unexpected error of one file with its stack, quarantines nothing, and loads the next', async () => {
    const lines: { key?: string; code?: string; err?: { stack: string } }[] = [];
    const warehouse = openDuckDbWarehouse({ path: join(folder, 'warehouse.duckdb') });
    const paths = ['first.tsv', 'second.tsv'].map((name, index) => {
      const path = join(folder, name);
      writeFileSync(path, listings(index + 1));
      return path;
    });
    const outcomes: string[] = [];
    const context = fakeContext({
      config: { state: join(folder, 'state') },
      warehouse,
      raw: openFolderStore(join(folder, 'raw')),
      lake: openFolderStore(join(folder, 'lake')),
      log: pino({ level: 'error' }, { write: (line: string) => void lines.push(JSON.parse(line)) }),
      onEvent(event) {
        if (event.event === 'work_finished') outcomes.push(event.outcome);
        // In the middle of the first file: a mistake in the program.
        if (event.event === 'bytes_downloaded' && event.key === paths[0])
          throw new TypeError('event.rows is not a function');
      },
    });
    const { signal } = new AbortController();
    const loaded: LoadedFile[] = [];
    const metadata = { sellerId: 'A1', reportType: listingsType, marketplaceIds: [] };
    const how = { maxDocumentBytes: 1e6, stop: signal, abort: signal };
    for await (const each of loadFiles(
      paths.map((path) => fileInput(path)),
      metadata,
      context,
      how,
    ))
      loaded.push(each);
    assert.deepEqual(
      loaded.map((each) => ('failure' in each ? each.failure.code : each.entry.status)),
      ['UNEXPECTED', 'loaded'],
    );
    assert.deepEqual(outcomes, ['failed', 'loaded']);
    assert.deepEqual([lines.length, lines[0]?.key, lines[0]?.code], [1, paths[0], 'UNEXPECTED']);
    assert.match(lines[0]?.err?.stack ?? '', /^TypeError: event\.rows is not a function\n +at .*load-file/s);
    assert.deepEqual(
      (await warehouse.loads({})).map(({ status }) => status),
      ['loaded'],
    );
  });

  /** A context in a folder of its own, whose real warehouse counts the loads of each commit. */
  function counted(name: string) {
    const own = join(folder, name);
    mkdirSync(own);
    const warehouse = openDuckDbWarehouse({ path: join(own, 'warehouse.duckdb') });
    const commits: number[] = [];
    const { commit } = warehouse;
    warehouse.commit = (loads) => {
      commits.push(loads.length);
      return commit(loads);
    };
    const raw = openFolderStore(join(own, 'raw'));
    const context = fakeContext({
      config: { state: join(own, 'state') },
      warehouse,
      raw,
      lake: openFolderStore(join(own, 'lake')),
      // A commit waits for all loads of a group, however slow the machine is.
      clock: { ...systemClock, sleep: () => new Promise<void>(() => {}) },
    });
    const { signal } = new AbortController();
    const how = { maxDocumentBytes: 1e6, stop: signal, abort: signal };
    const load = async (files: (string | LoadInput)[], reportType?: string, loaded: LoadedFile[] = []) => {
      const metadata = { sellerId: 'A1', reportType, marketplaceIds: [] };
      const inputs = files.map((file) => (typeof file === 'string' ? fileInput(file) : file));
      for await (const each of loadFiles(inputs, metadata, context, how)) loaded.push(each);
      return loaded;
    };
    const write = (file: string, content: string | Buffer) => {
      writeFileSync(join(own, file), content);
      return join(own, file);
    };
    return { commits, load, own, raw, warehouse, write };
  }

  it('commits small files together, each as if it were alone', async () => {
    const { commits, load, warehouse, write } = counted('together');
    const contents = Array.from({ length: 30 }, (_, index) =>
      orders([{ id: `${index}`, status: index === 7 ? 'Canceled' : 'Shipped' }]),
    );
    const paths = contents.map((content, index) => write(`${index}.txt`, content));
    const missing = join(folder, 'missing.txt');
    const loaded = await load([...paths.slice(0, 9), missing, ...paths.slice(9)], ordersType);
    assert.deepEqual(commits, [30]);
    assert.deepEqual(
      loaded.map((each) => ('failure' in each ? each.failure.code : each.entry.status)),
      [...Array(9).fill('loaded'), 'FILE_UNREADABLE', ...Array(21).fill('loaded')],
    );
    const { rows } = await warehouse.query(
      `SELECT count(*)::INT AS orders, count(*) FILTER (order_status = 'Canceled')::INT AS canceled
       FROM orders_by_last_update`,
    );
    assert.deepEqual(rows, [{ orders: 30, canceled: 1 }]);
  });

  it('loads the same bytes twice in one run one after the other, and knows the first load', async () => {
    const { commits, load, write } = counted('twice');
    const content = orders([{ id: '1', status: 'Shipped' }]);
    const other = orders([{ id: '2', status: 'Shipped' }]);
    const paths = [write('a.txt', content), write('b.txt', other), write('copy of a.txt', content)];
    const loaded = await load(paths, ordersType);
    assert.deepEqual(commits, [2, 1]);
    assert.deepEqual(
      loaded.map((each) => 'entry' in each && each.before?.status),
      [undefined, undefined, 'loaded'],
    );
  });

  for (const phase of ['opened', 'copied'] as const) {
    it(`loads the files before one that cannot be ${phase} because of the machine, and then fails`, async () => {
      const { load, own, raw, warehouse, write } = counted(`full, ${phase}`);
      const paths = ['a', 'b', 'c'].map((id) => write(`${id}.txt`, orders([{ id, status: 'Shipped' }])));
      const full = async () => {
        throw new ReportsError('DISK_FULL', { path: own, found: 'ENOSPC' });
      };
      const { keep } = raw;
      let kept = 0;
      raw.keep = (path, options) => {
        if (path.endsWith('.json')) kept += 1;
        return phase === 'copied' && kept > 2 ? full() : keep(path, options);
      };
      const inputs = paths.map((path, index) => {
        const input = fileInput(path);
        return phase === 'opened' && index === 2 ? { ...input, open: full } : input;
      });
      const loaded: LoadedFile[] = [];
      await assert.rejects(load(inputs, ordersType, loaded), { code: 'DISK_FULL' });
      assert.deepEqual(
        loaded.map((each) => 'entry' in each && each.entry.status),
        ['loaded', 'loaded'],
      );
      assert.equal((await warehouse.loads({})).length, 2);
    });
  }

  it('commits files alone that were being loaded when the program crashed', async () => {
    const { commits, load, own, write } = counted('crashed');
    const paths = Array.from({ length: 4 }, (_, index) =>
      write(`${index}.txt`, orders([{ id: `${index}`, status: 'Shipped' }])),
    );
    const crashed = paths.slice(1, 3).map((path) => {
      const { size, mtimeMs } = statSync(path);
      return [`file ${path} ${size} ${mtimeMs}`, [{ host: hostname(), pid: 2 ** 22 + 1, seenAtMs: 0 }]];
    });
    mkdirSync(join(own, 'state'));
    writeFileSync(join(own, 'state', 'killed.json'), JSON.stringify(Object.fromEntries(crashed)));
    await load(paths, ordersType);
    assert.deepEqual(commits, [1, 1, 1, 1]);
    assert.deepEqual(JSON.parse(readFileSync(join(own, 'state', 'killed.json'), 'utf8')), {});
  });
});
