import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isAbandoned, processName } from '../../files/process-folders.js';

/**
 * The folder beside a DuckDB file for what exceeds the memory of a process. Each process has its
 * own, because DuckDB uses the same names in each.
 */
export function spillFolder(path: string, pid?: number, host?: string): string {
  return `${path}.${processName(pid, host)}.tmp`;
}

/**
 * Removes the folders of processes of this host that are gone, and of any other process if nothing
 * was written to them for a day. Never rejects: what can't be removed is left to a later start.
 */
export async function removeOldSpills(
  path: string,
  options: { host?: string; nowMs?: number } = {},
): Promise<void> {
  for (const name of await spillsOf(path)) {
    const folder = join(dirname(path), name);
    const owner = name.slice(basename(path).length + 1, -'.tmp'.length);
    if (await isAbandoned(folder, owner, options))
      await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}

/** Removes all of them: for whoever has the file alone. */
export async function removeAllSpills(path: string): Promise<void> {
  for (const name of await spillsOf(path))
    await rm(join(dirname(path), name), { recursive: true, force: true });
}

/** Their names. Earlier versions named them without a host, or without both. */
async function spillsOf(path: string): Promise<string[]> {
  const names = await readdir(dirname(path)).catch(() => []);
  return names.filter((name) => name.startsWith(`${basename(path)}.`) && name.endsWith('.tmp'));
}
