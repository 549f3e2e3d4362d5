import { hasBit, setBit } from './bits';

/**
 * Encodes columns of a Parquet file from buffers in Arrow's layout. The address 0 instead of a
 * bitmap means all ones.
 */

function isThere(validity: usize, index: i32): bool {
  return validity === 0 || hasBit(validity, index);
}

/**
 * Runs of one value that are shorter than this take no more space when bit-packed with their
 * neighbours.
 */
const shortestRun: i32 = 16;

/**
 * Encodes the dictionary indices of the values from `from` to `to` that are not null, in Parquet's
 * hybrid of runs and bit-packing, without a length before it.
 *
 * @param bitWidth Bits of the largest, at most 24.
 * @param scratch Room for 4 bytes a value and 4 more.
 * @param out Room for 4 bytes a value and 64 more.
 * @returns Bytes written.
 *
 * Source: Parquet format, "Run Length Encoding / Bit-Packing Hybrid".
 */
export function encodeIndices(
  indices: usize,
  validity: usize,
  from: i32,
  to: i32,
  bitWidth: i32,
  scratch: usize,
  out: usize,
): i32 {
  let values = indices + ((<usize>from) << 2);
  let count = to - from;
  if (validity !== 0) {
    count = 0;
    for (let index = from; index < to; index += 1) {
      store<i32>(scratch + ((<usize>count) << 2), load<i32>(indices + ((<usize>index) << 2)));
      count += isThere(validity, index) ? 1 : 0;
    }
    values = scratch;
  }
  return encodeHybrid(values, count, bitWidth, out);
}

function encodeHybrid(values: usize, count: i32, bitWidth: i32, to: usize): i32 {
  let out = to;
  let packFrom = 0;
  let at = 0;
  while (at < count) {
    const value = load<i32>(values + ((<usize>at) << 2));
    let end = at + 1;
    while (end < count && load<i32>(values + ((<usize>end) << 2)) === value) end += 1;
    if (end - at >= shortestRun) {
      // Packed values come in groups of eight: the last group is filled from the run.
      const runFrom = at + ((8 - ((at - packFrom) & 7)) & 7);
      out = packBits(values, packFrom, runFrom, bitWidth, out);
      out = varint((end - runFrom) * 2, out);
      for (let shift = 0; shift < bitWidth; shift += 8) {
        store<u8>(out, value >>> shift);
        out += 1;
      }
      packFrom = end;
    }
    at = end;
  }
  return <i32>(packBits(values, packFrom, count, bitWidth, out) - to);
}

/** Writes one bit-packed run; the last group is padded with zeros. */
function packBits(values: usize, from: i32, to: i32, bitWidth: i32, start: usize): usize {
  if (from === to) return start;
  const groups = (to - from + 7) >>> 3;
  let out = varint(groups * 2 + 1, start);
  const end = out + <usize>(groups * bitWidth);
  let buffer: u64 = 0;
  let bits: u64 = 0;
  for (let index = from; index < to; index += 1) {
    buffer |= (<u64>load<u32>(values + ((<usize>index) << 2))) << bits;
    bits += bitWidth;
    if (bits >= 32) {
      store<u32>(out, <u32>buffer);
      out += 4;
      buffer >>= 32;
      bits -= 32;
    }
  }
  for (; out < end; out += 1) {
    store<u8>(out, <u8>buffer);
    buffer >>= 8;
  }
  return end;
}

/** Writes an unsigned integer, seven bits a byte; returns its end. */
export function varint(value: u64, at: usize): usize {
  let rest = value;
  let out = at;
  for (; rest > 0x7f; rest >>= 7) {
    store<u8>(out, <u8>((rest & 0x7f) | 0x80));
    out += 1;
  }
  store<u8>(out, <u8>rest);
  return out + 1;
}

/**
 * Writes the texts from `from` to `to` that are not null, each after its length; returns the bytes
 * written.
 */
export function plainTexts(
  offsets: usize,
  bytes: usize,
  validity: usize,
  from: i32,
  to: i32,
  out: usize,
): i32 {
  let at = out;
  for (let index = from; index < to; index += 1) {
    if (!isThere(validity, index)) continue;
    const offset = offsets + ((<usize>index) << 2);
    const start = load<i32>(offset);
    const length = load<i32>(offset, 4) - start;
    store<i32>(at, length);
    at += 4;
    if (length <= 64) {
      for (let each = 0; each < length; each += 16) v128.store(at + each, v128.load(bytes + start + each));
    } else {
      memory.copy(at, bytes + start, length);
    }
    at += length;
  }
  return <i32>(at - out);
}

/**
 * Writes integers of `width` bytes: 4 or 8, little-endian, or 16, big-endian. They are `stride`
 * bytes apart in the source. Returns the bytes written.
 */
export function plainIntegers(
  values: usize,
  stride: i32,
  width: i32,
  validity: usize,
  from: i32,
  to: i32,
  out: usize,
): i32 {
  let at = out;
  let value = values + <usize>(from * stride);
  for (let index = from; index < to; index += 1, value += stride) {
    if (!isThere(validity, index)) continue;
    if (width === 8) {
      store<i64>(at, load<i64>(value));
    } else if (width === 4) {
      store<i32>(at, load<i32>(value));
    } else {
      store<i64>(at, bswap<i64>(load<i64>(value, 8)));
      store<i64>(at, bswap<i64>(load<i64>(value)), 8);
    }
    at += width;
  }
  return <i32>(at - out);
}

/** Writes bits that are not null; returns the bytes written. */
export function plainBits(bits: usize, validity: usize, from: i32, to: i32, out: usize): i32 {
  memory.fill(out, 0, (to - from + 7) >> 3);
  let count = 0;
  for (let index = from; index < to; index += 1) {
    if (!isThere(validity, index)) continue;
    if (hasBit(bits, index)) setBit(out, count);
    count += 1;
  }
  return (count + 7) >> 3;
}

/** Positions of the minimum and the maximum that the last search found; -1 if there is none. */
export let least: i32 = -1;
export let greatest: i32 = -1;

/** Finds the minimum and maximum of texts, in the order of their bytes. */
export function extremeTexts(offsets: usize, bytes: usize, validity: usize, count: i32): void {
  least = -1;
  greatest = -1;
  for (let index = 0; index < count; index += 1) {
    if (!isThere(validity, index)) continue;
    if (least < 0) {
      least = index;
      greatest = index;
    } else if (isTextLess(offsets, bytes, index, least)) {
      least = index;
    } else if (isTextLess(offsets, bytes, greatest, index)) {
      greatest = index;
    }
  }
}

function isTextLess(offsets: usize, bytes: usize, a: i32, b: i32): bool {
  const left = load<i32>(offsets + ((<usize>a) << 2));
  const leftLength = load<i32>(offsets + ((<usize>a) << 2), 4) - left;
  const right = load<i32>(offsets + ((<usize>b) << 2));
  const rightLength = load<i32>(offsets + ((<usize>b) << 2), 4) - right;
  const length = min(leftLength, rightLength);
  for (let at = 0; at < length; at += 8) {
    const one = bswap<u64>(load<u64>(bytes + left + at));
    const other = bswap<u64>(load<u64>(bytes + right + at));
    if (one === other) continue;
    const beyond = (<u64>max(0, at + 8 - length)) << 3;
    if (one >> beyond !== other >> beyond) return one < other;
  }
  return leftLength < rightLength;
}

/** Finds the minimum and maximum of signed integers in the layout of `plainIntegers`. */
export function extremeIntegers(values: usize, stride: i32, width: i32, validity: usize, count: i32): void {
  least = -1;
  greatest = -1;
  let minHigh: i64 = 0;
  let minLow: u64 = 0;
  let maxHigh: i64 = 0;
  let maxLow: u64 = 0;
  for (let index = 0; index < count; index += 1) {
    if (!isThere(validity, index)) continue;
    const at = values + <usize>(index * stride);
    const high: i64 = width === 16 ? load<i64>(at, 8) : width === 8 ? load<i64>(at) : <i64>load<i32>(at);
    const low: u64 = width === 16 ? load<u64>(at) : 0;
    if (least < 0 || high < minHigh || (high === minHigh && low < minLow)) {
      least = index;
      minHigh = high;
      minLow = low;
    }
    if (greatest < 0 || high > maxHigh || (high === maxHigh && low > maxLow)) {
      greatest = index;
      maxHigh = high;
      maxLow = low;
    }
  }
}

/** Finds the minimum and maximum of doubles, without NaN. */
export function extremeDoubles(values: usize, validity: usize, count: i32): void {
  least = -1;
  greatest = -1;
  let smallest: f64 = 0;
  let largest: f64 = 0;
  for (let index = 0; index < count; index += 1) {
    const value = load<f64>(values + ((<usize>index) << 3));
    if (!isThere(validity, index) || value !== value) continue;
    if (least < 0 || value < smallest) {
      least = index;
      smallest = value;
    }
    if (greatest < 0 || value > largest) {
      greatest = index;
      largest = value;
    }
  }
}
