import { ByteSink } from './byte-sink.js';

const blockValues = 128;
const miniblocks = 4;
const miniblockValues = blockValues / miniblocks;

/**
 * Encodes ascending integers below 2^52, each less than 2^24 above the one before it, by their distances. Row numbers, nearly all of them
 * one apart, take next to no room.
 * Source: Parquet format, "Delta Encoding (DELTA_BINARY_PACKED)".
 */
export function encodeDelta(values: Float64Array): Uint8Array {
  const sink = new ByteSink(64 + values.length / 16);
  sink.varint(blockValues);
  sink.varint(miniblocks);
  sink.varint(values.length);
  sink.zigzag(values[0] ?? 0);
  for (let start = 1; start < values.length; start += blockValues) {
    const end = Math.min(start + blockValues, values.length);
    const deltas = new Int32Array(blockValues);
    let least = Number.POSITIVE_INFINITY;
    for (let at = start; at < end; at += 1) {
      deltas[at - start] = (values[at] as number) - (values[at - 1] as number);
      least = Math.min(least, deltas[at - start] as number);
    }
    sink.zigzag(least);
    writeBlock(sink, deltas, end - start, least);
  }
  return sink.written();
}

/** The widths of all miniblocks, then those that hold values. */
function writeBlock(sink: ByteSink, deltas: Int32Array, count: number, least: number): void {
  const widths: number[] = [];
  for (let start = 0; start < blockValues; start += miniblockValues) {
    let largest = 0;
    for (let at = start; at < Math.min(start + miniblockValues, count); at += 1) {
      deltas[at] = (deltas[at] as number) - least;
      largest = Math.max(largest, deltas[at] as number);
    }
    widths.push(32 - Math.clz32(largest));
    sink.byte(widths.at(-1) ?? 0);
  }
  widths.forEach((width, index) => {
    const start = index * miniblockValues;
    if (start >= count || width === 0) return;
    let buffer = 0;
    let bits = 0;
    for (let at = start; at < start + miniblockValues; at += 1) {
      buffer |= (at < count ? (deltas[at] as number) : 0) << bits;
      bits += width;
      while (bits >= 8) {
        sink.byte(buffer & 0xff);
        buffer >>>= 8;
        bits -= 8;
      }
    }
  });
}
