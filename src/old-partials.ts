import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const longestWorkMs = 24 * 3_600_000;

/** Ends of names of files that are not whole, of what is known of a part, and of a lock; no whole file of ours ends so. */
const unfinished = /\.(part|part\.json|lock)$/;

/**
 * Takes away what crashed processes left of files they were writing in those folders: what nobody has written to for a day. A folder that
 * is not there, or can't be read, is passed over.
 */
export async function removeOldPartials(
  folders: string[],
  options: { recursive: boolean; nowMs?: number },
): Promise<void> {
  const { recursive, nowMs = Date.now() } = options;
  for (const folder of folders) {
    const names = await readdir(folder, { recursive }).catch(() => []);
    for (const name of names.filter((each) => unfinished.test(each))) {
      const path = join(folder, name);
      const found = await stat(path).catch(() => undefined);
      if (found?.isFile() && nowMs - found.mtimeMs > longestWorkMs) await rm(path, { force: true });
    }
  }
}
