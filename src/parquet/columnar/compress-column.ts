import { compress, compressSync } from 'snappy';
import { type EncodedColumn, encodings, type Page, type Statistics } from './encode-column.js';
import { encodeThrift, i32, struct } from './thrift.js';

/** A column of a row group as written into the file, independent of its offset. */
export interface CompressedColumn {
  /** Its pages, each preceded by its header, in the order of the file. */
  parts: Uint8Array[];
  metadata: ColumnMetadata;
}

/** The metadata of a column in a row group. */
export interface ColumnMetadata {
  /** Size of all pages, including their headers. */
  compressedBytes: number;
  /** Size of the dictionary page, which is the first one; 0 if there is none. */
  dictionaryBytes: number;
  uncompressedBytes: number;
  /** Number of values, including nulls. */
  values: number;
  encodings: number[];
  statistics: Statistics;
}

/** Smaller pages are compressed faster than another thread could start on them. */
const minBytesForThread = 32 * 1024;

/** Compresses the pages of a column with Snappy, large ones on the thread pool. */
export async function compressColumn({ pages, statistics }: EncodedColumn): Promise<CompressedColumn> {
  const bodies = await Promise.all(
    pages.map(({ bytes }) =>
      bytes.length < minBytesForThread ? compressSync(bytes as Buffer) : compress(bytes as Buffer),
    ),
  );
  const parts: Uint8Array[] = [];
  let dictionaryBytes = 0;
  let compressedBytes = 0;
  let uncompressedBytes = 0;
  pages.forEach((page, index) => {
    const body = bodies[index] as Buffer;
    const header = pageHeader(page, body.length);
    parts.push(header, body);
    compressedBytes += header.length + body.length;
    uncompressedBytes += header.length + page.bytes.length;
    if (page.kind === 'dictionary') dictionaryBytes = header.length + body.length;
  });
  const used = new Set<number>([encodings.rle, ...pages.map(({ encoding }) => encoding)]);
  const values = pages.reduce((sum, page) => sum + (page.kind === 'data' ? page.values : 0), 0);
  return {
    parts,
    metadata: {
      compressedBytes,
      dictionaryBytes,
      uncompressedBytes,
      values,
      encodings: [...used],
      statistics,
    },
  };
}

/** Encodes the header of a page. Source: PageHeader in parquet.thrift of the Parquet format. */
export function pageHeader(page: Page, compressedBytes: number): Uint8Array {
  const counts = { 1: i32(page.values), 2: i32(page.encoding) };
  return encodeThrift({
    1: i32(page.kind === 'dictionary' ? 2 : 0),
    2: i32(page.bytes.length),
    3: i32(compressedBytes),
    5: page.kind === 'data' ? struct({ ...counts, 3: i32(encodings.rle), 4: i32(encodings.rle) }) : undefined,
    7: page.kind === 'dictionary' ? struct(counts) : undefined,
  });
}
