import type { FileHandle } from 'node:fs/promises';
import { DataType, type RecordBatch } from 'apache-arrow';
import { takeKernel } from '../../kernel/kernel.js';
import { describeError, knownError, ReportsError } from '../../errors/reports-error.js';
import { RunningDigest } from '../../files/file-digest.js';
import { dropPartial, nameWholeFile, openPartial, partialName } from '../../files/whole-file.js';
import { openBreaks } from '../../runtime/breaks.js';
import type { ParquetWriter, ParquetWriterOptions } from '../types.js';
import { type CompressedColumn, compressColumn } from './compress-column.js';
import { encodeColumn, encodeRowNumbers } from './encode-column.js';
import { type ColumnChunk, encodeRowGroup, type FileColumn, fileMetadata } from './file-metadata.js';

const magic = Buffer.from('PAR1');

/** Parts of a file are buffered until this many bytes can be written at once. */
const writeBytes = 256 * 1024;

/**
 * Opens the columnar engine's writer. Each batch becomes a row group. It is encoded from Arrow's
 * buffers without turning values into JavaScript objects, and compressed with Snappy on the thread
 * pool. While one row group is compressed and written, the caller may prepare the next one, but no
 * further ones. Errors: PARQUET_FAILED, DISK_FULL.
 */
export async function openColumnarWriter({
  path,
  columns,
  metadata,
}: ParquetWriterOptions): Promise<ParquetWriter> {
  const fileColumns: FileColumn[] = [
    ...columns.map(({ name, type }) => ({ name, type, optional: true })),
    { name: '_row', type: { kind: 'int64' }, optional: false },
  ];
  const partial = partialName(path);
  let file: FileHandle | undefined;
  /**
   * Encoded for the metadata, because objects would take many times as much memory in a large file.
   */
  const rowGroups: Uint8Array[] = [];
  let rowsWritten = 0;
  let offset = magic.length;
  let gathered: Uint8Array[] = [magic];
  let gatheredBytes = magic.length;
  const digest = new RunningDigest();
  let writing: Promise<void> = Promise.resolve();

  async function append(parts: Uint8Array[]): Promise<void> {
    for (const part of parts) {
      gathered.push(part);
      gatheredBytes += part.length;
      offset += part.length;
      if (gatheredBytes >= writeBytes) await flush();
    }
  }

  async function flush(): Promise<FileHandle> {
    const bytes = Buffer.concat(gathered);
    gathered = [];
    gatheredBytes = 0;
    // Not before: so a small document is converted without waiting for threads that sync others.
    file ??= await openPartial(partial);
    // Computes the hash while the thread pool writes the bytes.
    const written = file.writeFile(bytes);
    digest.add(bytes);
    await written;
    return file;
  }

  async function appendRowGroup(columns: CompressedColumn[], rows: number): Promise<void> {
    let chunkOffset = offset;
    const chunks = columns.map(({ metadata }, index): ColumnChunk => {
      const chunk = { metadata, column: fileColumns[index] as FileColumn, offset: chunkOffset };
      chunkOffset += metadata.compressedBytes;
      return chunk;
    });
    rowGroups.push(encodeRowGroup({ rows, chunks }, rowGroups.length));
    rowsWritten += rows;
    for (const { parts } of columns) await append(parts);
  }

  /**
   * Waits for the previous row group, so that only one takes memory. This one is compressed and
   * written while the caller continues.
   */
  async function inLine(batch: RecordBatch): Promise<void> {
    await writing;
    const columns = Promise.all(await compressBatch(batch));
    writing = columns.then((all) => appendRowGroup(all, batch.numRows));
    // Whoever waits for it next gets its failure.
    writing.catch(() => {});
  }

  return {
    async write(batch) {
      if (batch.numRows === 0) return;
      await guarded(path, () => inLine(batch));
    },
    async finish() {
      return guarded(path, async () => {
        await writing;
        const footer = fileMetadata(fileColumns, rowGroups, rowsWritten, metadata);
        const length = Buffer.alloc(4);
        length.writeUInt32LE(footer.length);
        await append([footer, length, magic]);
        const whole = await flush();
        await nameWholeFile(whole, partial, path);
        await whole.close();
        return { rows: rowsWritten, ...digest.digest() };
      });
    },
    async abort() {
      await writing.catch(() => {});
      if (file) await dropPartial(file, partial);
    },
  };
}

/**
 * Begins to compress all columns of a batch, the row numbers last. It has read all values when it
 * resolves, so that the caller may reuse the batch.
 */
async function compressBatch({ data }: RecordBatch): Promise<Promise<CompressedColumn>[]> {
  const kernel = takeKernel();
  const takeBreak = openBreaks();
  const columns: Promise<CompressedColumn>[] = [];
  let nulls: Promise<CompressedColumn> | undefined;
  try {
    for (const [index, column] of data.children.entries()) {
      const isNull = DataType.isNull(column.type);
      const isLast = index === data.children.length - 1;
      // All columns that the document lacks are encoded alike.
      const compressed =
        (isNull && nulls) ||
        compressColumn(isLast ? encodeRowNumbers(kernel, column) : encodeColumn(kernel, column));
      if (isNull) nulls = compressed;
      // Whoever waits for all of them gets the failure.
      compressed.catch(() => {});
      columns.push(compressed);
      const pause = takeBreak();
      if (pause) await pause;
    }
    return columns;
  } finally {
    kernel.release();
  }
}

async function guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const known = knownError(error, path);
    if (known instanceof ReportsError) throw known;
    throw new ReportsError('PARQUET_FAILED', { path, found: describeError(error) }, { cause: error });
  }
}
