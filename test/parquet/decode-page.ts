import type { ColumnType } from '../../src/schema/types.js';
import type { Value } from './batch-of.js';

/*
 * Decodes pages as the Parquet format describes them ("Data Pages", "Encodings"), without any code
 * of the writer, so that tests do not compare the writer with itself.
 */

/** Reads the hybrid of runs and bit-packing; returns `count` values of `bitWidth` bits. */
export function readHybrid(bytes: Uint8Array, bitWidth: number, count: number): number[] {
  const values: number[] = [];
  let at = 0;
  while (values.length < count) {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] as number;
      header |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    if (header & 1) {
      const bits = (header >>> 1) * 8 * bitWidth;
      for (let bit = 0; bit < bits; bit += bitWidth) {
        let value = 0;
        for (let each = 0; each < bitWidth; each += 1) {
          const place = at * 8 + bit + each;
          value |= (((bytes[place >>> 3] ?? 0) >>> (place & 7)) & 1) << each;
        }
        values.push(value);
      }
      at += bits / 8;
    } else {
      let value = 0;
      for (let shift = 0; shift < bitWidth; shift += 8) value |= (bytes[at++] as number) << shift;
      for (let times = header >>> 1; times > 0; times -= 1) values.push(value);
    }
  }
  return values.slice(0, count);
}

/**
 * Reads values in the PLAIN encoding. Dates are days, timestamps microseconds, decimals unscaled.
 */
export function readPlain(bytes: Uint8Array, type: ColumnType, count: number): Value[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  return Array.from({ length: count }, (_, index): Value => {
    if (type.kind === 'bool') return (((bytes[index >>> 3] ?? 0) >>> (index & 7)) & 1) === 1;
    const size = sizeOf(type) ?? 4 + view.getUint32(at, true);
    const value = bytes.subarray(at, at + size);
    at += size;
    return sizeOf(type) === undefined ? Buffer.from(value.subarray(4)).toString() : readOne(value, type);
  });
}

/** Reads the minimum or the maximum of statistics: a text has no length before it there. */
export function readStatistic(bytes: Uint8Array | undefined, type: ColumnType): Value | undefined {
  if (!bytes) return undefined;
  return sizeOf(type) === undefined ? Buffer.from(bytes).toString() : readOne(bytes, type);
}

/** The size of a value in bytes; undefined for texts, whose length comes first. */
function sizeOf(type: ColumnType): number | undefined {
  switch (type.kind) {
    case 'string':
    case 'json':
    case 'list':
      return undefined;
    case 'date':
      return 4;
    case 'decimal':
      return type.precision > 18 ? 16 : 8;
    default:
      return 8;
  }
}

function readOne(bytes: Uint8Array, type: ColumnType): Value {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (type.kind === 'date') return view.getInt32(0, true);
  if (type.kind === 'float64') return view.getFloat64(0, true);
  if (bytes.length === 16) return (view.getBigInt64(0) << 64n) | view.getBigUint64(8);
  return view.getBigInt64(0, true);
}

/**
 * Reads a data page (version 1) of an optional column. `dictionary` has the values that the page
 * refers to; without it, they are in the page.
 */
export function readDataPage(
  bytes: Uint8Array,
  type: ColumnType,
  count: number,
  dictionary?: Value[],
): Value[] {
  const levelBytes = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const levels = readHybrid(bytes.subarray(4, 4 + levelBytes), 1, count);
  const present = levels.filter((level) => level === 1).length;
  const body = bytes.subarray(4 + levelBytes);
  const values = dictionary
    ? readHybrid(body.subarray(1), body[0] as number, present).map((index) => dictionary[index] as Value)
    : readPlain(body, type, present);
  let next = 0;
  return levels.map((level) => (level === 1 ? (values[next++] as Value) : null));
}
