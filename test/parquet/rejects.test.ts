import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { digestFile } from '../../src/files/file-digest.js';
import { openRejectsWriter } from '../../src/parquet/rejects.js';

describe('rejects as Parquet', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rejects-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('keep table, row, column, raw text and reason', async () => {
    const path = join(folder, '_rejects', 'document.parquet');
    const writer = openRejectsWriter(path);
    await writer.add('orders', []);
    await writer.add('orders', [
      { row: 3, column: 'amount', raw: '1.234,56', reason: 'expected decimal(18,4)' },
      { row: 2 ** 40, column: null, raw: 'a\tb\tc\u0000', reason: '2 cells more than the header' },
    ]);
    await writer.add('items', [{ row: 1, column: 'sku', raw: '', reason: 'empty' }]);
    assert.deepEqual(await writer.finish(), { count: 3, digest: await digestFile(path) });
    assert.deepEqual(await parquetReadObjects({ file: await asyncBufferFromFile(path) }), [
      {
        table_name: 'orders',
        row_number: 3n,
        column_name: 'amount',
        raw: '1.234,56',
        reason: 'expected decimal(18,4)',
      },
      {
        table_name: 'orders',
        row_number: 2n ** 40n,
        column_name: null,
        raw: 'a\tb\tc\u0000',
        reason: '2 cells more than the header',
      },
      { table_name: 'items', row_number: 1n, column_name: 'sku', raw: '', reason: 'empty' },
    ]);
  });

  it('leave no file if nothing is rejected, or if the write is aborted', async () => {
    const none = openRejectsWriter(join(folder, 'none.parquet'));
    await none.add('orders', []);
    assert.deepEqual(await none.finish(), { count: 0, digest: undefined });
    const aborted = openRejectsWriter(join(folder, 'aborted.parquet'));
    await aborted.add('orders', [{ row: 1, column: null, raw: '', reason: '' }]);
    await aborted.abort();
    assert.deepEqual(readdirSync(folder), []);
  });

  it('stay if they are finished and something else fails afterwards', async () => {
    const writer = openRejectsWriter(join(folder, 'kept.parquet'));
    await writer.add('orders', [{ row: 1, column: null, raw: '', reason: '' }]);
    await writer.finish();
    await writer.abort();
    assert.deepEqual(readdirSync(folder), ['kept.parquet']);
  });
});
