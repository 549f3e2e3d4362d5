import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ReportsError } from './errors.js';

/** Begins a file under the name it has until it is whole; what an earlier process left there goes. */
export async function openPartial(partial: string): Promise<FileHandle> {
  await mkdir(dirname(partial), { recursive: true });
  await rm(partial, { force: true });
  return open(partial, 'wx');
}

/**
 * Gives a finished file its final name: bytes on disk first, then the name, then the name on disk. The file stays open.
 * Fails with EBUSY where another process has meanwhile begun it anew: then the bytes under the partial name are not these.
 */
export async function nameWholeFile(file: FileHandle, partial: string, path: string): Promise<void> {
  await file.sync();
  if (!(await isUnderName(file, partial))) {
    throw Object.assign(new Error(`${path} is being written by another process`), { code: 'EBUSY' });
  }
  await rename(partial, path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Ends a file that will not be whole: closes it and takes it away, unless another process has meanwhile begun it anew. */
export async function dropPartial(file: FileHandle, partial: string): Promise<void> {
  try {
    if (await isUnderName(file, partial)) await rm(partial, { force: true });
  } finally {
    await file.close();
  }
}

/** Writes a small file so that it is there whole or not at all. Errors: DISK_FULL. */
export async function writeWholeFile(path: string, text: string): Promise<void> {
  const partial = `${path}.part`;
  try {
    const file = await openPartial(partial);
    try {
      await file.writeFile(text);
      await nameWholeFile(file, partial, path);
    } finally {
      // Once named there is nothing left to drop.
      await dropPartial(file, partial);
    }
  } catch (error) {
    throw writeError(error, path);
  }
}

/** A full disk has an error of its own: nothing is wrong with the document. Any other error comes back as it is. */
export function writeError(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new ReportsError('DISK_FULL', { path, found: code }, { cause: error });
  return error;
}

async function isUnderName(file: FileHandle, path: string): Promise<boolean> {
  const named = await stat(path).catch(() => undefined);
  return named !== undefined && named.ino === (await file.stat()).ino;
}
