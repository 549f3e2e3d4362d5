import type { RecordBatch } from 'apache-arrow';
import { compress } from 'snappy';
import { describeError, ReportsError } from '../../errors.js';
import { dropPartial, nameWholeFile, openPartial, partialName, writeError } from '../../whole-file.js';
import type { ParquetWriter, ParquetWriterOptions } from '../types.js';
import { type EncodedColumn, encodeColumn, encodeRowNumbers, encodings } from './encode-column.js';
import {
  type ColumnChunk,
  type FileColumn,
  fileMetadata,
  pageHeader,
  type RowGroup,
} from './file-metadata.js';

const magic = Buffer.from('PAR1');

/**
 * The columnar engine's writer: each batch becomes a row group, encoded from Arrow's buffers without a value becoming a JavaScript object, compressed by
 * snappy on the thread pool. While one row group is compressed and written, the next may be made, and no more than that.
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
  let writing: Promise<void> = write([magic]);
  // Its failure is met by whoever waits for it next.
  writing.catch(() => {});

  async function write(parts: Uint8Array[]): Promise<void> {
    for (const part of parts) offset += part.length;
    await file.writeFile(Buffer.concat(parts));
  }

  async function writeRowGroup(rows: number, encoded: EncodedColumn[], before: Promise<void>): Promise<void> {
    const compressed = await Promise.all(encoded.map(compressColumn));
    await before;
    const chunks = compressed.map((column, index) => {
      const chunk = placeChunk(fileColumns[index] as FileColumn, column, rows, offset);
      offset += chunk.compressedBytes;
      return chunk;
    });
    rowGroups.push({ rows, chunks });
    await file.writeFile(Buffer.concat(compressed.flatMap(({ parts }) => parts)));
  }

  return {
    async write(batch) {
      if (batch.numRows === 0) return;
      await guarded(path, async () => {
        const encoded = encodeBatch(batch, fileColumns);
        const before = writing;
        await before;
        writing = writeRowGroup(batch.numRows, encoded, before);
        writing.catch(() => {});
      });
    },
    async finish() {
      return guarded(path, async () => {
        await writing;
        const footer = fileMetadata(fileColumns, rowGroups, metadata);
        const length = Buffer.alloc(4);
        length.writeUInt32LE(footer.length);
        await write([footer, length, magic]);
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

function encodeBatch(batch: RecordBatch, columns: FileColumn[]): EncodedColumn[] {
  return batch.data.children.map((data, index) =>
    columns[index]?.optional ? encodeColumn(data) : encodeRowNumbers(data),
  );
}

/** The pages of a column, each with its header, as they go into the file. */
interface CompressedColumn {
  encoded: EncodedColumn;
  parts: Uint8Array[];
  dictionaryBytes: number;
  compressedBytes: number;
  uncompressedBytes: number;
}

async function compressColumn(encoded: EncodedColumn): Promise<CompressedColumn> {
  const column = { encoded, dictionaryBytes: 0, compressedBytes: 0, uncompressedBytes: 0 };
  const parts: Uint8Array[] = [];
  const bodies = await Promise.all(encoded.pages.map(({ bytes }) => compress(bytes as Buffer)));
  encoded.pages.forEach((page, index) => {
    const body = bodies[index] as Buffer;
    const header = pageHeader(page, body.length);
    parts.push(header, body);
    column.compressedBytes += header.length + body.length;
    column.uncompressedBytes += header.length + page.bytes.length;
    if (page.kind === 'dictionary') column.dictionaryBytes = header.length + body.length;
  });
  return { ...column, parts };
}

function placeChunk(
  column: FileColumn,
  { encoded, dictionaryBytes, compressedBytes, uncompressedBytes }: CompressedColumn,
  values: number,
  offset: number,
): ColumnChunk {
  const used = new Set<number>([encodings.rle, ...encoded.pages.map(({ encoding }) => encoding)]);
  return {
    column,
    values,
    encodings: [...used],
    statistics: encoded.statistics,
    offset,
    dataOffset: offset + dictionaryBytes,
    compressedBytes,
    uncompressedBytes,
  };
}

async function guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error && 'code' in error) throw writeError(error, path);
    throw new ReportsError('PARQUET_FAILED', { path, found: describeError(error) }, { cause: error });
  }
}
