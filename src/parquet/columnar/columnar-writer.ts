import type { Data, RecordBatch } from 'apache-arrow';
import { takeKernel } from '../../kernel/kernel.js';
import { describeError, ReportsError } from '../../errors.js';
import { dropPartial, nameWholeFile, openPartial, partialName, writeError } from '../../whole-file.js';
import type { ParquetWriter, ParquetWriterOptions } from '../types.js';
import { type CompressedColumn, compressColumn } from './compress-column.js';
import { encodeColumn, encodeRowNumbers } from './encode-column.js';
import { type ColumnChunk, type FileColumn, fileMetadata, type RowGroup } from './file-metadata.js';

const magic = Buffer.from('PAR1');

/**
 * The columnar engine's writer: each batch becomes a row group, encoded from Arrow's buffers without a value becoming a JavaScript object,
 * compressed by snappy on the thread pool. While one row group is compressed and written the next may be made, and no more than that.
 * Errors: PARQUET_FAILED, DISK_FULL.
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
  const file = await guarded(path, () => openPartial(partial));
  const rowGroups: RowGroup[] = [];
  let offset = 0;
  let writing: Promise<void> = append([magic]);
  // Its failure is met by whoever waits for it next.
  writing.catch(() => {});

  async function append(parts: Uint8Array[]): Promise<void> {
    const bytes = Buffer.concat(parts);
    offset += bytes.length;
    await file.writeFile(bytes);
  }

  async function appendRowGroup(columns: CompressedColumn[], rows: number): Promise<void> {
    let chunkOffset = offset;
    const chunks = columns.map(({ bytes, ...rest }, index): ColumnChunk => {
      const column = fileColumns[index] as FileColumn;
      const chunk = { ...rest, column, values: rows, offset: chunkOffset, compressedBytes: bytes.length };
      chunkOffset += bytes.length;
      return chunk;
    });
    rowGroups.push({ rows, chunks });
    await append(columns.map(({ bytes }) => bytes));
  }

  /** Waits for the row group before; this one is made and written while the caller goes on. */
  async function inLine(rows: number, compressing: Promise<CompressedColumn>[]): Promise<void> {
    const columns = Promise.all(compressing);
    columns.catch(() => {});
    await writing;
    writing = columns.then((all) => appendRowGroup(all, rows));
    writing.catch(() => {});
  }

  return {
    async write(batch) {
      if (batch.numRows === 0) return;
      await guarded(path, () => inLine(batch.numRows, compressBatch(batch)));
    },
    async finish() {
      return guarded(path, async () => {
        await writing;
        const footer = fileMetadata(fileColumns, rowGroups, metadata);
        const length = Buffer.alloc(4);
        length.writeUInt32LE(footer.length);
        await append([footer, length, magic]);
        await nameWholeFile(file, partial, path);
        await file.close();
        return { rows: rowGroups.reduce((sum, { rows }) => sum + rows, 0), bytes: offset };
      });
    },
    async abort() {
      await writing.catch(() => {});
      await dropPartial(file, partial);
    },
  };
}

/** All columns of a batch, the row numbers last; its values are taken at once. */
function compressBatch({ data }: RecordBatch): Promise<CompressedColumn>[] {
  const kernel = takeKernel();
  try {
    const columns = data.children.slice(0, -1).map((column) => encodeColumn(kernel, column));
    return [...columns, encodeRowNumbers(kernel, data.children.at(-1) as Data)].map(compressColumn);
  } finally {
    kernel.giveBack();
  }
}

async function guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error && 'code' in error) throw writeError(error, path);
    throw new ReportsError('PARQUET_FAILED', { path, found: describeError(error) }, { cause: error });
  }
}
