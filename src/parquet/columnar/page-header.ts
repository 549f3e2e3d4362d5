import { encodings, type Page } from './encode-column.js';
import { encodeThrift, i32, struct } from './thrift.js';

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
