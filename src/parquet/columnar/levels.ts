import { ByteSink } from './byte-sink.js';

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
