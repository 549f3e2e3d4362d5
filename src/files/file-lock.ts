import { randomUUID } from 'node:crypto';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { type Clock, systemClock } from '../runtime/clock.js';
import { makeFolder } from './whole-file.js';

export interface FileLock {
  /** Whether nobody took it over meanwhile, thinking that its holder was gone. */
  isHeld(): Promise<boolean>;
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

/** Takes the lock file at that path; undefined where someone else holds it. What a crashed holder left is taken over. */
export async function takeLock(path: string, clock: Clock = systemClock): Promise<FileLock | undefined> {
  const holder: Holder = { host: hostname(), pid: process.pid, id: randomUUID() };
  await makeFolder(dirname(path));
  if (
    !(await create(path, holder)) &&
    !((await takeAway(path, holder, clock)) && (await create(path, holder)))
  ) {
    return undefined;
  }
  const stopTouching = clock.every(heartbeatMs, () => {
    const nowSeconds = clock.now() / 1000;
    utimes(path, nowSeconds, nowSeconds).catch(() => {});
  });
  const isHeld = async () => (await readHolder(path))?.id === holder.id;
  return {
    isHeld,
    async release() {
      stopTouching();
      ours.delete(holder.id);
      if (await isHeld()) await rm(path, { force: true });
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
    if (ours.delete(holder.id)) await rm(path, { force: true });
    throw error;
  }
}

/** Takes a stale lock away; false where it is not stale, or someone else was first. */
async function takeAway(path: string, taker: Holder, clock: Clock): Promise<boolean> {
  const stale = await readHolder(path);
  const touched = await stat(path).catch(() => undefined);
  // Released meanwhile: there is nothing left to take away.
  if (!touched) return true;
  if (!isStale(stale, touched.mtimeMs, clock)) return false;
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

function isStale(holder: Holder | undefined, touchedMs: number, clock: Clock): boolean {
  if (Math.abs(clock.now() - touchedMs) > staleMs) return true;
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
