import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { digestFile } from '../../src/files/file-digest.js';
import { openParquetFile } from '../../src/parquet/parquet-file.js';

describe('the parts of a Parquet file', () => {
  let folder: string;
  let files: { writeFile: FileHandle['writeFile'] };
  let writeFile: FileHandle['writeFile'];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sp-reports-parquet-'));
    const file = await open(join(folder, 'any'), 'w');
    files = Object.getPrototypeOf(file);
    await file.close();
    ({ writeFile } = files);
  });
  after(() => {
    files.writeFile = writeFile;
    rmSync(folder, { recursive: true });
  });

  it('are written in order, though the library does not wait for its first write and the disk is slow', async () => {
    let writes = 0;
    files.writeFile = async function (this: FileHandle, ...of: Parameters<FileHandle['writeFile']>) {
      writes += 1;
      // Long enough for the next write to overtake it, if nothing keeps that back.
      if (writes === 1) await sleep(50);
      return writeFile.apply(this, of);
    };
    const path = join(folder, 'a.parquet');
    const file = await openParquetFile({ path, fields: { value: { type: 'UTF8' } } });
    await file.append({ value: 'a' });
    const digest = await file.finish();
    assert.ok(writes > 1);
    assert.deepEqual(digest, await digestFile(path));
    assert.deepEqual(await parquetReadObjects({ file: await asyncBufferFromFile(path) }), [{ value: 'a' }]);
  });
});
