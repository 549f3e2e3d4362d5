import { ByteSink } from './byte-sink.js';

/** Returns the number of bits of a value up to `largest`. */
export function bitWidthOf(largest: number): number {
  return 32 - Math.clz32(largest);
}

/** Stands for a bitmap of all ones, or of all zeros. */
export const allThere = Symbol('all there');
export const noneThere = Symbol('none there');

/**
 * Encodes the definition levels of an optional column for version 1 pages: their length, then one
 * bit for each value that says whether it is present. Arrow's bitmaps are already packed this way;
 * `from` is a multiple of 8.
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
