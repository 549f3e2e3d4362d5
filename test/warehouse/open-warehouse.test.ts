import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openWarehouse, type WarehouseSettings, warehouseFile } from '../../src/warehouse/open-warehouse.js';
import { makeLoad } from './make-load.js';

describe('openWarehouse', () => {
  let folder: string;
  let duckdb: WarehouseSettings & { type: 'duckdb' };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'open-warehouse-'));
    duckdb = { type: 'duckdb', path: join(folder, 'a.duckdb'), memoryLimitMegabytes: 128 };
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('opens a DuckDB file, and the file opens others of its kind', async () => {
    const load = await makeLoad(folder, {}, { columns: { a: 'string' }, rows: [{ a: 'x' }] });
    const file = warehouseFile({ warehouse: duckdb }, []);
    assert.equal(file?.path, duckdb.path);
    await openWarehouse({ warehouse: duckdb }).commit([load]);
    const other = join(folder, 'b.duckdb');
    await file.open(other).commit([load, await makeLoad(folder, { documentId: 'doc-2' })]);
    const countIn = async (path: string) =>
      (await openWarehouse({ warehouse: { ...duckdb, path } }).loads({})).length;
    assert.deepEqual([await countIn(duckdb.path), await countIn(other)], [1, 2]);
  });

  it('reads the key of BigQuery only when it is called, and has no file there', async () => {
    const warehouse: WarehouseSettings = {
      type: 'bigquery',
      project: 'p',
      dataset: 'd',
      location: 'EU',
      keyFile: join(folder, 'no-such-key.json'),
      memoryLimitMegabytes: 128,
    };
    const opened = openWarehouse({ warehouse });
    assert.deepEqual(await opened.commit([]), []);
    assert.equal(warehouseFile({ warehouse }, []), undefined);
    await assert.rejects(opened.checkWritable(), { code: 'WAREHOUSE_ACCESS_DENIED' });
  });
});
