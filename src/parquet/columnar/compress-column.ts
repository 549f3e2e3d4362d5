import { compress, compressSync } from 'snappy';
import { type EncodedColumn, encodings, type Statistics } from './encode-column.js';
import { pageHeader } from './page-header.js';

/** A column of a row group as it goes into the file, wherever that is. */
export interface CompressedColumn {
  /** Its pages, each behind its header, in the order of the file. */
  parts: Uint8Array[];
  facts: ColumnFacts;
}

/** What the file's metadata tells of a column in a row group. */
export interface ColumnFacts {
  /** Of all its pages, headers included. */
  compressedBytes: number;
  /** Of them those of the dictionary page, which is the first; 0 where there is none. */
  dictionaryBytes: number;
  uncompressedBytes: number;
  /** Nulls included. */
  values: number;
  encodings: number[];
  statistics: Statistics;
}

/** Smaller pages are compressed sooner than another thread takes them. */
const leastForThread = 32 * 1024;

/** Compresses the pages of a column by snappy, large ones on the thread pool. */
export async function compressColumn({ pages, statistics }: EncodedColumn): Promise<CompressedColumn> {
  const bodies = await Promise.all(
    pages.map(({ bytes }) =>
      bytes.length < leastForThread ? compressSync(bytes as Buffer) : compress(bytes as Buffer),
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
    facts: {
      compressedBytes,
      dictionaryBytes,
      uncompressedBytes,
      values,
      encodings: [...used],
      statistics,
    },
  };
}
