import { constants, existsSync, statSync } from 'node:fs';
import { chmod, copyFile, open, rm, stat, utimes } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describeError, knownError, ReportsError } from '../../errors/reports-error.js';
import { faultPoint } from '../../runtime/fault-point.js';
import { dropPartial, makeFolder, nameWholeFile, partialName, removeFile } from '../../files/whole-file.js';
import { fileError } from '../../errors/duckdb-error.js';
import { withConnection } from './connection.js';
import { run } from '../staging/sql.js';

/** A commit of another program ends sooner, or the next attempt finds the file free. */
const lockWaitMs = 1000;

/**
 * Copies the DuckDB file, and replaces the last copy by it at once: a program that has that one
 * open reads on in it. No commit is open meanwhile, and everything that was committed is in the
 * copy. The blocks of both files are shared if the file system can do that; otherwise commits wait
 * while the bytes are copied. The copy has no write permission, the other permissions of the last
 * copy, and the time of the file, by which `isPublished` knows it.
 * Errors: PUBLISH_FAILED; WAREHOUSE_LOCKED, WAREHOUSE_UNREADABLE.
 */
export async function publishDuckDbFile(
  path: string,
  copy: string,
  memoryLimitMegabytes: number,
): Promise<void> {
  const access = { path, mode: 'write' as const, lockWaitMs, memoryLimitMegabytes };
  await withConnection(access, async (connection) => {
    try {
      // Writes what is only in the log so far to the file.
      await run(connection, 'CHECKPOINT');
    } catch (error) {
      throw fileError(error, path);
    }
    // The lock on the file ends with the copying, because the system drops a lock of this process
    // when any descriptor of the file is closed. DuckDB has nothing left to write by then.
    await copyWhole(path, copy).catch((error: unknown) => {
      const found = describeError(knownError(error, copy));
      throw new ReportsError('PUBLISH_FAILED', { warehouse: path, path: copy, found }, { cause: error });
    });
  });
}

/**
 * Whether a copy has all that was committed to the file, as far as the file system shows. What a
 * crash left in the write-ahead log is not in the file yet.
 */
export function isPublished(path: string, copy: string): boolean {
  const [file, last] = [statSync(path), statSync(copy)];
  // Node's `utimes` rounds what is less than a microsecond.
  const isOfSameTime = Math.abs(last.mtimeMs - file.mtimeMs) < 1;
  return last.size === file.size && isOfSameTime && !existsSync(`${path}.wal`);
}

async function copyWhole(path: string, copy: string): Promise<void> {
  const fresh = partialName(copy);
  try {
    await makeFolder(dirname(copy));
    const source = await stat(path);
    const last = await stat(copy).catch(() => undefined);
    await copyFile(path, fresh, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    faultPoint('copy-made');
    const file = await open(fresh, 'r+');
    try {
      await chmod(fresh, (last ?? source).mode & 0o555);
      await utimes(fresh, source.atimeMs / 1000, source.mtimeMs / 1000);
      // Whoever opened the last copy for writing, in spite of its permissions, may have left this.
      await removeFile(`${copy}.wal`);
      await nameWholeFile(file, fresh, copy);
    } finally {
      await dropPartial(file, fresh);
    }
  } finally {
    await rm(fresh, { force: true });
  }
}
