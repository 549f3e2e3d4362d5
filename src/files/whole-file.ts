import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ReportsError } from '../errors/reports-error.js';

/**
 * Returns a name for a file until it is complete. It is in the same folder as the final name, and
 * unique among all writers in this and other processes. `removeOldPartials` removes what a crash
 * leaves.
 */
export function partialName(path: string): string {
  return `${path}.${process.pid}-${randomBytes(4).toString('hex')}.part`;
}

/**
 * Permissions of files and folders that may contain report data: only for the owner. Existing files
 * and folders keep theirs.
 */
export const ownerOnly = { file: 0o600, folder: 0o700 } as const;

/** Creates a file under its partial name, and its folder if that is missing. */
export async function openPartial(partial: string): Promise<FileHandle> {
  try {
    return await open(partial, 'wx', ownerOnly.file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await makeFolder(dirname(partial));
    return open(partial, 'wx', ownerOnly.file);
  }
}

/**
 * Moves a finished file to its final name: syncs the bytes to disk, renames the file, then syncs
 * the folder. The file stays open.
 */
export async function nameWholeFile(file: FileHandle, partial: string, path: string): Promise<void> {
  await file.sync();
  await rename(partial, path);
  await syncFolder(dirname(path));
}

/** Closes a file and, unless it already has its final name, removes it. */
export async function dropPartial(file: FileHandle, partial: string): Promise<void> {
  try {
    await rm(partial, { force: true });
  } finally {
    await file.close();
  }
}

/** Writes a small file atomically: it is there completely or not at all. Errors: DISK_FULL. */
export async function writeWholeFile(path: string, text: string): Promise<void> {
  const partial = partialName(path);
  try {
    const file = await openPartial(partial);
    try {
      await file.writeFile(text);
      await nameWholeFile(file, partial, path);
    } finally {
      // Once it has its final name, there is nothing left to drop.
      await dropPartial(file, partial);
    }
  } catch (error) {
    throw writeError(error, path);
  }
}

/**
 * Writes a small file atomically without waiting for the disk, for data that may be lost. Readers,
 * also after a crash of the program, see a complete file. A power failure may leave it empty or
 * unchanged. Errors: DISK_FULL.
 */
export async function writeUnsyncedFile(path: string, text: string): Promise<void> {
  const partial = partialName(path);
  try {
    await makeFolder(dirname(path));
    await writeFile(partial, text, { mode: ownerOnly.file });
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw writeError(error, path);
  }
}

/**
 * Returns DISK_FULL for a full disk, because then nothing is wrong with the document. Any other
 * error is returned as it is.
 */
export function writeError(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new ReportsError('DISK_FULL', { path, found: code }, { cause: error });
  return error;
}

/**
 * Creates a folder and its parents durably: otherwise a power failure could remove them, together
 * with the complete files in them.
 */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: ownerOnly.folder });
  if (first === undefined) return;
  for (
    let made = resolve(folder);
    made.length >= first.length && made !== dirname(made);
    made = dirname(made)
  ) {
    await syncFolder(dirname(made));
  }
}

/**
 * Errors that a folder sync may fail with: Windows and some network disks do not support it, and a
 * folder with write permission only cannot be opened.
 */
const noSyncing = new Set(['EPERM', 'EACCES', 'EISDIR', 'EINVAL', 'ENOTSUP']);

/**
 * For each folder, the sync in progress and the next one. The next one serves all callers that
 * arrive before it begins.
 */
const syncsInWork = new Map<string, Promise<void>>();
const syncsToCome = new Map<string, Promise<void>>();

/** Resolves when the current names in the folder are on disk. */
function syncFolder(path: string): Promise<void> {
  const toCome = syncsToCome.get(path);
  if (toCome) return toCome;
  const before = syncsInWork.get(path) ?? Promise.resolve();
  const mine = before.then(() => {
    syncsToCome.delete(path);
    const syncing = syncNow(path);
    const settled = syncing
      .catch(() => {})
      .then(() => {
        if (syncsInWork.get(path) === settled) syncsInWork.delete(path);
      });
    syncsInWork.set(path, settled);
    return syncing;
  });
  syncsToCome.set(path, mine);
  return mine;
}

async function syncNow(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    if (!noSyncing.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
