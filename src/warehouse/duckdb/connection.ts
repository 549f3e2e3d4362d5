import { chmod, link, rename, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { type Clock, systemClock } from '../../runtime/clock.js';
import { exponentialBackoff, retry } from '../../runtime/retry.js';
import { withoutUndefined } from '../../runtime/without-undefined.js';
import { knownError, ReportsError } from '../../errors/reports-error.js';
import { isThere, makeFolder, ownerOnly, partialName, syncFolder } from '../../files/whole-file.js';
import { fileError, firstLine, isLock } from '../../errors/duckdb-error.js';
import { removeOldSpills, spillFolder } from './spill-folders.js';
import { inTurn } from './turns.js';

/** How the file is opened for one piece of work. */
export interface Access {
  path: string;
  /**
   * `write` creates the file and its folders if they are missing. `read` also disables files,
   * network and settings.
   */
  mode: 'read' | 'write';
  /** How long to wait, in milliseconds, for another process that holds the file. */
  lockWaitMs: number;
  /**
   * DuckDB's share of the memory; beyond it DuckDB uses disk, in a folder beside the file. Default:
   * DuckDB's own, most of the machine's.
   */
  memoryLimitMegabytes?: number;
  /** Default: as many as the machine and the memory allow. */
  threads?: number;
  /** Interrupts the work, which fails with the signal's reason. */
  signal?: AbortSignal;
  /**
   * Whether the work is interrupted and started again if other work of this process needs the file.
   */
  isPreemptible?: boolean;
  clock?: Clock | undefined;
}

const lockBackoffMs = exponentialBackoff({ firstMs: 20, maxMs: 250 });

/**
 * Opens the file, does the work, closes the file. Work of one process is serialized: the operating
 * system does not lock two instances of one process against each other, and closing one would drop
 * the lock of both. Nothing is held afterwards, neither lock nor write-ahead log, and what was
 * committed survives a power cut. Results must be read completely within the work, because an open
 * stream keeps the lock.
 * Errors: WAREHOUSE_LOCKED, WAREHOUSE_UNREADABLE, WAREHOUSE_FORMAT_UNSUPPORTED, FILE_SYSTEM_FAILED
 * or DISK_FULL if the file can't be opened.
 */
export async function withConnection<T>(
  access: Access,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const path = resolve(access.path);
  return takeTurn({ ...access, path }, async (signal) => {
    const result = await openAndWork({ ...access, path, signal }, work);
    if (access.mode === 'write') await keepNames(path);
    return result;
  });
}

/**
 * DuckDB syncs the bytes of its files, but not their names: a power cut could remove the log of a
 * commit, or bring back one whose rows are in the file by now.
 */
async function keepNames(path: string): Promise<void> {
  try {
    await syncFolder(dirname(path));
  } catch (error) {
    throw knownError(error, path);
  }
}

/**
 * Does work on the file when its turn among those of this process comes. Its signal is aborted by
 * the caller's, and if preemptible work has to give way.
 */
export async function takeTurn<T>(
  { path, signal, isPreemptible }: Pick<Access, 'path' | 'signal' | 'isPreemptible'>,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const begin = (preempted: AbortSignal) => work(signal ? AbortSignal.any([signal, preempted]) : preempted);
  try {
    return await inTurn(resolve(path), begin, { isPreemptible });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** Interrupting once is not enough: a statement that starts later would run. */
const interruptMs = 50;

async function openAndWork<T>(
  access: Access & { signal: AbortSignal },
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  await removeOldSpillsOnce(access.path);
  const instance = await openWhenFree(access);
  let connection: DuckDBConnection | undefined;
  let stopInterrupts: (() => void) | undefined;
  const interrupt = () => {
    connection?.interrupt();
    stopInterrupts ??= (access.clock ?? systemClock).every(interruptMs, interrupt);
  };
  try {
    connection = await instance.connect();
    access.signal.throwIfAborted();
    access.signal.addEventListener('abort', interrupt);
    await connection.run("SET TimeZone = 'UTC'");
    // A page of the ledger has that many rows: their other columns are read of these rows only.
    await connection.run('SET late_materialization_max_rows = 1000');
    if (access.mode === 'read') await connection.run('SET lock_configuration = true');
    // `_row` holds the position of each row; without having to keep their order, large inserts take
    // half the time.
    else await connection.run('SET preserve_insertion_order = false');
    // With small Parquet files most of the time goes into reading them column by column.
    if (access.threads === 1) await connection.run('SET prefetch_all_parquet_files = true');
    return await work(connection);
  } finally {
    access.signal.removeEventListener('abort', interrupt);
    stopInterrupts?.();
    // The connection keeps the file open, so it goes first. Closing writes the checkpoint and
    // removes the write-ahead log.
    connection?.closeSync();
    instance.closeSync();
  }
}

/** The files whose old spill folders this process has removed. */
const swept = new Set<string>();

async function removeOldSpillsOnce(path: string): Promise<void> {
  if (swept.has(path)) return;
  swept.add(path);
  await removeOldSpills(path);
}

async function openWhenFree(access: Access & { signal: AbortSignal }): Promise<DuckDBInstance> {
  const { path, mode, lockWaitMs, signal, clock } = access;
  const open = async () => {
    if (mode === 'write') await createIfMissing(path);
    return DuckDBInstance.create(path, settings(access));
  };
  try {
    return await retry(open, {
      maxElapsedMs: lockWaitMs,
      backoffMs: lockBackoffMs,
      isRetryable: (error) => isLock(firstLine(error)),
      signal,
      clock,
    });
  } catch (error) {
    signal.throwIfAborted();
    throw openError(error, path);
  }
}

/**
 * Each thread fills a row group of its own. This is what wide rows need, and not all of it can go
 * to disk.
 */
const megabytesPerThread = 256;

function settings({ path, mode, memoryLimitMegabytes, threads }: Access): Record<string, string> {
  const threadsWithin = (megabytes: number) =>
    Math.max(1, Math.min(availableParallelism(), Math.floor(megabytes / megabytesPerThread)));
  const wanted = threads ?? (memoryLimitMegabytes && threadsWithin(memoryLimitMegabytes));
  const common = withoutUndefined({
    // First: it can't be set once external access is off.
    temp_directory: spillFolder(path),
    memory_limit: memoryLimitMegabytes ? `${memoryLimitMegabytes}MB` : undefined,
    threads: wanted ? String(wanted) : undefined,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  return mode === 'read' ? { ...common, access_mode: 'READ_ONLY', enable_external_access: 'false' } : common;
}

/**
 * A new file appears whole or not at all: DuckDB writes its headers in several steps, and a file
 * cut off between two of them never opens again. `link` refuses to replace a file that another
 * process created meanwhile.
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
    // Before there is a log: a log alone belongs to no file.
    await syncFolder(dirname(path));
  } finally {
    await rm(fresh, { force: true });
  }
}

function openError(error: unknown, path: string): ReportsError {
  const known = fileError(error, path);
  if (known instanceof ReportsError) return known;
  // What is left means that DuckDB can't read the file.
  return new ReportsError('WAREHOUSE_UNREADABLE', { path, found: firstLine(error) }, { cause: error });
}
