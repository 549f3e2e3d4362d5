import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { openDuckDbWarehouse } from '../../src/warehouse/duckdb/warehouse.js';
import { removeAllSpills, removeOldSpills, spillFolder } from '../../src/warehouse/duckdb/spill-folders.js';
import { makeLoad } from './make-load.js';

/** No process has this number: it is above the largest pid of Linux. */
const deadPid = 4_194_305;

describe('the folders for what exceeds the memory of a DuckDB process', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'spills-'));
    path = join(folder, 'warehouse.duckdb');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function make(name: string): string {
    mkdirSync(name);
    writeFileSync(join(name, 'duckdb_temp_storage_DEFAULT-0.tmp'), 'rows');
    return basename(name);
  }
  const left = () => readdirSync(folder).sort();

  it('are removed once their process is gone, and kept while it may live here or elsewhere', async () => {
    const host = 'this.host/with marks';
    make(spillFolder(path, deadPid, host));
    const kept = [
      make(spillFolder(path, process.ppid, host)),
      make(spillFolder(path, deadPid, 'other-host')),
      make(spillFolder(join(folder, 'another.duckdb'), deadPid, host)),
      make(`${path}.${deadPid}.tmp`),
      make(`${path}.tmp`),
    ].sort();
    await removeOldSpills(path, { host });
    assert.deepEqual(left(), kept);
    const dayAgo = new Date(Date.now() - 25 * 3_600_000);
    for (const name of kept) utimesSync(join(folder, name), dayAgo, dayAgo);
    await removeOldSpills(path, { host });
    assert.deepEqual(
      left(),
      [
        basename(spillFolder(join(folder, 'another.duckdb'), deadPid, host)),
        basename(spillFolder(path, process.ppid, host)),
      ].sort(),
    );
  });

  it('of killed processes are removed when the file is opened next', async () => {
    make(spillFolder(path, deadPid));
    const warehouse = openDuckDbWarehouse({ path });
    await warehouse.commit([await makeLoad(join(folder, 'lake'), { documentId: 'd1' })]);
    assert.deepEqual(
      left().filter((name) => name.endsWith('.tmp')),
      [],
    );
  });

  it('are all removed when nobody else has the file', async () => {
    for (const name of [spillFolder(path, deadPid, 'other-host'), spillFolder(path), `${path}.tmp`])
      make(name);
    await removeAllSpills(path);
    assert.deepEqual(left(), []);
  });
});
