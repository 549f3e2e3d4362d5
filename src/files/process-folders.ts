import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { systemClock } from '../runtime/clock.js';
import { isRunning } from './file-lock.js';
import { safeName } from './safe-name.js';

/**
 * What the name of a folder says about the process that it belongs to. The host is part of it,
 * because several hosts may share the folder around it.
 */
export function processName(pid: number = process.pid, host = hostname()): string {
  return `${safeName(host)}.${pid}`;
}

/** Longer than any work takes. */
const maxWorkMs = 24 * 3_600_000;

/**
 * Whether the process that a folder is named after is gone: one of this host that is not running,
 * or any other if nothing was written to the folder for a day. `name`: as from `processName`.
 */
export async function isAbandoned(
  folder: string,
  name: string,
  { host = hostname(), nowMs = systemClock.now() }: { host?: string; nowMs?: number } = {},
): Promise<boolean> {
  const [, of, pid] = /^(.*)\.(\d+)$/.exec(name) ?? [];
  if (of === safeName(host)) return !isRunning(Number(pid));
  const found = await stat(folder).catch(() => undefined);
  return found !== undefined && nowMs - found.mtimeMs > maxWorkMs;
}
