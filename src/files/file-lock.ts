import { randomUUID } from 'node:crypto';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { knownError } from '../errors/reports-error.js';
import { makeFolder } from './whole-file.js';

export interface FileLock {
  /** Whether nobody took it over meanwhile, thinking that its holder was gone. */
  isHeld(): Promise<boolean>;
  /** Never rejects. */
  release(): Promise<void>;
}

/** What stands in a lock file. */
interface Holder {
  host: string;
  pid: number;
  /** Of this one taking of the lock. */
  id: string;
}

const heartbeatMs = 10_000;
/** A lock that was not touched for so long is nobody's: its holder is on another machine, or its pid is another process by now. */
const staleMs = 120_000;

/** The locks that this process holds, by id: a pid of ours in any other lock is that of a process before us. */
const ours = new Set<string>();

/** Lock files without a holder's name that this process could neither write nor remove: the system took no call any more. */
const nameless = new Set<string>();

/**
 * Takes the lock file at that path; undefined where someone else holds it. What a crashed holder left is taken over.
 * Errors: DISK_FULL, FILE_SYSTEM_FAILED.
 */
export async function takeLock(path: string): Promise<FileLock | undefined> {
  try {
    return await takeUnlessHeld(path);
  } catch (error) {
    throw knownError(error, path);
  }
}

async function takeUnlessHeld(path: string): Promise<FileLock | undefined> {
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
      // One that can't be removed is taken over, as it is in `ours` no more, or once this process is gone.
      if (await isHeld()) await rm(path, { force: true }).catch(() => {});
    },
  };
}

async function create(path: string, holder: Holder): Promise<boolean> {
  try {
    // At one go: a lock that a killed process left without its name in it would stand for two minutes.
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
    // A full disk: a lock without a holder's name in it would stand until it is old.
    if (ours.delete(holder.id)) await rm(path, { force: true }).catch(() => nameless.add(path));
    throw error;
  }
}

/** Takes a stale lock away; false where it is not stale, or someone else was first. */
async function takeAway(path: string, taker: Holder): Promise<boolean> {
  const stale = await readHolder(path);
  const touched = await stat(path).catch(() => undefined);
  // Released meanwhile: there is nothing left to take away.
  if (!touched) return true;
  const isLeftByUs = stale === undefined && nameless.delete(path);
  if (!isLeftByUs && !isStale(stale, touched.mtimeMs)) return false;
  const aside = `${path}.${taker.id}.part`;
  const moved = await rename(path, aside).then(
    () => true,
    () => false,
  );
  if (!moved) return false;
  // Between the look and the rename someone may have put a lock of their own there: they get it back.
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

/** Whether a process of this machine has that number. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as another user.
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
