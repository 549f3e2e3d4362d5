import { type Data, DataType } from 'apache-arrow';
import type { Kernel } from '../../kernel/kernel.js';

/**
 * The values of one Arrow array in the kernel's memory, to be written in Parquet's PLAIN encoding.
 */
export interface ColumnValues {
  /** Returns the maximum number of bytes that the values of a range take. */
  maxBytes(from: number, to: number): number;
  /**
   * Writes the values of a range that are not null to `out`, which has room for `maxBytes`. Returns
   * the number of bytes written.
   */
  write(from: number, to: number, out: number): number;
  /**
   * Finds minimum and maximum in the order that statistics of the type use. Returns false if the
   * type has no order.
   */
  findExtremes(): boolean;
  /**
   * Returns the value at `index` as written in statistics; undefined if it is too long for them.
   */
  statistic(index: number): Uint8Array | undefined;
}

/** Longer texts are omitted from the statistics. */
const maxStatisticBytes = 256;

/** The kernel reads and writes whole words, which may extend beyond a text. */
const slackBytes = 16;

/** Decimals of up to this many digits are 64-bit integers, others are arrays of 16 bytes. */
export const maxInt64DecimalDigits = 18;

/**
 * Copies an Arrow array of Utf8, Int64, Decimal, Float64, Bool, Date or Timestamp into the kernel's
 * memory. `validity` is the address of its bitmap there, 0 if there is none.
 */
export function copyValuesIn(kernel: Kernel, data: Data, validity: number): ColumnValues {
  const { type } = data;
  if (DataType.isUtf8(type)) return texts(kernel, data, validity);
  const at = kernel.copyIn(bytesOf(data.values));
  const values = { kernel, at, validity, length: data.length };
  if (DataType.isBool(type)) return bools(values);
  if (DataType.isDecimal(type)) return integers(values, 16, type.precision > maxInt64DecimalDigits ? 16 : 8);
  if (DataType.isFloat(type)) return doubles(values);
  if (DataType.isDate(type)) return integers(values, 4, 4);
  if (DataType.isInt(type) || DataType.isTimestamp(type)) return integers(values, 8, 8);
  throw new Error(`no Parquet encoding for Arrow's ${type}`);
}

export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

interface CopiedValues {
  kernel: Kernel;
  at: number;
  validity: number;
  length: number;
}

/**
 * Integers stored every `stride` bytes, lowest byte first, of which `width` bytes are written. With
 * a width of 16, the highest byte is written first.
 */
function integers(
  { kernel, at, validity, length }: CopiedValues,
  stride: 4 | 8 | 16,
  width: 4 | 8 | 16,
): ColumnValues {
  const { calls } = kernel;
  return {
    maxBytes: (from, to) => (to - from) * width,
    write: (from, to, out) => calls.plainIntegers(at, stride, width, validity, from, to, out),
    findExtremes() {
      calls.extremeIntegers(at, stride, width, validity, length);
      return true;
    },
    statistic(index) {
      const value = kernel.bytes(at + index * stride, width).slice();
      return width === 16 ? value.reverse() : value;
    },
  };
}

function doubles(values: CopiedValues): ColumnValues {
  const { kernel, at, validity, length } = values;
  return {
    ...integers(values, 8, 8),
    findExtremes() {
      kernel.calls.extremeDoubles(at, validity, length);
      return true;
    },
  };
}

function bools({ kernel, at, validity }: CopiedValues): ColumnValues {
  return {
    maxBytes: (from, to) => (to - from + 7) >> 3,
    write: (from, to, out) => kernel.calls.plainBits(at, validity, from, to, out),
    findExtremes: () => false,
    statistic: () => undefined,
  };
}

function texts(kernel: Kernel, data: Data, validity: number): ColumnValues {
  const { calls } = kernel;
  const { valueOffsets, length } = data;
  const offsets = kernel.copyIn(bytesOf(valueOffsets.subarray(0, length + 1)));
  const end = valueOffsets[length] ?? 0;
  const bytes = calls.allocate(end + slackBytes);
  kernel.bytes(bytes, end).set((data.values as Uint8Array).subarray(0, end));
  const lengthBytes = 4;
  const offsetAt = (index: number) => kernel.int32(offsets + index * 4, 1)[0] as number;
  return {
    maxBytes: (from, to) => offsetAt(to) - offsetAt(from) + (to - from) * lengthBytes + slackBytes,
    write: (from, to, out) => calls.plainTexts(offsets, bytes, validity, from, to, out),
    findExtremes() {
      calls.extremeTexts(offsets, bytes, validity, length);
      return true;
    },
    statistic(index) {
      const from = offsetAt(index);
      const size = offsetAt(index + 1) - from;
      return size > maxStatisticBytes ? undefined : kernel.bytes(bytes + from, size).slice();
    },
  };
}
