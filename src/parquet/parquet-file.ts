import type { FileHandle } from 'node:fs/promises';
import parquet, { type Field, type Sink } from 'parquetjs-lite';
import types from 'parquetjs-lite/lib/types.js';
import { knownError, ReportsError } from '../errors/reports-error.js';
import { type FileDigest, RunningDigest } from '../files/file-digest.js';
import { dropPartial, nameWholeFile, openPartial, partialName } from '../files/whole-file.js';

/** A Parquet file in the making. It has its final name only when it is whole. */
export interface ParquetFile {
  /** Integers and timestamps as bigint. Absent and null values are NULL. */
  append(row: Record<string, unknown>): Promise<void>;
  /** The digest is taken as the bytes are written. */
  finish(): Promise<FileDigest>;
  /** Takes an unfinished file away. */
  abort(): Promise<void>;
}

/** Rows held in memory until they are written as one row group. */
const defaultRowGroupRows = 10_000;

// The library writes every 64-bit integer and double as it is, but on the way there it passes integers through a double, loses the sign
// of zero, and refuses NaN and what was before 1970. Our values have their types already.
for (const name of ['INT64', 'TIMESTAMP_MICROS', 'DOUBLE'] as const) {
  types.PARQUET_LOGICAL_TYPES[name].toPrimitive = (value) => value;
}

/**
 * Opens a Parquet file on parquetjs-lite, row group by row group. Errors: PARQUET_FAILED, DISK_FULL, FILE_SYSTEM_FAILED.
 * No statistics are written: the library orders text as JavaScript does, by which readers would leave out row groups that match.
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
      // Version 2 pages of this library are not read alike by all readers.
      useDataPageV2: false,
      pageIndex: false,
    }),
  ).catch(async (error: unknown) => {
    await dropPartial(file, partial);
    throw error;
  });
  for (const [key, value] of Object.entries(options.metadata ?? {})) writer.setMetadata(key, value);

  return {
    append: (row) => guardedWrite(() => writer.appendRow(row)),
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

type DigestingSink = Sink & { digest: RunningDigest; failure?: unknown };

/**
 * What the library writes to. It does not wait for each of its writes, so they are put in line here; and a failure is kept, not told by
 * the callback, for that of a write nobody waits for would end the process.
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

/** The library throws bare strings; and what the machine reports is not its fault. */
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
