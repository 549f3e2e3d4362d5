import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const longestWorkMs = 24 * 3_600_000;

/** Ends of names of files that are not whole, of what is known of a part, and of a lock; no whole file of ours ends so. */
const unfinished = /\.(part|part\.json|lock)$/;

/**
 * Takes away what crashed processes left of files they were writing in those folders, which hold files of ours alone, and in those below
 * them: what nobody has written to for a day. A folder that is not there, or can't be read, is passed over; so is a file that can't be removed.
 */
export async function removeOldPartials(folders: string[], nowMs = Date.now()): Promise<void> {
  for (const folder of folders) await removeOld(folder, await namesIn(folder, { recursive: true }), nowMs);
}

/** The same of one file, in a folder that is others' too. */
export async function removeOldPartialsOf(path: string, nowMs = Date.now()): Promise<void> {
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
    if (found?.isFile() && nowMs - found.mtimeMs > longestWorkMs)
      await rm(path, { force: true }).catch(() => {});
  }
}
