import { ByteSink } from './byte-sink.js';

/** Shorter runs of one value are no longer when packed with their neighbours. */
const shortestRun = 16;

/**
 * Encodes small unsigned integers in Parquet's hybrid of runs and bit-packing, without a length before it. `bitWidth` is that of the largest value, at
 * most 24.
 * Source: Parquet format, "Run Length Encoding / Bit-Packing Hybrid".
 */
export function encodeHybrid(values: Int32Array, from: number, to: number, bitWidth: number): Uint8Array {
  const sink = new ByteSink(Math.ceil(((to - from) * bitWidth) / 8) + 16);
  let packFrom = from;
  let at = from;
  while (at < to) {
    const value = values[at];
    let end = at + 1;
    while (end < to && values[end] === value) end += 1;
    if (end - at >= shortestRun) {
      // Packed values come in groups of eight: the last group is filled up from the run.
      const runFrom = at + ((8 - ((at - packFrom) & 7)) & 7);
      packBits(sink, values, packFrom, runFrom, bitWidth);
      sink.varint((end - runFrom) * 2);
      for (let shift = 0; shift < bitWidth; shift += 8) sink.byte(((value ?? 0) >>> shift) & 0xff);
      packFrom = end;
    }
    at = end;
  }
  packBits(sink, values, packFrom, to, bitWidth);
  return sink.written();
}

/** Bits of a value up to `largest`. */
export function bitWidthOf(largest: number): number {
  return 32 - Math.clz32(largest);
}

/** In place of a bitmap of ones, or of zeros. */
export const allThere = Symbol('all there');
export const noneThere = Symbol('none there');

/**
 * Definition levels of an optional column as version 1 pages have them: their length, then whether each value is there. Arrow's bitmaps
 * are packed bits already; `from` is a multiple of 8.
 */
export function encodeDefinitionLevels(
  there: Uint8Array | typeof allThere | typeof noneThere,
  from: number,
  to: number,
): Uint8Array {
  const sink = new ByteSink(16 + ((to - from) >>> 3));
  sink.uint32(0);
  if (typeof there === 'symbol') {
    sink.varint((to - from) * 2);
    sink.byte(there === allThere ? 1 : 0);
  } else {
    const bytes = there.subarray(from >>> 3, (to + 7) >>> 3);
    sink.varint(bytes.length * 2 + 1);
    sink.append(bytes);
  }
  new DataView(sink.bytes.buffer).setUint32(0, sink.length - 4, true);
  return sink.written();
}

/** One bit-packed run; the last group is filled with zeros. */
function packBits(sink: ByteSink, values: Int32Array, from: number, to: number, bitWidth: number): void {
  if (from === to) return;
  const groups = (to - from + 7) >>> 3;
  sink.varint(groups * 2 + 1);
  const size = groups * bitWidth;
  sink.reserve(size + 4);
  const { bytes } = sink;
  let out = sink.length;
  let buffer = 0;
  let bits = 0;
  for (let at = from; at < to; at += 1) {
    buffer |= (values[at] as number) << bits;
    bits += bitWidth;
    while (bits >= 8) {
      bytes[out] = buffer;
      out += 1;
      buffer >>>= 8;
      bits -= 8;
    }
  }
  if (bits > 0) {
    bytes[out] = buffer;
    out += 1;
  }
  bytes.fill(0, out, sink.length + size);
  sink.length += size;
}
