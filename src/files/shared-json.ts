import { readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { takeLock } from './file-lock.js';
import { writeUnsyncedFile, writeWholeFile } from './whole-file.js';

/** A small JSON file that several processes read and change. */
export interface SharedJson {
  /** Returns its current content; undefined if the file is missing or damaged. */
  read(): unknown;
  /** Replaces the content by the result of `change`, atomically: no other change is lost. */
  change(change: (held: unknown) => object, signal?: AbortSignal): Promise<void>;
}

const pauseMs = { least: 2, most: 20 };

/**
 * Opens a shared JSON file, which need not exist. With `isSynced: false`, changes do not wait for
 * the disk and may be lost in a power failure. Errors: DISK_FULL; the signal's reason if aborted.
 */
export function openSharedJson(path: string, { isSynced = true }: { isSynced?: boolean } = {}): SharedJson {
  const write = isSynced ? writeWholeFile : writeUnsyncedFile;
  let known: { value: unknown; version: string } = { value: undefined, version: '' };

  function read(): unknown {
    const version = versionOf(path);
    if (version !== known.version) known = { value: parsed(path), version };
    return known.value;
  }

  async function changeLocked(change: (held: unknown) => object, signal?: AbortSignal): Promise<void> {
    let lock = await takeLock(`${path}.lock`);
    while (!lock) {
      await sleep(pauseMs.least + Math.random() * pauseMs.most);
      signal?.throwIfAborted();
      lock = await takeLock(`${path}.lock`);
    }
    try {
      await write(path, JSON.stringify(change(parsed(path)), null, 2));
    } finally {
      await lock.release();
    }
  }

  return {
    read,
    change(change, signal) {
      const before = inHand.get(path) ?? Promise.resolve();
      const mine = before.then(() => changeLocked(change, signal));
      inHand.set(
        path,
        mine.catch(() => {}),
      );
      return mine;
    },
  };
}

/**
 * Pending changes by path. Changes of one process wait here for each other, so that they need not
 * poll for the lock.
 */
const inHand = new Map<string, Promise<void>>();

/**
 * Returns a version of the file that differs after each change, because each change replaces the
 * file.
 */
function versionOf(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found ? `${found.ino} ${found.mtimeNs} ${found.size}` : '';
}

function parsed(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
