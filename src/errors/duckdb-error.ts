import { describeError, knownError, ReportsError } from './reports-error.js';

/** Turns DuckDB's word about a file into an error of the catalogue; other errors stay as they are. */
export function fileError(error: unknown, path: string): unknown {
  const known = knownError(error, path);
  if (known instanceof ReportsError) return known;
  const text = firstLine(error);
  const found = machineWord(text);
  const options = { cause: error };
  if (/No space left on device|Disk quota exceeded/i.test(found)) {
    return new ReportsError('DISK_FULL', { path, found: text }, options);
  }
  if (/^Out of Memory Error: /i.test(text)) {
    return new ReportsError('WAREHOUSE_OUT_OF_MEMORY', { path, found: text }, options);
  }
  if (isLock(text)) return new ReportsError('WAREHOUSE_LOCKED', { path, found: lockHolder(text) }, options);
  if (
    /Corrupt|not a valid DuckDB|Could not read enough bytes|replaying WAL|Serialization Error|version number/i.test(
      found,
    )
  ) {
    return new ReportsError('WAREHOUSE_UNREADABLE', { path, found: text }, options);
  }
  if (fileSystemWords.test(found)) {
    return new ReportsError('FILE_SYSTEM_FAILED', { path, found: text }, options);
  }
  return error;
}

/** Whatever an IO Error says; other kinds, such as that of a commit, quote the system's words. */
const fileSystemWords =
  /IO Error: |Cannot open file|No files found|Permission denied|Operation not permitted|Read-only file system|Is a directory|Input\/output error|Too many open files|Stale file handle/i;

/**
 * What DuckDB says of the machine and the file, without the names in it; nothing for its other kinds of errors, which quote values and
 * columns of the data, and these may hold any words.
 */
function machineWord(text: string): string {
  return /^(IO|Serialization|TransactionContext|FATAL|INTERNAL) Error: |^[\w ]+: Failure while replaying WAL/i.test(
    text,
  )
    ? text.replace(/"[^"]*"/g, '""')
    : '';
}

/** The first line of an error; DuckDB adds the place in the SQL text below it. */
export function firstLine(error: unknown): string {
  return describeError(error).split('\n', 1)[0] ?? '';
}

/** Whether DuckDB says that another process holds the file. */
export function isLock(text: string): boolean {
  return /Could not set lock on file|being used by another process|File is already open in/i.test(
    machineWord(text),
  );
}

/** Program and PID out of `... Conflicting lock is held in /usr/bin/python3.12 (PID 4711) ...`. */
function lockHolder(text: string): string {
  const match = /held in (.+?) \(PID (\d+)\)/.exec(text);
  return match ? `${match[1]}, PID ${match[2]}` : text;
}
