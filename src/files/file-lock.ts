import { randomUUID } from 'node:crypto';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { makeFolder } from './whole-file.js';

export interface FileLock {
  /** Whether no other process has taken it over since, assuming that its holder was gone. */
  isHeld(): Promise<boolean>;
  release(): Promise<void>;
}

/** The content of a lock file. */
interface Holder {
  host: string;
  pid: number;
  /** Identifies this acquisition of the lock. */
  id: string;
}

const heartbeatMs = 10_000;
/**
 * A lock that was not touched for this long is stale: its holder is on another machine, or its pid
 * now belongs to another process.
 */
const staleMs = 120_000;

/**
 * The ids of the locks that this process holds. If another lock has our pid, it is from an earlier
 * process.
 */
const ours = new Set<string>();

/**
 * Acquires the lock file at that path; returns undefined if someone else holds it. The lock of a
 * crashed holder is taken over.
 */
export async function takeLock(path: string): Promise<FileLock | undefined> {
  const holder: Holder = { host: hostname(), pid: process.pid, id: randomUUID() };
  await makeFolder(dirname(path));
  if (!(await create(path, holder)) && !((await takeAway(path, holder)) && (await create(path, holder)))) {
    return undefined;
  }
  const touch = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, heartbeatMs);
  touch.unref();
  const isHeld = async () => (await readHolder(path))?.id === holder.id;
  return {
    isHeld,
    async release() {
      clearInterval(touch);
      ours.delete(holder.id);
      if (await isHeld()) await rm(path, { force: true });
    },
  };
}

async function create(path: string, holder: Holder): Promise<boolean> {
  try {
    // Created with its content: if a process were killed before it wrote its name, the lock would
    // block others for two minutes.
    const file = openSync(path, 'wx');
    ours.add(holder.id);
    try {
      writeFileSync(file, JSON.stringify(holder));
    } finally {
      closeSync(file);
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    // If the disk is full, a lock without the name of a holder would block others until it is
    // stale.
    if (ours.delete(holder.id)) await rm(path, { force: true });
    throw error;
  }
}

/** Removes a stale lock; returns false if it is not stale, or if another process was first. */
async function takeAway(path: string, taker: Holder): Promise<boolean> {
  const stale = await readHolder(path);
  const touched = await stat(path).catch(() => undefined);
  // It was released in the meantime, so there is nothing to remove.
  if (!touched) return true;
  if (!isStale(stale, touched.mtimeMs)) return false;
  const aside = `${path}.${taker.id}.part`;
  const moved = await rename(path, aside).then(
    () => true,
    () => false,
  );
  if (!moved) return false;
  // Between the check and the rename, another process may have created its own lock: restore it.
  const mine = (await readHolder(aside))?.id === stale?.id;
  if (mine) await rm(aside, { force: true });
  else await rename(aside, path);
  return mine;
}

function isStale(holder: Holder | undefined, touchedMs: number): boolean {
  if (Math.abs(Date.now() - touchedMs) > staleMs) return true;
  if (!holder || holder.host !== hostname()) return false;
  return holder.pid === process.pid ? !ours.has(holder.id) : !isRunning(holder.pid);
}

/** Whether a process with that pid runs on this machine. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs as another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}
