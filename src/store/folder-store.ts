import { readFileSync, statSync } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkFolderWritable, removeFile } from '../files/whole-file.js';
import { sortedNames } from './list-pages.js';
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
    list: (below = '') => sortedNames(filePages(join(folder, below))),
    pages: (below = '') => filePages(join(folder, below)),
    remove: removeFile,
    evictLocalCopy: async () => {},
    checkWritable: () => checkFolderWritable(folder),
  };
}

const namesPerPage = 1000;

/** The files below a folder. One folder may have a million, and may vanish meanwhile. */
async function* filePages(folder: string): AsyncGenerator<string[]> {
  const entries = await unlessMissing(() => opendir(folder, { bufferSize: namesPerPage }));
  if (!entries) return;
  const folders: string[] = [];
  let page: string[] = [];
  for await (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) folders.push(path);
    else page.push(path);
    if (page.length < namesPerPage) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
  for (const each of folders) yield* filePages(each);
}

async function unlessMissing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
