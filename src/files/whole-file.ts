import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ReportsError } from '../errors/reports-error.js';

/**
 * A name for a file until it is whole: beside its final name, and unique among all writers of all
 * processes. `removeOldPartials` removes what a crash leaves.
 */
export function partialName(path: string): string {
  return `${path}.${process.pid}-${randomBytes(4).toString('hex')}.part`;
}

/**
 * Permissions of what may hold report data: only the owner's. Existing files and folders keep
 * theirs.
 */
export const ownerOnly = { file: 0o600, folder: 0o700 } as const;

/** Creates a file under its temporary name, and its folder if it is missing. */
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
 * Gives a finished file its final name: first syncs the bytes, then renames, then syncs the name.
 * The file stays open.
 */
export async function nameWholeFile(file: FileHandle, partial: string, path: string): Promise<void> {
  await file.sync();
  await rename(partial, path);
  await syncFolder(dirname(path));
}

/** Closes and removes a file that will not be finished. Only closes one that has its final name. */
export async function dropPartial(file: FileHandle, partial: string): Promise<void> {
  try {
    await rm(partial, { force: true });
  } finally {
    await file.close();
  }
}

/** Writes a small file so that it exists whole or not at all. Errors: DISK_FULL. */
export async function writeWholeFile(path: string, text: string): Promise<void> {
  const partial = partialName(path);
  try {
    const file = await openPartial(partial);
    try {
      await file.writeFile(text);
      await nameWholeFile(file, partial, path);
    } finally {
      // Once named, nothing is left to remove.
      await dropPartial(file, partial);
    }
  } catch (error) {
    throw writeError(error, path);
  }
}

/**
 * As `writeWholeFile`, without waiting for the disk, for dispensable content: whole for every
 * reader and after a crash of the program, but a power cut may leave it empty or as it was before.
 * Errors: DISK_FULL.
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
 * Converts a full disk into an error of its own: nothing is wrong with the document. Returns any
 * other error unchanged.
 */
export function writeError(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new ReportsError('DISK_FULL', { path, found: code }, { cause: error });
  return error;
}

/**
 * Creates a folder and its parents so that a power cut does not remove them, together with the
 * whole files in them.
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
 * Windows, and some network disks, can't sync a folder; a folder with write permission only can't
 * be opened.
 */
const noSyncing = new Set(['EPERM', 'EACCES', 'EISDIR', 'EINVAL', 'ENOTSUP']);

/**
 * For each folder the sync in progress, and the next one, which serves all who call until it
 * begins.
 */
const syncsInWork = new Map<string, Promise<void>>();
const syncsToCome = new Map<string, Promise<void>>();

/** Resolves when all names that the folder has by now are on disk. */
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
