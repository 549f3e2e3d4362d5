import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { knownError } from '../errors/reports-error.js';

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
  return inFolder(dirname(partial), () => open(partial, 'wx', ownerOnly.file));
}

/** Creates a file in a folder, which is made if it is missing. */
async function inFolder<T>(folder: string, create: () => Promise<T>): Promise<T> {
  if (!keptFolders.has(resolve(folder))) await makeFolder(folder);
  try {
    return await create();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await makeFolder(folder);
    return create();
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

/**
 * Removes a file, if it exists, so that a power cut does not bring it back. Errors: those of the
 * file system.
 */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
  // Also if the file is gone already: a crash may have come between a removal and its sync.
  await syncFolder(dirname(path)).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  });
}

/**
 * Whether there is a file or folder of that name. Errors: FILE_SYSTEM_FAILED if the system can't
 * tell: it may be there.
 */
export function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    throw knownError(error, path);
  }
}

/**
 * Writes a small file so that it exists whole or not at all. Errors: DISK_FULL, FILE_SYSTEM_FAILED.
 */
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
    throw knownError(error, path);
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
    await inFolder(dirname(path), () => writeFile(partial, text, { mode: ownerOnly.file }));
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {});
    throw knownError(error, path);
  }
}

/** Folders whose names, and those of the folders around them, are on disk. */
const keptFolders = new Set<string>();

/**
 * Creates a folder and its parents so that a power cut does not remove them, together with the
 * whole files in them. Errors: DISK_FULL, FILE_SYSTEM_FAILED.
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await makeAndSync(folder);
  } catch (error) {
    throw knownError(error, folder);
  }
}

async function makeAndSync(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: ownerOnly.folder }).catch((error: unknown) =>
    reasonOf(error, folder),
  );
  if (first !== undefined)
    for (const kept of keptFolders) if (kept.startsWith(first)) keptFolders.delete(kept);
  // Another process may have made a folder and not synced its name yet, or been killed in between.
  const unsynced: string[] = [];
  for (let at = resolve(folder); at !== dirname(at) && !keptFolders.has(at); at = dirname(at))
    unsynced.push(at);
  for (const each of unsynced) await syncFolder(dirname(each));
  for (const each of unsynced) keptFolders.add(each);
}

/**
 * Node's recursive mkdir reports ENOENT on a read-only mount. Making the highest folder that is
 * missing shows the reason.
 */
async function reasonOf(error: unknown, folder: string): Promise<never> {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  let missing = resolve(folder);
  while (missing !== dirname(missing) && !existsSync(dirname(missing))) missing = dirname(missing);
  await mkdir(missing, { mode: ownerOnly.folder });
  // The folder above it vanished for a moment only.
  throw error;
}

/**
 * Writes a small file in a folder, made if it is missing, and removes it: a folder may exist and
 * take nothing. Errors: DISK_FULL, FILE_SYSTEM_FAILED.
 */
export async function checkFolderWritable(folder: string): Promise<void> {
  const probe = partialName(join(folder, 'probe'));
  try {
    const file = await openPartial(probe);
    try {
      await file.writeFile(Buffer.alloc(probeBytes));
      await file.sync();
    } finally {
      await dropPartial(file, probe);
    }
  } catch (error) {
    throw knownError(error, folder);
  }
}

/** More than a file system keeps in the entry of a file. */
const probeBytes = 8192;

/**
 * Windows, and some network disks, can't sync a folder; a folder with write permission only can't
 * be opened.
 */
const noSyncing = new Set(['ENOENT', 'EPERM', 'EACCES', 'EISDIR', 'EINVAL', 'ENOTSUP']);

/**
 * For each folder, the sync in progress and the next one. The next one serves all callers that
 * arrive before it begins.
 */
const syncsInWork = new Map<string, Promise<void>>();
const syncsToCome = new Map<string, Promise<void>>();

/**
 * Resolves when the current names in the folder are on disk: until then, a power cut may undo any
 * change of them. Does nothing if there is no such folder.
 */
export function syncFolder(path: string): Promise<void> {
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
