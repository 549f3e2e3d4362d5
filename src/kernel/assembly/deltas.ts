import { varint } from './pages';

const blockValues: i32 = 128;
const miniblocks: i32 = 4;
const miniblockValues: i32 = 32;

/** Deltas of one block. */
const distances = memory.data(128 * 4, 16);

/**
 * Encodes ascending 64-bit integers, each less than 2^31 above the previous one, by their deltas.
 * Row numbers, whose deltas are nearly all 1, take almost no space.
 *
 * @param out Room for 5 bytes a value and 64 more.
 * @returns Bytes written.
 *
 * Source: Parquet format, "Delta Encoding (DELTA_BINARY_PACKED)".
 */
export function encodeAscending(values: usize, count: i32, out: usize): i32 {
  let at = varint(blockValues, out);
  at = varint(miniblocks, at);
  at = varint(count, at);
  at = zigzag(count === 0 ? 0 : load<i64>(values), at);
  for (let start = 1; start < count; start += blockValues) {
    const size = min(blockValues, count - start);
    let least = i32.MAX_VALUE;
    for (let index = 0; index < size; index += 1) {
      const value = values + ((<usize>(start + index)) << 3);
      const distance = <i32>(load<i64>(value) - load<i64>(value - 8));
      store<i32>(distances + ((<usize>index) << 2), distance);
      least = min(least, distance);
    }
    at = zigzag(least, at);
    at = writeBlock(size, least, at);
  }
  return <i32>(at - out);
}

/** Writes the widths of all miniblocks, then the miniblocks that hold values. */
function writeBlock(size: i32, least: i32, out: usize): usize {
  let at = out + miniblocks;
  for (let miniblock = 0; miniblock < miniblocks; miniblock += 1) {
    const start = miniblock * miniblockValues;
    const end = min(size, start + miniblockValues);
    let largest = 0;
    for (let index = start; index < end; index += 1) {
      largest = max(largest, load<i32>(distances + ((<usize>index) << 2)) - least);
    }
    const width = 32 - clz<i32>(largest);
    store<u8>(out + miniblock, width);
    if (width === 0) continue;
    let buffer: u64 = 0;
    let bits: u64 = 0;
    for (let index = start; index < start + miniblockValues; index += 1) {
      const distance = index < end ? load<i32>(distances + ((<usize>index) << 2)) - least : 0;
      buffer |= (<u64>distance) << bits;
      bits += width;
      for (; bits >= 8; bits -= 8) {
        store<u8>(at, <u8>buffer);
        at += 1;
        buffer >>= 8;
      }
    }
  }
  return at;
}

/** Writes a signed integer; small ones of either sign are short. */
function zigzag(value: i64, out: usize): usize {
  return varint(<u64>((value << 1) ^ (value >> 63)), out);
}
