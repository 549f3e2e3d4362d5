import { isUtf8 } from 'node:buffer';
import { readFileSync, statSync } from 'node:fs';
import { link, open, rename } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Logger } from 'pino';
import { ZodError } from 'zod';
import { knownError } from '../errors/reports-error.js';
import { type Clock, systemClock } from '../runtime/clock.js';
import { retry } from '../runtime/retry.js';
import { takeLock } from './file-lock.js';
import { writeUnsyncedFile, writeWholeFile } from './whole-file.js';

/** A small JSON file that several processes read and change. */
export interface SharedJson<T extends object> {
  /** Returns its current content, or what its kind has in place of a missing or damaged one. */
  read(): T;
  /**
   * Replaces the content by the result of `change`, atomically: no other change is lost. A damaged
   * file is set aside first, with a warning. A file that was there before and is gone is as damaged
   * as any.
   */
  change(change: (held: T) => T, signal?: AbortSignal): Promise<void>;
  /**
   * Replaces the content where it is, by one that is no longer: for a disk that has no room for
   * another file. Changes nothing if the file was replaced or damaged in the meantime.
   */
  overwrite(change: (held: T) => T): Promise<void>;
  /** Sets the file aside if it is damaged, with a warning. */
  repair(): Promise<void>;
}

/** What one kind of file holds. */
export interface JsonKind<T extends object> {
  /**
   * Reads the content, in whatever form an earlier version wrote it. Errors: ZodError if the file
   * is damaged; any other error if it must stay as it is.
   */
  parse(content: unknown, path: string): T;
  /** The content of a file that does not exist yet. */
  missing(): T;
  /** A safe content in place of a damaged one, which was found at that time. */
  lost(foundMs: number): T;
  /** What follows from the loss, as the end of a warning. */
  consequence: string;
  /** With `false`, changes do not wait for the disk and may be lost in a power failure. */
  isSynced?: boolean;
}

export interface SharedJsonOptions {
  log: Pick<Logger, 'warn'>;
  clock?: Clock;
}

/** The damage of a file that does not exist any more. */
const gone = 'gone';

/**
 * How long to wait for another process's lock. Random, so that several processes do not stay in
 * step.
 */
const lockWaitMs = () => 2 + Math.random() * 20;

/** `damage`: why the file is not what `value` stands for. */
interface Content<T> {
  value: T;
  damage?: string | undefined;
  version: string;
}

/**
 * Opens a shared JSON file, which need not exist. Errors of its methods: DISK_FULL,
 * FILE_SYSTEM_FAILED, those of its kind; the signal's reason if aborted.
 */
export function openSharedJson<T extends object>(
  path: string,
  kind: JsonKind<T>,
  { log, clock = systemClock }: SharedJsonOptions,
): SharedJson<T> {
  const write = kind.isSynced === false ? writeUnsyncedFile : writeWholeFile;
  let known: Content<T> | undefined;

  /** The content as of now; of a damaged file, the same until the file changes. */
  function load(): Content<T> {
    const version = versionOf(path);
    const found = version === '' && wasThere() ? { damage: gone } : readJson(path, kind);
    const isSameDamage = found.damage !== undefined && known?.damage !== undefined;
    if (!known || !isSameDamage || known.version !== version) {
      known = { damage: found.damage, value: found.value ?? kind.lost(clock.now()), version };
    }
    return known;
  }

  /** Nothing but a person or a damaged disk removes the file. */
  function wasThere(): boolean {
    return known !== undefined && (known.version !== '' || known.damage === gone);
  }

  async function changeLocked(change: (held: T) => T, signal?: AbortSignal): Promise<void> {
    const lock = await retry(() => takeLock(`${path}.lock`, clock), {
      isUnfinished: (taken) => taken === undefined,
      backoffMs: lockWaitMs,
      signal,
      clock,
    });
    try {
      const { value, damage } = known?.version === versionOf(path) ? known : load();
      const text = JSON.stringify(change(value), null, 2);
      if (damage === gone) warnOfLoss();
      else if (damage !== undefined) await setAside(damage);
      await write(path, text);
      // Checking the shape of a large file takes most of the time of a change.
      known = { value: JSON.parse(text) as T, version: versionOf(path) };
    } finally {
      await lock?.release();
    }
  }

  async function setAside(damage: string): Promise<void> {
    const aside = await keepCopy(path, clock.now());
    log.warn(
      { file: path, found: damage, setAside: aside },
      `${path} is damaged (${damage}); it was set aside as ${basename(aside)}; ${kind.consequence}`,
    );
  }

  function warnOfLoss(): void {
    log.warn({ file: path, found: gone }, `${path} is ${gone}, and was there before; ${kind.consequence}`);
  }

  const shared: SharedJson<T> = {
    read() {
      const version = versionOf(path);
      return known?.version === version ? known.value : load().value;
    },
    change(change, signal) {
      const before = inFlight.get(path) ?? Promise.resolve();
      const mine = before.then(() => changeLocked(change, signal));
      inFlight.set(
        path,
        mine.catch(() => {}),
      );
      return mine;
    },
    async overwrite(change) {
      const { value, damage, version } = load();
      if (damage !== undefined || version === '') return;
      await overwriteFile(path, JSON.stringify(change(value)), version);
    },
    async repair() {
      if (load().damage !== undefined) await shared.change((held) => held);
    },
  };
  return shared;
}

/**
 * Changes in flight by path: those of one process wait here for each other, and need not poll the
 * lock.
 */
const inFlight = new Map<string, Promise<void>>();

/**
 * Returns a version of the file that differs after each change, because each change replaces the
 * file; empty if there is none.
 */
function versionOf(path: string): string {
  const found = onFile(path, () => statSync(path, { bigint: true, throwIfNoEntry: false }));
  return found ? `${found.ino} ${found.mtimeNs} ${found.size}` : '';
}

/**
 * The content of a file, or why it is damaged. A file that the system can't read is not a damaged
 * one: a change would lose what is in it.
 */
function readJson<T extends object>(
  path: string,
  { parse, missing }: JsonKind<T>,
): { value?: T; damage?: string } {
  const found = onFile(path, () => statSync(path, { throwIfNoEntry: false }));
  if (!found) return { value: missing() };
  // Reading what is neither may wait forever.
  if (!found.isFile()) return { damage: found.isDirectory() ? 'a folder' : 'not a file' };
  const bytes = onFile(path, () => readFileSync(path));
  if (!bytes) return { value: missing() };
  if (bytes.length === 0) return { damage: 'empty' };
  if (!isUtf8(bytes)) return { damage: 'not UTF-8' };
  let content: unknown;
  try {
    content = JSON.parse(bytes.toString('utf8'));
  } catch {
    return { damage: 'not JSON' };
  }
  try {
    return { value: parse(content, path) };
  } catch (error) {
    if (!(error instanceof ZodError)) throw error;
    const [issue] = error.issues;
    return { damage: `${issue?.path.join('.') || 'the whole file'}: ${issue?.message}` };
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

/**
 * Adds a second name to a file, so that it is never missing until its successor replaces it: a
 * missing file is taken for a new one. Moves what cannot have two names, such as a folder.
 */
async function keepCopy(path: string, nowMs: number): Promise<string> {
  const aside = `${path}.damaged-${new Date(nowMs).toISOString().replaceAll(':', '-')}`;
  try {
    await link(path, aside).catch(() => rename(path, aside));
  } catch (error) {
    throw knownError(error, path);
  }
  return aside;
}

/** Overwrites a file of that version without needing room, filled up with blanks. */
async function overwriteFile(path: string, text: string, version: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    const bytes = Buffer.alloc(size, ' ');
    if (Buffer.byteLength(text) > size || versionOf(path) !== version) return;
    bytes.write(text);
    await file.write(bytes, 0, size, 0);
    await file.sync();
  } finally {
    await file.close();
  }
}
