import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { openParquetFile } from '../../src/parquet/parquet-file.js';

describe('many Parquet files written at the same time', () => {
  it('are each whole and in order, though the library does not wait for all of its writes', async function () {
    this.timeout(20_000);
    const folder = mkdtempSync(join(tmpdir(), 'sp-reports-parquet-'));
    try {
      await Promise.all(
        Array.from({ length: 400 }, async (_, index) => {
          const path = join(folder, `${index}.parquet`);
          const file = await openParquetFile({ path, fields: { value: { type: 'UTF8' } } });
          await file.append({ value: `row of ${index}` });
          await file.finish();
          const rows = await parquetReadObjects({ file: await asyncBufferFromFile(path) });
          assert.deepEqual(rows, [{ value: `row of ${index}` }]);
        }),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
