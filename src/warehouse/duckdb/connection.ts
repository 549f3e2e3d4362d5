import { chmod, link, rename, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { ReportsError } from '../../errors/reports-error.js';
import { isThere, makeFolder, ownerOnly, partialName } from '../../files/whole-file.js';
import { fileError, firstLine, isLock } from '../../errors/duckdb-error.js';
import { inTurn } from './turns.js';

/** How the file is opened for one piece of work. */
export interface Access {
  path: string;
  /** `write` makes the file and its folders where they are missing. `read` also shuts off files, network and settings. */
  mode: 'read' | 'write';
  /** How long to wait, in milliseconds, for another process that holds the file. */
  lockWaitMs: number;
  /** What DuckDB may take; what it needs beyond goes to disk, in a folder beside the file. Default: DuckDB's own, most of the machine's. */
  memoryLimitMegabytes?: number;
  /** Default: as many as the machine and the memory allow. */
  threads?: number;
  /** Breaks the work off; it then fails with the signal's reason. */
  signal?: AbortSignal;
  /** Whether the work is broken off and begun again where other work of this process wants the file. */
  isOnlooker?: boolean;
  /** Where DuckDB puts what the memory does not hold. Default: a folder beside the file. */
  temporaryFolder?: string;
}

const lockRetryMs = { first: 20, most: 250 };

/**
 * Opens the file, does the work, closes the file. Pieces of work of one process wait for each other: two instances of one file are not kept
 * apart by the operating system there, and closing one of them would drop the lock of both. Nothing is held afterwards: neither lock nor write-ahead log. Results must be
 * read to their end within the work, as a stream that is still open keeps the lock.
 * Fails with WAREHOUSE_LOCKED, WAREHOUSE_UNREADABLE, FILE_SYSTEM_FAILED or DISK_FULL where the file can't be opened.
 */
export async function withConnection<T>(
  access: Access,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const path = resolve(access.path);
  return takeTurn({ ...access, path }, (signal) => openAndWork({ ...access, path, signal }, work));
}

/**
 * Does work on the file when its turn among those of this process comes. Its signal is aborted by the caller's, and if an onlooker has to
 * give way.
 */
export async function takeTurn<T>(
  { path, signal, isOnlooker }: Pick<Access, 'path' | 'signal' | 'isOnlooker'>,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const begin = (wanted: AbortSignal) => work(signal ? AbortSignal.any([signal, wanted]) : wanted);
  try {
    return await inTurn(resolve(path), begin, { isOnlooker });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** A statement that begins after an interruption runs all the same, so there is more than one. */
const interruptMs = 50;

async function openAndWork<T>(
  access: Access & { signal: AbortSignal },
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const instance = await openWithPatience(access);
  let connection: DuckDBConnection | undefined;
  let interrupts: NodeJS.Timeout | undefined;
  const interrupt = () => {
    connection?.interrupt();
    interrupts ??= setInterval(interrupt, interruptMs);
  };
  try {
    connection = await instance.connect();
    access.signal.throwIfAborted();
    access.signal.addEventListener('abort', interrupt);
    await connection.run("SET TimeZone = 'UTC'");
    if (access.mode === 'read') await connection.run('SET lock_configuration = true');
    // Rows say by `_row` where they stood; without a need to keep them so, large inserts take half the time.
    else await connection.run('SET preserve_insertion_order = false');
    // Of small Parquet files most of the time goes into reading them column by column.
    if (access.threads === 1) await connection.run('SET prefetch_all_parquet_files = true');
    return await work(connection);
  } finally {
    access.signal.removeEventListener('abort', interrupt);
    clearInterval(interrupts);
    // The connection keeps the file open, so it goes first. Closing writes the checkpoint and removes the write-ahead log.
    connection?.closeSync();
    instance.closeSync();
  }
}

async function openWithPatience(access: Access & { signal: AbortSignal }): Promise<DuckDBInstance> {
  const giveUpAtMs = Date.now() + access.lockWaitMs;
  for (let waitMs = lockRetryMs.first; ; waitMs = Math.min(waitMs * 2, lockRetryMs.most)) {
    access.signal.throwIfAborted();
    try {
      if (access.mode === 'write') await createIfMissing(access.path);
      return await DuckDBInstance.create(access.path, settings(access));
    } catch (error) {
      const leftMs = giveUpAtMs - Date.now();
      if (leftMs <= 0 || !isLock(firstLine(error))) throw openError(error, access.path);
      await delay(Math.min(waitMs, leftMs));
    }
  }
}

/** Each thread fills a row group of its own, and of wide rows that takes so much; not all of it can be put on disk. */
const megabytesPerThread = 256;

function settings({
  path,
  mode,
  memoryLimitMegabytes,
  threads,
  temporaryFolder = `${path}.tmp`,
}: Access): Record<string, string> {
  const threadsWithin = (megabytes: number) =>
    Math.max(1, Math.min(availableParallelism(), Math.floor(megabytes / megabytesPerThread)));
  const wanted = threads ?? (memoryLimitMegabytes && threadsWithin(memoryLimitMegabytes));
  const limits = {
    ...(memoryLimitMegabytes && { memory_limit: `${memoryLimitMegabytes}MB` }),
    ...(wanted && { threads: String(wanted) }),
  };
  const common = {
    // First: it can't be set once external access is off.
    temp_directory: temporaryFolder,
    ...limits,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  };
  return mode === 'read' ? { ...common, access_mode: 'READ_ONLY', enable_external_access: 'false' } : common;
}

/**
 * A new file appears whole or not at all: DuckDB writes its headers in several steps, and a file that was cut off between two of
 * them opens no more. `link` refuses to replace a file that another process made meanwhile.
 */
async function createIfMissing(path: string): Promise<void> {
  if (isThere(path)) return;
  await makeFolder(dirname(path));
  const fresh = partialName(path);
  try {
    const instance = await DuckDBInstance.create(fresh);
    instance.closeSync();
    await chmod(fresh, ownerOnly.file);
    await link(fresh, path).catch((error: NodeJS.ErrnoException) => {
      // Some network and removable disks have no hard links.
      if (error.code !== 'EEXIST') return rename(fresh, path);
    });
  } finally {
    await rm(fresh, { force: true });
  }
}

function openError(error: unknown, path: string): ReportsError {
  const known = fileError(error, path);
  if (known instanceof ReportsError) return known;
  // What is left is DuckDB unable to make sense of the file.
  return new ReportsError('WAREHOUSE_UNREADABLE', { path, found: firstLine(error) }, { cause: error });
}
