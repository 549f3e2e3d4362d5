import { type Data, DataType, type Vector } from 'apache-arrow';
import { unscaledAt } from '../../schema/decimal.js';

/** Two integers up to this size still add up exactly in a double. */
const maxExactAddend = 2 ** 52;

/** An exact sum of integers that needs no bigint while the numbers are small. */
export class Total {
  private near = 0;
  private far = 0n;

  add(value: number | bigint): void {
    if (typeof value === 'bigint') {
      this.far += value;
      return;
    }
    this.near += value;
    if (Math.abs(this.near) < maxExactAddend) return;
    this.far += BigInt(this.near);
    this.near = 0;
  }

  get value(): bigint {
    return this.far + BigInt(this.near);
  }
}

/** The values of an integer column, or the unscaled values of a decimal one. */
export interface Integers {
  addTo(total: Total, from: number, to: number): void;
  /** The first value in these rows, if any. */
  first(from: number, to: number): bigint | undefined;
}

/** Undefined if the column has no values. */
export function integersOf(vector: Vector | null): Integers | undefined {
  const [data] = vector?.data ?? [];
  if (!data || DataType.isNull(data.type)) return undefined;
  const isValid = validityOf(data);
  const read = readerOf(data);
  return {
    addTo(total, from, to) {
      for (let row = from; row < to; row += 1) if (!isValid || isValid(row)) total.add(read(row));
    },
    first(from, to) {
      for (let row = from; row < to; row += 1) if (!isValid || isValid(row)) return BigInt(read(row));
      return undefined;
    },
  };
}

function readerOf(data: Data): (row: number) => number | bigint {
  if (!DataType.isDictionary(data.type)) return (row) => integerAt(data, row);
  const dictionary = data.dictionary?.data[0] as Data;
  const entries = Array.from({ length: dictionary.length }, (_, index) => integerAt(dictionary, index));
  const indices = data.values as Int32Array;
  return (row) => entries[indices[row] as number] as number | bigint;
}

function integerAt({ type, values }: Data, index: number): number | bigint {
  if (!DataType.isDecimal(type)) {
    const value = values[index] as bigint;
    const near = Number(value);
    return Math.abs(near) < maxExactAddend ? near : value;
  }
  const words = values as Uint32Array;
  const high = (words[index * 4 + 1] as number) | 0;
  const sign = high < 0 ? 0xffffffff : 0;
  const isNear =
    words[index * 4 + 2] === sign && words[index * 4 + 3] === sign && high < 2 ** 20 && high >= -(2 ** 20);
  return isNear ? high * 2 ** 32 + (words[index * 4] as number) : unscaledAt(words, index);
}

/** Undefined if every row has a value. */
function validityOf({ nullBitmap, nullCount }: Data): ((row: number) => boolean) | undefined {
  if (nullCount === 0 || !nullBitmap?.length) return undefined;
  return (row) => (((nullBitmap[row >> 3] as number) >> (row & 7)) & 1) === 1;
}

/** The values of a grouping column. Rows with equal values are mostly adjacent. */
export interface Keys {
  text(row: number): string | null;
  /** The end of the run of equal values that starts at `row`, or an earlier row. */
  endOfRun(row: number): number;
}

export function keysOf(vector: Vector | null): Keys {
  const [data] = vector?.data ?? [];
  if (!vector || !data || DataType.isNull(data.type)) {
    return { text: () => null, endOfRun: () => Number.POSITIVE_INFINITY };
  }
  const isValid = validityOf(data);
  if (!DataType.isDictionary(data.type)) {
    return { text: (row) => textAt(vector, row), endOfRun: (row) => row + 1 };
  }
  const dictionary = data.dictionary as Vector;
  const indices = data.values as Int32Array;
  const isOnly = !isValid && dictionary.length === 1;
  return {
    text: (row) => (!isValid || isValid(row) ? textAt(dictionary, indices[row] as number) : null),
    endOfRun(row) {
      if (isOnly) return data.length;
      const isThere = !isValid || isValid(row);
      let end = row + 1;
      while (
        end < data.length &&
        (!isValid || isValid(end)) === isThere &&
        (!isThere || indices[end] === indices[row])
      ) {
        end += 1;
      }
      return end;
    },
  };
}

function textAt(vector: Vector, index: number): string | null {
  const value: unknown = vector.get(index);
  return value === null || value === undefined ? null : String(value);
}
