import { readFileSync, statSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkFolderWritable } from '../files/whole-file.js';
import type { Store } from './types.js';

/**
 * A store in a folder of this machine. `nameWholeFile` gives files their names only when they are
 * whole, so keeping them takes no further step.
 */
export function openFolderStore(folder: string): Store {
  const find: Store['find'] = async (path) => {
    const found = statSync(path, { throwIfNoEntry: false });
    return found && { bytes: found.size, writtenMs: found.mtimeMs };
  };
  return {
    location: folder,
    folder,
    unfinished: folder,
    nameOf: (path) => path,
    keep: async () => {},
    fetch: async (path) => (await find(path)) && { version: '' },
    // Reading these few bytes directly is faster than passing them to another thread.
    read: (path) => unlessMissing(async () => readFileSync(path, 'utf8')),
    find,
    async list(below = '') {
      const options = { recursive: true, withFileTypes: true } as const;
      const entries = await unlessMissing(() => readdir(join(folder, below), options));
      const files = (entries ?? []).filter((entry) => !entry.isDirectory());
      return files.map((entry) => join(entry.parentPath, entry.name)).sort();
    },
    remove: (path) => rm(path, { force: true }),
    evictLocalCopy: async () => {},
    checkWritable: () => checkFolderWritable(folder),
  };
}

async function unlessMissing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
