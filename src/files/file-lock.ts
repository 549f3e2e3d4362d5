import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { knownError } from '../errors/reports-error.js';
import { type Clock, systemClock } from '../runtime/clock.js';
import { makeFolder } from './whole-file.js';

export interface FileLock {
  /** Whether no other process has taken it over since, assuming that its holder was gone. */
  isHeld(): Promise<boolean>;
  /** Never rejects. */
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
 * A lock not touched for this long is stale: its holder was on another machine, or its pid belongs
 * to another process by now.
 */
const staleMs = 120_000;
/**
 * A lock file gets its holder's name within milliseconds. One without a name is left by a power
 * cut, which kept the file and lost its bytes, or by a crash between the two.
 */
const namelessMs = 5000;

/** The locks of this process, by id: any other lock with our pid is that of an earlier process. */
const ours = new Set<string>();

/** Lock files without a holder's name that this process could neither write nor remove. */
const nameless = new Set<string>();

/**
 * Takes the lock file at that path, also from a crashed holder. Returns undefined if somebody else
 * holds it. Errors: DISK_FULL, FILE_SYSTEM_FAILED.
 */
export async function takeLock(path: string, clock: Clock = systemClock): Promise<FileLock | undefined> {
  try {
    return await takeUnlessHeld(path, clock);
  } catch (error) {
    throw knownError(error, path);
  }
}

async function takeUnlessHeld(path: string, clock: Clock): Promise<FileLock | undefined> {
  const holder: Holder = { host: hostname(), pid: process.pid, id: randomUUID() };
  await makeFolder(dirname(path));
  if (
    !(await create(path, holder)) &&
    !((await removeStale(path, holder, clock)) && (await create(path, holder)))
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
      // One that can't be removed is taken over, as it is in `ours` no more, or once this process
      // is gone.
      if (await isHeld()) await rm(path, { force: true }).catch(() => {});
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
    if (isNamedBy(holder, path)) return true;
    ours.delete(holder.id);
    return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    // The disk is full: a lock without a holder's name would last until it is stale.
    if (ours.delete(holder.id)) await rm(path, { force: true }).catch(() => nameless.add(path));
    throw error;
  }
}

/**
 * Whether a lock file that a process created is still its own. If the machine stood still before
 * the name was written, somebody may have taken the nameless file over.
 */
function isNamedBy({ id }: Holder, path: string): boolean {
  try {
    return holderIn(readFileSync(path, 'utf8'))?.id === id;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Removes a stale lock. Returns false if it is not stale, or somebody else was first. */
async function removeStale(path: string, taker: Holder, clock: Clock): Promise<boolean> {
  const text = await readText(path);
  const stale = holderIn(text);
  // A file that can't be read may well have a holder's name.
  const isNameless = text !== undefined && !stale;
  const touched = await stat(path).catch(() => undefined);
  // It was released in the meantime: nothing is left to remove.
  if (!touched) return true;
  const isLeftByUs = stale === undefined && nameless.delete(path);
  const ageMs = Math.abs(clock.now() - touched.mtimeMs);
  if (!isLeftByUs && !(isNameless && ageMs > namelessMs) && !isStale(stale, ageMs)) return false;
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

function isStale(holder: Holder | undefined, ageMs: number): boolean {
  if (ageMs > staleMs) return true;
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
  return holderIn(await readText(path));
}

/** Undefined if it can't be read. */
function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

function holderIn(text = ''): Holder | undefined {
  try {
    return JSON.parse(text) as Holder;
  } catch {
    return undefined;
  }
}
