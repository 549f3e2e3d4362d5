import { type Data, Decimal, Int64, makeData, TimestampMicrosecond, Utf8 } from 'apache-arrow';
import type { Cells, Kernel } from '../../kernel/kernel.js';
import { unscaledDecimal } from '../../schema/decimal.js';
import type { ColumnType } from '../../schema/types.js';
import type { Evidence } from '../evidence.js';
import type { Nulls } from '../null-bitmap.js';
import type { Value, ValueRules } from '../values.js';
import type { DistinctTexts } from './distinct-texts.js';

/** Values of one column in the kernel's memory, row by row. */
export interface FastValues {
  /** Adds cells, and gives the rows among them whose texts the kernel can't read: their values are null until they are put. */
  add(cells: Cells): Int32Array;
  /** Adds the values of rows that were held as distinct texts; `values` has that of each entry. */
  addEntries(texts: DistinctTexts, values: (Value | undefined)[]): void;
  /** Puts a value in place of a null, `row` from the first of the rows added last. */
  put(row: number, value: Value): void;
  /** The values as an Arrow array; good until the kernel allocates. */
  data(): Data;
  /** Forgets all values, and keeps the memory. */
  clear(): void;
}

export interface FastValuesOptions {
  kernel: Kernel;
  type: ColumnType;
  rules: ValueRules;
  evidence: Evidence;
  mostRows: number;
}

/** Undefined for types whose values the kernel can't hold. */
export function openFastValues(options: FastValuesOptions): FastValues | undefined {
  const { kind } = options.type;
  if (kind === 'string') return new FastTexts(options.kernel, options.mostRows);
  return kind === 'int64' || kind === 'decimal' || kind === 'timestamp'
    ? new FastIntegers(options)
    : undefined;
}

/** Which rows are there. */
class Validity {
  readonly at: number;
  length = 0;
  nullCount = 0;
  private readonly size: number;

  constructor(
    private readonly kernel: Kernel,
    mostRows: number,
  ) {
    this.size = (mostRows >> 3) + 8;
    this.at = kernel.zeros(this.size);
  }

  add(rows: number, nulls: number): void {
    this.length += rows;
    this.nullCount += nulls;
  }

  /** Makes a null a value. */
  fill(row: number): void {
    const byte = this.kernel.bytes(this.at + (row >> 3), 1);
    byte[0] = (byte[0] as number) | (1 << (row & 7));
    this.nullCount -= 1;
  }

  nulls(): Nulls {
    return { nullCount: this.nullCount, nullBitmap: this.kernel.bytes(this.at, (this.length + 7) >> 3) };
  }

  clear(): void {
    this.kernel.bytes(this.at, this.size).fill(0);
    this.length = 0;
    this.nullCount = 0;
  }
}

const none = new Int32Array(0);

class FastTexts implements FastValues {
  private readonly texts;
  private readonly validity;

  constructor(
    private readonly kernel: Kernel,
    mostRows: number,
  ) {
    this.texts = kernel.calls.newTexts();
    this.validity = new Validity(kernel, mostRows);
  }

  add(cells: Cells): Int32Array {
    const { at, length } = this.validity;
    const [, , , count] = cells;
    this.validity.add(count, this.kernel.calls.addTexts(this.texts, ...cells, at, length));
    return none;
  }

  addEntries({ dictionary, entries, length: count }: DistinctTexts): void {
    const { at, length } = this.validity;
    const empty = this.kernel.calls.addEntries(this.texts, dictionary, entries, count, at, length);
    this.validity.add(count, empty);
  }

  put(): void {
    throw new Error('each text is read');
  }

  data(): Data {
    const { calls } = this.kernel;
    const { length } = this.validity;
    const valueOffsets = this.kernel.int32(calls.textsOffsets(this.texts), length + 1);
    const data = this.kernel.bytes(calls.textsBytes(this.texts), valueOffsets[length] as number);
    return makeData({ type: new Utf8(), length, valueOffsets, data, ...this.validity.nulls() });
  }

  clear(): void {
    this.kernel.calls.clearTexts(this.texts);
    this.validity.clear();
  }
}

const longestInt64 = 18;

/** Integers of 8 bytes, unscaled decimals of 16. */
class FastIntegers implements FastValues {
  private readonly kernel;
  private readonly type;
  private readonly isWide;
  private readonly values;
  private readonly validity;
  /** Rows left by the kernel. */
  private readonly left;
  private from = 0;

  constructor(private readonly options: FastValuesOptions) {
    const { kernel, type, mostRows } = options;
    this.kernel = kernel;
    this.type = type;
    this.isWide = type.kind === 'decimal';
    this.values = kernel.calls.allocate(mostRows * (this.isWide ? 16 : 8));
    this.validity = new Validity(kernel, mostRows);
    this.left = kernel.calls.allocate(mostRows * 4);
  }

  add(cells: Cells): Int32Array {
    const { calls } = this.kernel;
    const [, , , count] = cells;
    this.from = this.validity.length;
    const leftCount = this.read(cells);
    this.validity.add(count, count - calls.valuesRead.value);
    return this.kernel.int32(this.left, leftCount);
  }

  private read(cells: Cells): number {
    const { calls } = this.kernel;
    const { type, isWide, from } = this;
    const { rules, evidence } = this.options;
    const to = [this.values, this.validity.at, from, this.left] as const;
    if (type.kind === 'timestamp') return calls.addMoments(...cells, ...to);
    const [precision, scale] = type.kind === 'decimal' ? [type.precision, type.scale] : [longestInt64, 0];
    const mark = rules.decimalMark.charCodeAt(0);
    const leftCount = calls.addNumbers(...cells, precision, scale, mark, Number(isWide), ...to);
    evidence.add(`mark ${rules.decimalMark}`, calls.marksSeen.value);
    evidence.add('mark either', calls.eitherSeen.value);
    return leftCount;
  }

  addEntries(texts: DistinctTexts, values: (Value | undefined)[]): void {
    this.from = this.validity.length;
    this.validity.add(texts.length, texts.length);
    texts.entriesFrom(0).forEach((entry, row) => {
      const value = values[entry];
      if (value !== undefined) this.put(row, value);
    });
  }

  put(row: number, value: Value): void {
    const { type, isWide, values } = this;
    const at = this.from + row;
    const whole = type.kind === 'decimal' ? unscaledDecimal(String(value), type.scale) : BigInt(value);
    const words = this.kernel.int64(values + at * (isWide ? 16 : 8), isWide ? 2 : 1);
    words[0] = BigInt.asIntN(64, whole);
    if (isWide) words[1] = whole >> 64n;
    this.validity.fill(at);
  }

  data(): Data {
    const { type, kernel, values } = this;
    const { length } = this.validity;
    const nulls = this.validity.nulls();
    if (type.kind === 'decimal') {
      const data = new Uint32Array(kernel.calls.memory.buffer, values, length * 4);
      return makeData({ type: new Decimal(type.scale, type.precision), length, data, ...nulls });
    }
    const data = kernel.int64(values, length);
    return type.kind === 'int64'
      ? makeData({ type: new Int64(), length, data, ...nulls })
      : makeData({ type: new TimestampMicrosecond('UTC'), length, data, ...nulls });
  }

  clear(): void {
    this.validity.clear();
  }
}
