import { describeError, knownError, ReportsError } from './reports-error.js';

/**
 * Converts DuckDB's error about a file into an error of the catalogue. Returns other errors
 * unchanged.
 */
export function fileError(error: unknown, path: string): unknown {
  const known = knownError(error, path);
  if (known instanceof ReportsError) return known;
  const text = firstLine(error);
  const found = machineMessage(text);
  const options = { cause: error };
  if (/No space left on device|Disk quota exceeded/i.test(found)) {
    return new ReportsError('DISK_FULL', { path, found: text }, options);
  }
  if (/^Out of Memory Error: /i.test(text)) {
    return new ReportsError('WAREHOUSE_OUT_OF_MEMORY', { path, found: text }, options);
  }
  if (otherFormat.test(text)) {
    return new ReportsError('WAREHOUSE_FORMAT_UNSUPPORTED', { path, found: text }, options);
  }
  if (isLock(text)) return new ReportsError('WAREHOUSE_LOCKED', { path, found: lockHolder(text) }, options);
  if (
    /Corrupt|not a valid DuckDB|Could not read enough bytes|replaying WAL|Serialization Error/i.test(found)
  ) {
    return new ReportsError('WAREHOUSE_UNREADABLE', { path, found: text }, options);
  }
  if (fileSystemWords.test(found)) {
    return new ReportsError('FILE_SYSTEM_FAILED', { path, found: text }, options);
  }
  return error;
}

/**
 * A file, or its write-ahead log, of a newer DuckDB, or of one before 0.10. DuckDB checks that its
 * header is undamaged before that.
 */
const otherFormat =
  /^IO Error: Trying to read a database file with version number \d+,|^Invalid Input Error: Error opening "[^"]*": file was written with a storage version greater|Failed to read WAL of version \d+ /;

/** Whatever an IO Error says; other kinds, such as that of a commit, quote the system's words. */
const fileSystemWords =
  /IO Error: |Cannot open file|No files found|Permission denied|Operation not permitted|Read-only file system|Is a directory|Input\/output error|Too many open files|Stale file handle/i;

/**
 * DuckDB's message about the machine and the file, without the names in it. Empty for its other
 * kinds of errors: they quote values and columns of the data, which may contain any words.
 */
function machineMessage(text: string): string {
  return /^(IO|Serialization|TransactionContext|FATAL|INTERNAL) Error: |^[\w ]+: Failure while replaying WAL/i.test(
    text,
  )
    ? text.replace(/"[^"]*"/g, '""')
    : '';
}

/** The first line of an error. DuckDB adds the position in the SQL text below it. */
export function firstLine(error: unknown): string {
  return describeError(error).split('\n', 1)[0] ?? '';
}

/** Whether DuckDB reports that another process holds the file. */
export function isLock(text: string): boolean {
  return /Could not set lock on file|being used by another process|File is already open in/i.test(
    machineMessage(text),
  );
}

/**
 * Reads program and PID out of `... Conflicting lock is held in /usr/bin/python3.12 (PID 4711)
 * ...`.
 */
function lockHolder(text: string): string {
  const match = /held in (.+?) \(PID (\d+)\)/.exec(text);
  return match ? `${match[1]}, PID ${match[2]}` : text;
}
