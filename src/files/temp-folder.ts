import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAbandoned, processName } from './process-folders.js';

/** How the names of our folders begin: others use the temp folder of the system too. */
const beginning = 'sp-reports-work.';

let sweep: Promise<void> | undefined;

/**
 * Calls `work` with a new folder in the temp folder of the system, and removes it afterwards. The
 * first call of a process also removes the folders of processes that were killed.
 */
export async function withTempFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  sweep ??= removeAbandoned();
  await sweep;
  const folder = await mkdtemp(join(tmpdir(), `${beginning}${processName()}.`));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Never rejects: what can't be removed is left to a later process. */
async function removeAbandoned(): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => []);
  for (const name of names) {
    const [, owner] = /^(.+)\.[^.]+$/.exec(name.slice(beginning.length)) ?? [];
    if (!name.startsWith(beginning) || owner === undefined) continue;
    const folder = join(tmpdir(), name);
    // After a restart, a container has the same name and process number, and no folder yet.
    const isOfNamesake = owner === processName();
    if (!isOfNamesake && !(await isAbandoned(folder, owner))) continue;
    await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}
