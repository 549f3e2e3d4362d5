import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { takeLock } from '../files/file-lock.js';
import { makeFolder } from '../files/whole-file.js';

/** A folder of this process alone, for local copies. */
export interface Scratch {
  folder: string;
  /** Removes it. */
  close(): Promise<void>;
}

/**
 * Creates one in `folder`, and removes those of processes that are gone. A lock beside each shows
 * whether its process is alive.
 */
export async function openScratch(folder: string): Promise<Scratch> {
  await removeAbandoned(folder);
  const own = join(folder, randomUUID());
  const lock = await takeLock(`${own}.lock`);
  await makeFolder(own);
  return {
    folder: own,
    async close() {
      await rm(own, { recursive: true, force: true });
      await lock?.release();
    },
  };
}

async function removeAbandoned(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((each) => !each.includes('.'))) {
    const lock = await takeLock(`${join(folder, name)}.lock`);
    if (!lock) continue;
    await rm(join(folder, name), { recursive: true, force: true });
    await lock.release();
  }
}
