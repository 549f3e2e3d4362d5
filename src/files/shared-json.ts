import { readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { knownError } from '../errors/reports-error.js';
import { takeLock } from './file-lock.js';
import { writeUnsyncedFile, writeWholeFile } from './whole-file.js';

/** A small JSON file that several processes read and change. */
export interface SharedJson {
  /** What stands in it now; undefined where it is missing or damaged. Errors: FILE_SYSTEM_FAILED if nobody can know what stands in it. */
  read(): unknown;
  /** Puts in its place what `change` makes of it; nobody else's change comes in between, and none is lost. */
  change(change: (held: unknown) => object, signal?: AbortSignal): Promise<void>;
}

const pauseMs = { least: 2, most: 20 };

/**
 * Opens such a file, which need not be there. `isSynced: false` is for what may be lost in a power cut, and spares each change the wait for the disk.
 * Errors: DISK_FULL, FILE_SYSTEM_FAILED; the signal's reason where it is aborted.
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

/** Changes in hand by path: those of one process wait here for each other, and needn't try for the lock over and over. */
const inHand = new Map<string, Promise<void>>();

/** Each change gives the name to a new file. */
function versionOf(path: string): string {
  const found = onFile(path, () => statSync(path, { bigint: true, throwIfNoEntry: false }));
  return found ? `${found.ino} ${found.mtimeNs} ${found.size}` : '';
}

/** A file that the system can't read is not a damaged one: a change would lose what stands in it. */
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
