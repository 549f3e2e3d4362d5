import { readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { isRunning } from '../../files/file-lock.js';
import { safeName } from '../../files/safe-name.js';
import { systemClock } from '../../runtime/clock.js';

/**
 * The folder beside a DuckDB file for what exceeds the memory of a process. Each process has its
 * own, because DuckDB uses the same names in each; the host is part of the name, because a shared
 * folder may hold those of several hosts.
 */
export function spillFolder(path: string, pid: number | undefined = process.pid, host = hostname()): string {
  return `${path}.${safeName(host)}.${pid}.tmp`;
}

/** Longer than any work takes. */
const maxWorkMs = 24 * 3_600_000;

/**
 * Removes the folders of processes of this host that are gone, and of any other process if nothing
 * was written to them for a day. Never rejects: what can't be removed is left to a later start.
 */
export async function removeOldSpills(
  path: string,
  { host = hostname(), nowMs = systemClock.now() }: { host?: string; nowMs?: number } = {},
): Promise<void> {
  for (const name of await spillsOf(path)) {
    const folder = join(dirname(path), name);
    const [, of, pid] = /^(.*)\.(\d+)\.tmp$/.exec(name.slice(basename(path).length + 1)) ?? [];
    const isHere = of === safeName(host);
    const isOld = async () =>
      nowMs - ((await stat(folder).catch(() => undefined))?.mtimeMs ?? nowMs) > maxWorkMs;
    const isLeft = isHere ? !isRunning(Number(pid)) : await isOld();
    if (isLeft) await rm(folder, { recursive: true, force: true }).catch(() => {});
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
