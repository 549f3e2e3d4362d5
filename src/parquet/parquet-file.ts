import type { FileHandle } from 'node:fs/promises';
import parquet, { type Field, type Sink } from 'parquetjs-lite';
import types from 'parquetjs-lite/lib/types.js';
import { knownError, ReportsError } from '../errors/reports-error.js';
import { type FileDigest, RunningDigest } from '../files/file-digest.js';
import { dropPartial, nameWholeFile, openPartial, partialName } from '../files/whole-file.js';

/** A Parquet file that is being written. It has its final name only when it is complete. */
export interface ParquetFile {
  /** Integers and timestamps as bigint. Absent and null values are NULL. */
  append(row: Record<string, unknown>): Promise<void>;
  /** Completes the file and returns its digest, which was computed while the bytes were written. */
  finish(): Promise<FileDigest>;
  /** Removes the unfinished file. */
  abort(): Promise<void>;
}

/** Number of rows held in memory until they are written as one row group. */
const defaultRowGroupRows = 10_000;

/** A row group has fewer rows if their values take more memory than about this. */
const maxRowGroupBytes = 16 * 1024 * 1024;

// The library can write every 64-bit integer and double. But before that, it converts integers to
// doubles, loses the sign of zero, and rejects NaN and times before 1970. Our values already have
// the right types, so these conversions are replaced.
for (const name of ['INT64', 'TIMESTAMP_MICROS', 'DOUBLE'] as const) {
  types.PARQUET_LOGICAL_TYPES[name].toPrimitive = (value) => value;
}

/**
 * Opens a Parquet file that parquetjs-lite writes, row group by row group. Writes no statistics:
 * the library orders text as JavaScript does, so readers would skip row groups that match. Errors:
 * PARQUET_FAILED, DISK_FULL.
 */
export async function openParquetFile(options: {
  path: string;
  fields: Record<string, Field>;
  metadata?: Record<string, string>;
  rowGroupRows?: number;
}): Promise<ParquetFile> {
  const { path, rowGroupRows = defaultRowGroupRows } = options;
  const partial = partialName(path);
  const file = await guarded(path, () => openPartial(partial));
  const sink = openSink(file);
  const fields = Object.entries(options.fields).map(([name, field]) => [
    name,
    { ...field, compression: 'SNAPPY' as const, statistics: false },
  ]);
  const guardedWrite = <T>(work: () => Promise<T>): Promise<T> =>
    guarded(path, async () => {
      const done = await work();
      if (sink.failure) throw sink.failure;
      return done;
    });
  const writer = await guardedWrite(() =>
    parquet.ParquetWriter.openStream(new parquet.ParquetSchema(Object.fromEntries(fields)), sink, {
      rowGroupSize: rowGroupRows,
      pageSize: rowGroupRows,
      // Readers disagree about this library's version 2 pages.
      useDataPageV2: false,
      pageIndex: false,
    }),
  ).catch(async (error: unknown) => {
    await dropPartial(file, partial);
    throw error;
  });
  for (const [key, value] of Object.entries(options.metadata ?? {})) writer.setMetadata(key, value);

  let bytes = 0;

  return {
    append: (row) =>
      guardedWrite(async () => {
        bytes += bytesOfRow(row);
        const isLast = bytes >= maxRowGroupBytes;
        // The library writes the row group if it has as many rows as this after the row.
        if (isLast) writer.setRowGroupSize(1);
        await writer.appendRow(row);
        if (!isLast) return;
        bytes = 0;
        writer.setRowGroupSize(rowGroupRows);
      }),
    async finish() {
      await guardedWrite(() => writer.close());
      return guarded(path, async () => {
        await nameWholeFile(file, partial, path);
        await file.close();
        return sink.digest.digest();
      });
    },
    abort: () => dropPartial(file, partial),
  };
}

/** About the memory that the library needs for the values of a row. */
function bytesOfRow(row: Record<string, unknown>): number {
  const bytesOfValue = 16;
  let bytes = 0;
  for (const name in row) {
    const value = row[name];
    bytes += bytesOfValue + (typeof value === 'string' ? value.length : 0);
  }
  return bytes;
}

type DigestingSink = Sink & { digest: RunningDigest; failure?: unknown };

/**
 * Returns the sink that the library writes to. The library does not wait for each write, so writes
 * are queued here. A failure is kept instead of being passed to the callback: if nobody waits for
 * that write, the failure would end the process.
 */
function openSink(file: FileHandle): DigestingSink {
  let line: Promise<void> = Promise.resolve();
  const sink: DigestingSink = {
    digest: new RunningDigest(),
    write(bytes, done) {
      line = line
        .then(() => {
          sink.digest.add(bytes);
          return file.writeFile(bytes);
        })
        .catch((error: unknown) => {
          sink.failure ??= error;
        })
        .finally(() => done());
    },
    end: (done) => void line.then(() => done()),
  };
  return sink;
}

/**
 * Turns failures into catalogue errors: the library throws plain strings, and the disk may be full.
 */
async function guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const known = knownError(error, path);
    if (known instanceof ReportsError) throw known;
    const found = error instanceof Error ? error.message : String(error);
    throw new ReportsError('PARQUET_FAILED', { path, found }, { cause: error });
  }
}
