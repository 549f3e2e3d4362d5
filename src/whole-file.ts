import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ReportsError } from './errors.js';

/** Gives a finished file its final name: bytes on disk first, then the name, then the name on disk. */
export async function nameWholeFile(partial: string, path: string): Promise<void> {
  await sync(partial);
  await rename(partial, path);
  await sync(dirname(path));
}

/** Writes a small file so that it is there whole or not at all. */
export async function writeWholeFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const partial = `${path}.${process.pid}.part`;
  try {
    const file = await open(partial, 'w');
    await file.writeFile(text);
    await file.close();
    await nameWholeFile(partial, path);
  } catch (error) {
    throw writeError(error, path);
  }
}

/** A full disk has an error of its own: nothing is wrong with the document. */
export function writeError(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new ReportsError('DISK_FULL', { path, found: code }, { cause: error });
  return error;
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
