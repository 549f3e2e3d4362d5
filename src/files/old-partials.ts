import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemClock } from '../runtime/clock.js';

const maxWorkMs = 24 * 3_600_000;

/** Name endings of partial files, their metadata, and locks; no complete file of ours has them. */
const unfinished = /\.(part|part\.json|lock)$/;

/**
 * Removes partial files that crashed processes left in these folders and their subfolders: those
 * not written to for a day. The folders must only contain files of this program. Folders that do
 * not exist or cannot be read are skipped.
 */
export async function removeOldPartials(folders: string[], nowMs = systemClock.now()): Promise<void> {
  for (const folder of folders) await removeOld(folder, await namesIn(folder, { recursive: true }), nowMs);
}

/** As `removeOldPartials`, for one file in a folder that others use too. */
export async function removeOldPartialsOf(path: string, nowMs = systemClock.now()): Promise<void> {
  const names = await namesIn(dirname(path), { recursive: false });
  const own = names.filter((name) => name.startsWith(`${basename(path)}.`));
  await removeOld(dirname(path), own, nowMs);
}

function namesIn(folder: string, options: { recursive: boolean }): Promise<string[]> {
  return readdir(folder, options).catch(() => []);
}

async function removeOld(folder: string, names: string[], nowMs: number): Promise<void> {
  for (const name of names.filter((each) => unfinished.test(each))) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() && nowMs - found.mtimeMs > maxWorkMs) await rm(path, { force: true }).catch(() => {});
  }
}
