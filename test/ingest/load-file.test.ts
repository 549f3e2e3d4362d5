import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { type LoadedFile, loadFiles } from '../../src/ingest/load-file.js';
import { fileInput } from '../../src/ingest/load-inputs.js';
import { openFolderStore } from '../../src/store/folder-store.js';
import { openDuckDbWarehouse } from '../../src/warehouse/duckdb/warehouse.js';
import { fakeContext } from './fake-context.js';
import { listings, listingsType } from './world.js';

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
});
