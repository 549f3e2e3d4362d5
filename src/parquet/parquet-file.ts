import { createWriteStream } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { finished } from 'node:stream/promises';
import parquet, { type Field } from 'parquetjs-lite';
import { ReportsError } from '../errors.js';
import { nameWholeFile, writeError } from '../whole-file.js';

/** A Parquet file in the making. It has its final name only when it is whole. */
export interface ParquetFile {
  /** Absent and null values are NULL. */
  append(row: Record<string, unknown>): Promise<void>;
  finish(): Promise<{ bytes: number }>;
  /** Leaves nothing behind. */
  abort(): Promise<void>;
}

/** Rows held in memory until they are written as one row group. */
const rowGroupRows = 10_000;

/**
 * Opens a Parquet file on parquetjs-lite, row group by row group. Errors: PARQUET_FAILED, DISK_FULL.
 * No statistics are written: the library orders text as JavaScript does, by which readers would leave out row groups that match.
 */
export async function openParquetFile(options: {
  path: string;
  fields: Record<string, Field>;
  metadata?: Record<string, string>;
}): Promise<ParquetFile> {
  const { path } = options;
  const partial = `${path}.${process.pid}.part`;
  await mkdir(dirname(path), { recursive: true });
  const stream = createWriteStream(partial);
  // An error of the stream comes back from the call that writes; without a listener it would end the process.
  stream.on('error', () => {});
  const fields = Object.entries(options.fields).map(([name, field]) => [
    name,
    { ...field, compression: 'GZIP' as const, statistics: false },
  ]);
  const writer = await guarded(path, () =>
    parquet.ParquetWriter.openStream(new parquet.ParquetSchema(Object.fromEntries(fields)), stream, {
      rowGroupSize: rowGroupRows,
      pageSize: rowGroupRows,
      // Version 2 pages of this library are not read alike by all readers.
      useDataPageV2: false,
      pageIndex: false,
    }),
  );
  for (const [key, value] of Object.entries(options.metadata ?? {})) writer.setMetadata(key, value);

  return {
    append: (row) => guarded(path, () => writer.appendRow(row)),
    async finish() {
      await guarded(path, async () => {
        await writer.close();
        await finished(stream);
        await nameWholeFile(partial, path);
      });
      return { bytes: (await stat(path)).size };
    },
    async abort() {
      stream.destroy();
      await rm(partial, { force: true });
    },
  };
}

/** The library throws bare strings; and a full disk is not its fault. */
async function guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error && 'code' in error) throw writeError(error, path);
    const found = error instanceof Error ? error.message : String(error);
    throw new ReportsError('PARQUET_FAILED', { path, found }, { cause: error });
  }
}
