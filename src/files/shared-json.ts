import { readFileSync, statSync } from 'node:fs';
import { type Clock, systemClock } from '../runtime/clock.js';
import { retry } from '../runtime/retry.js';
import { takeLock } from './file-lock.js';
import { writeUnsyncedFile, writeWholeFile } from './whole-file.js';

/** A small JSON file that several processes read and change. */
export interface SharedJson {
  /** The current content; undefined if it is missing or damaged. */
  read(): unknown;
  /**
   * Replaces the content by what `change` makes of it. Changes of several processes are serialized,
   * and none is lost.
   */
  change(change: (held: unknown) => object, signal?: AbortSignal): Promise<void>;
}

/**
 * How long to wait for another process's lock. Random, so that several processes do not stay in
 * step.
 */
const lockWaitMs = () => 2 + Math.random() * 20;

/**
 * Opens such a file, which need not exist. `isSynced: false` is for content that may be lost in a
 * power cut, and saves each change the wait for the disk.
 * Errors: DISK_FULL; the signal's reason.
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

/** Each change gives the name to a new file. */
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
