import { readFileSync, statSync } from 'node:fs';
import { knownError } from '../errors/reports-error.js';
import { type Clock, systemClock } from '../runtime/clock.js';
import { retry } from '../runtime/retry.js';
import { takeLock } from './file-lock.js';
import { writeUnsyncedFile, writeWholeFile } from './whole-file.js';

/** A small JSON file that several processes read and change. */
export interface SharedJson {
  /** Returns its current content; undefined if the file is missing or damaged. */
  read(): unknown;
  /** Replaces the content by the result of `change`, atomically: no other change is lost. */
  change(change: (held: unknown) => object, signal?: AbortSignal): Promise<void>;
}

/**
 * How long to wait for another process's lock. Random, so that several processes do not stay in
 * step.
 */
const lockWaitMs = () => 2 + Math.random() * 20;

/**
 * Opens a shared JSON file, which need not exist. With `isSynced: false`, changes do not wait for
 * the disk and may be lost in a power failure. Errors: DISK_FULL; the signal's reason if aborted.
 */
export function openSharedJson(
  path: string,
  { isSynced = true, clock = systemClock }: { isSynced?: boolean; clock?: Clock } = {},
): SharedJson {
  const write = isSynced ? writeWholeFile : writeUnsyncedFile;
  let known: { value: unknown; version: string } = { value: undefined, version: '' };

  function read(): unknown {
    const version = versionOf(path);
    if (version !== known.version) known = { value: parsed(path), version };
    return known.value;
  }

  async function changeLocked(change: (held: unknown) => object, signal?: AbortSignal): Promise<void> {
    const lock = await retry(() => takeLock(`${path}.lock`, clock), {
      isUnfinished: (taken) => taken === undefined,
      backoffMs: lockWaitMs,
      signal,
      clock,
    });
    try {
      await write(path, JSON.stringify(change(parsed(path)), null, 2));
    } finally {
      await lock?.release();
    }
  }

  return {
    read,
    change(change, signal) {
      const before = inFlight.get(path) ?? Promise.resolve();
      const mine = before.then(() => changeLocked(change, signal));
      inFlight.set(
        path,
        mine.catch(() => {}),
      );
      return mine;
    },
  };
}

/**
 * Changes in flight by path: those of one process wait here for each other, and need not poll the
 * lock.
 */
const inFlight = new Map<string, Promise<void>>();

/**
 * Returns a version of the file that differs after each change, because each change replaces the
 * file.
 */
function versionOf(path: string): string {
  const found = onFile(path, () => statSync(path, { bigint: true, throwIfNoEntry: false }));
  return found ? `${found.ino} ${found.mtimeNs} ${found.size}` : '';
}

/**
 * A file that the system can't read is not a damaged one: a change would lose what stands in it.
 */
function parsed(path: string): unknown {
  const text = onFile(path, () => readFileSync(path, 'utf8'));
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Undefined if there is no such file. */
function onFile<T>(path: string, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw knownError(error, path);
  }
}
