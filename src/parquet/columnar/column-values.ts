import { type Data, DataType } from 'apache-arrow';
import type { ByteSink } from './byte-sink.js';

/** The values of one Arrow array, as Parquet's PLAIN encoding has them. */
export interface ColumnValues {
  /** Appends the value at `index`. It is not null. */
  append(sink: ByteSink, index: number): void;
  /** Appends the values of a range that has no nulls, where that is possible at once. */
  appendRange?(sink: ByteSink, from: number, to: number): void;
  /**
   * Places of the least and the greatest of the values that are there, in the order that statistics of the type have; -1 where there is
   * none, or the type has no order.
   */
  extremes(): Extremes;
  /** The value at `index` as statistics write it; undefined where it is too long for them, or no number. */
  statistic(index: number): Uint8Array | undefined;
}

interface Extremes {
  least: number;
  greatest: number;
}

/** Longer texts are left out of the statistics. */
const longestStatistic = 256;

/** Decimals of up to so many digits are 64-bit integers, others are arrays of 16 bytes. */
export const longestInt64Decimal = 18;

/** Reads an Arrow array: Utf8, Int64, Decimal, Float64, Bool, Date or Timestamp in one piece. */
export function valuesOf(data: Data): ColumnValues {
  const { type } = data;
  if (DataType.isUtf8(type)) return texts(data);
  if (DataType.isBool(type)) return bools(data);
  if (DataType.isDecimal(type))
    return type.precision > longestInt64Decimal ? wideDecimals(data) : words(data, 4, 2);
  if (DataType.isFloat(type)) return doubles(data);
  if (DataType.isDate(type)) return words(data, 1, 1);
  if (DataType.isInt(type) || DataType.isTimestamp(type)) return words(data, 2, 2);
  throw new Error(`no Parquet encoding for Arrow's ${type}`);
}

/** The bitmap of the values that are there; undefined where all are. Taken once, as Arrow's getters take time. */
export function validityOf(data: Data): Uint8Array | undefined {
  return data.nullCount === 0 ? undefined : data.nullBitmap;
}

/** Whether the value at `index` is there. */
export function isValid(validity: Uint8Array | undefined, index: number): boolean {
  return validity === undefined || (((validity[index >> 3] as number) >> (index & 7)) & 1) === 1;
}

function extremesBy(data: Data, isLess: (a: number, b: number) => boolean): Extremes {
  const validity = validityOf(data);
  let [least, greatest] = [-1, -1];
  for (let index = 0; index < data.length; index += 1) {
    if (!isValid(validity, index)) continue;
    if (least < 0) least = greatest = index;
    else if (isLess(index, least)) least = index;
    else if (isLess(greatest, index)) greatest = index;
  }
  return { least, greatest };
}

/** Signed integers of one or two 32-bit words, the lower first, each `stride` words behind the one before. */
function words(data: Data, stride: number, width: 1 | 2): ColumnValues {
  const { buffer, byteOffset, byteLength } = data.values as Int32Array;
  const ints = new Int32Array(buffer, byteOffset, byteLength / 4);
  const bytesAt = (index: number) => new Uint8Array(buffer, byteOffset + index * stride * 4, width * 4);
  return {
    append(sink, index) {
      sink.uint32(ints[index * stride] as number);
      if (width === 2) sink.uint32(ints[index * stride + 1] as number);
    },
    ...(stride === width && {
      appendRange: (sink: ByteSink, from: number, to: number) =>
        sink.append(new Uint8Array(buffer, byteOffset + from * stride * 4, (to - from) * stride * 4)),
    }),
    extremes() {
      const validity = validityOf(data);
      let [least, greatest] = [-1, -1];
      let [leastHigh, leastLow, greatestHigh, greatestLow] = [0, 0, 0, 0];
      for (let index = 0; index < data.length; index += 1) {
        if (!isValid(validity, index)) continue;
        const low = (ints[index * stride] as number) >>> 0;
        const high = ints[index * stride + width - 1] as number;
        if (least < 0 || high < leastHigh || (high === leastHigh && low < leastLow)) {
          [least, leastHigh, leastLow] = [index, high, low];
        }
        if (greatest < 0 || high > greatestHigh || (high === greatestHigh && low > greatestLow)) {
          [greatest, greatestHigh, greatestLow] = [index, high, low];
        }
      }
      return { least, greatest };
    },
    statistic: (index) => bytesAt(index).slice(),
  };
}

function doubles(data: Data): ColumnValues {
  const numbers = data.values as Float64Array;
  const bytesOf = (value: number) => new Uint8Array(Float64Array.of(value).buffer);
  return {
    append: (sink, index) => sink.append(bytesOf(numbers[index] as number)),
    extremes: () => extremesBy(data, (a, b) => (numbers[a] as number) < (numbers[b] as number)),
    // Zeros of either sign are equal; readers know.
    statistic: (index) => (Number.isNaN(numbers[index]) ? undefined : bytesOf(numbers[index] as number)),
  };
}

function bools(data: Data): ColumnValues {
  const bits = data.values as Uint8Array;
  return {
    append: (sink, index) => sink.byte(((bits[index >> 3] ?? 0) >> (index & 7)) & 1),
    extremes: () => ({ least: -1, greatest: -1 }),
    statistic: () => undefined,
  };
}

/** Sixteen bytes, the highest first, as two's complement; Arrow has the lowest first. */
function wideDecimals(data: Data): ColumnValues {
  const { buffer, byteOffset } = data.values as Uint32Array;
  const bytes = 16;
  const valueAt = (index: number) => new Uint8Array(buffer, byteOffset + index * bytes, bytes);
  const isLess = (a: number, b: number) => {
    const [left, right] = [valueAt(a), valueAt(b)];
    for (let at = bytes - 1; at >= 0; at -= 1) {
      // Only the highest byte has a sign.
      const flip = at === bytes - 1 ? 0x80 : 0;
      const difference = ((left[at] as number) ^ flip) - ((right[at] as number) ^ flip);
      if (difference !== 0) return difference < 0;
    }
    return false;
  };
  return {
    append: (sink, index) => sink.append(valueAt(index).slice().reverse()),
    extremes: () => extremesBy(data, isLess),
    statistic: (index) => valueAt(index).slice().reverse(),
  };
}

function texts(data: Data): ColumnValues {
  const { valueOffsets: offsets } = data;
  const bytes = data.values as Uint8Array;
  const textAt = (index: number) => bytes.subarray(offsets[index], offsets[index + 1]);
  const isLess = (a: number, b: number): boolean => {
    let left = offsets[a] as number;
    let right = offsets[b] as number;
    const leftEnd = offsets[a + 1] as number;
    const rightEnd = offsets[b + 1] as number;
    for (; left < leftEnd && right < rightEnd; left += 1, right += 1) {
      const difference = (bytes[left] as number) - (bytes[right] as number);
      if (difference !== 0) return difference < 0;
    }
    return left === leftEnd && right < rightEnd;
  };
  return {
    append(sink, index) {
      const start = offsets[index] as number;
      const length = (offsets[index + 1] as number) - start;
      sink.uint32(length);
      sink.reserve(length);
      const { bytes: out, length: at } = sink;
      const shortText = 48;
      if (length > shortText) out.set(bytes.subarray(start, start + length), at);
      else for (let each = 0; each < length; each += 1) out[at + each] = bytes[start + each] as number;
      sink.length = at + length;
    },
    extremes: () => extremesBy(data, isLess),
    statistic: (index) => (textAt(index).length > longestStatistic ? undefined : textAt(index).slice()),
  };
}
