import {
  Bool,
  type Data,
  DateDay,
  Decimal,
  Float64,
  Int64,
  makeData,
  TimestampMicrosecond,
  Utf8,
} from 'apache-arrow';
import { unscaledDecimal } from '../../schema/decimal.js';
import type { ColumnType } from '../../schema/types.js';
import { NullBitmap, type Nulls } from './nulls.js';
import type { Value } from '../types.js';

/**
 * Collects the values of one type into an Arrow array. It knows no nulls: a null takes the slot of
 * a value, whose content does not matter.
 */
export interface ValueSink {
  length: number;
  /** Adds a value as the readers return it; undefined fills the slot of a null. */
  push(value: Value | undefined): void;
  /** Adds an integer within ±2^53, unscaled for a decimal. Not for bool and text. */
  pushInteger(value: number): void;
  /** In the memory of the sink, valid until `clear`. */
  data(nulls: Nulls): Data;
  /** Forgets all values and keeps the memory. */
  clear(): void;
}

/** Opens the sink of a column type. String, json and lists share one, since lists are JSON text. */
export function openSink(type: ColumnType): ValueSink {
  switch (type.kind) {
    case 'int64':
      return new IntegerSink(2, (common) =>
        makeData({ type: new Int64(), ...common, data: longs(common.data) }),
      );
    case 'timestamp':
      return new IntegerSink(2, (common) =>
        makeData({ type: new TimestampMicrosecond('UTC'), ...common, data: longs(common.data) }),
      );
    case 'decimal': {
      const arrowType = new Decimal(type.scale, type.precision);
      const sink = new IntegerSink(4, (common) =>
        makeData({
          type: arrowType,
          ...common,
          data: new Uint32Array(common.data.buffer, 0, common.data.length),
        }),
      );
      return Object.assign(sink, {
        push: (value: Value | undefined) =>
          sink.pushLong(value === undefined ? 0n : unscaledDecimal(String(value), type.scale)),
      });
    }
    case 'date':
      return new IntegerSink(1, (common) => makeData({ type: new DateDay(), ...common }));
    case 'float64':
      return new DoubleSink();
    case 'bool':
      return new BoolSink();
    case 'string':
    case 'json':
    case 'list':
      return new TextSink();
  }
}

type Common = { length: number; data: Int32Array<ArrayBuffer> } & Nulls;

/** Integers of one, two or four words, lowest word first. */
class IntegerSink implements ValueSink {
  length = 0;
  private words = new Int32Array(256);

  constructor(
    private readonly width: 1 | 2 | 4,
    private readonly make: (common: Common) => Data,
  ) {}

  push(value: Value | undefined): void {
    if (typeof value === 'bigint') this.pushLong(value);
    else this.pushInteger(Number(value ?? 0));
  }

  pushInteger(value: number): void {
    const at = this.next();
    const high = Math.floor(value / 0x100000000);
    this.words[at] = value - high * 0x100000000;
    if (this.width === 1) return;
    this.words[at + 1] = high;
    if (this.width === 2) return;
    this.words[at + 2] = this.words[at + 3] = value < 0 ? -1 : 0;
  }

  pushLong(value: bigint): void {
    const at = this.next();
    for (let word = 0; word < this.width; word += 1) {
      this.words[at + word] = Number(BigInt.asIntN(32, value >> BigInt(32 * word)));
    }
  }

  data(nulls: Nulls): Data {
    const data = this.words.subarray(0, this.length * this.width);
    return this.make({ length: this.length, data, ...nulls });
  }

  clear(): void {
    this.length = 0;
  }

  private next(): number {
    const at = this.length * this.width;
    if (at + this.width > this.words.length) {
      const larger = new Int32Array(this.words.length * 2);
      larger.set(this.words);
      this.words = larger;
    }
    this.length += 1;
    return at;
  }
}

function longs(words: Int32Array<ArrayBuffer>): BigInt64Array {
  return new BigInt64Array(words.buffer, 0, words.length / 2);
}

class DoubleSink implements ValueSink {
  private values: number[] = [];

  get length(): number {
    return this.values.length;
  }

  push(value: Value | undefined): void {
    this.values.push(Number(value ?? 0));
  }

  pushInteger(value: number): void {
    this.push(value);
  }

  data(nulls: Nulls): Data {
    return makeData({
      type: new Float64(),
      length: this.length,
      data: Float64Array.from(this.values),
      ...nulls,
    });
  }

  clear(): void {
    this.values = [];
  }
}

class BoolSink implements ValueSink {
  length = 0;
  private readonly bitmap = new NullBitmap();

  push(value: Value | undefined): void {
    this.bitmap.add(value === true);
    this.length += 1;
  }

  pushInteger(): void {
    throw new Error('no integer is a boolean');
  }

  data(nulls: Nulls): Data {
    // Arrow lays out the bits of booleans like those of nulls.
    return makeData({
      type: new Bool(),
      length: this.length,
      data: this.bitmap.nulls().nullBitmap,
      ...nulls,
    });
  }

  clear(): void {
    this.bitmap.clear();
    this.length = 0;
  }
}

/** Texts in UTF-8. Those in a slab are copied as they are. */
export class TextSink implements ValueSink {
  length = 0;
  private bytes = Buffer.allocUnsafeSlow(4096);
  private view = new DataView(this.bytes.buffer, this.bytes.byteOffset);
  private offsets = new Int32Array(257);

  push(value: Value | undefined): void {
    if (value === undefined) return this.end(0);
    const text = String(value);
    const maxBytes = text.length * 3;
    this.reserve(maxBytes);
    this.end(this.bytes.write(text, this.offsets[this.length] as number));
  }

  /**
   * Adds the text at `start` of `source`, which must be readable up to the next whole word behind
   * it.
   */
  pushBytes(source: DataView, start: number, length: number): void {
    this.reserve(length);
    const own = this.offsets[this.length] as number;
    for (let at = 0; at < length; at += 4) {
      this.view.setInt32(own + at, source.getInt32(start + at, true), true);
    }
    this.end(length);
  }

  pushInteger(): void {
    throw new Error('no integer is text');
  }

  data(nulls: Nulls): Data {
    const valueOffsets = this.offsets.subarray(0, this.length + 1);
    const data = this.bytes.subarray(0, valueOffsets[this.length]);
    return makeData({ type: new Utf8(), length: this.length, valueOffsets, data, ...nulls });
  }

  clear(): void {
    this.length = 0;
  }

  private end(length: number): void {
    if (this.length + 2 > this.offsets.length) {
      const larger = new Int32Array(this.offsets.length * 2);
      larger.set(this.offsets);
      this.offsets = larger;
    }
    this.offsets[this.length + 1] = (this.offsets[this.length] as number) + length;
    this.length += 1;
  }

  private reserve(more: number): void {
    const needed = (this.offsets[this.length] as number) + more + 4;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, needed));
    larger.set(this.bytes);
    this.bytes = larger;
    this.view = new DataView(larger.buffer, larger.byteOffset);
  }
}
