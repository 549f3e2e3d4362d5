import { type Data, Decimal, Int64, makeData, TimestampMicrosecond } from 'apache-arrow';
import type { Cells, Kernel } from '../../../kernel/kernel.js';
import { unscaledDecimal } from '../../../schema/decimal.js';
import type { ColumnType } from '../../../schema/types.js';
import { type Nulls, noNulls } from '../../batches/nulls.js';
import type { Reject, Value } from '../../types.js';
import type { CellReader, Reading } from './cell-reader.js';
import type { ColumnOptions, Readings, Settled, Values } from './dictionary-decoder.js';
import type { DistinctTexts } from './dictionary-builder.js';
import { mostRowsTogether, type Rows } from '../rows.js';
import { Validity } from './validity.js';

const longestInt64 = 18;
const numberKind = 0;
const momentKind = 1;

/** Integers of a column in the kernel's memory: of 8 bytes, or of 16 in an unscaled decimal. */
class Integers {
  at: number;
  readonly isWide: boolean;
  /** What the kernel needs to know to read them. */
  readonly reading: [kind: number, precision: number, scale: number];
  private readonly size: number;

  constructor(
    private readonly kernel: Kernel,
    private readonly type: ColumnType,
  ) {
    this.isWide = type.kind === 'decimal';
    this.size = this.isWide ? 16 : 8;
    const kind = type.kind === 'timestamp' ? momentKind : numberKind;
    this.reading = type.kind === 'decimal' ? [kind, type.precision, type.scale] : [kind, longestInt64, 0];
    this.at = kernel.calls.allocate(1000);
  }

  /** Makes room for so many, of which `used` are there. */
  reserve(most: number, used: number): void {
    this.at = this.kernel.calls.enlarge(this.at, used * this.size, most * this.size);
  }

  set(index: number, value: Value): void {
    const { type, isWide, size } = this;
    const whole = type.kind === 'decimal' ? unscaledDecimal(String(value), type.scale) : BigInt(value);
    const words = this.kernel.int64(this.at + index * size, size / 8);
    words[0] = BigInt.asIntN(64, whole);
    if (isWide) words[1] = whole >> 64n;
  }

  copy(from: Integers, index: number, to: number): void {
    this.bytesOf(to).set(from.bytesOf(index));
  }

  clear(index: number): void {
    this.bytesOf(index).fill(0);
  }

  /** The first `length` of them as an Arrow array; good until the kernel allocates. */
  data(length: number, nulls: Nulls): Data {
    const { kernel, type, at } = this;
    if (type.kind === 'decimal') {
      const { buffer } = kernel.calls.memory;
      const data = new Uint32Array(buffer, at, length * 4);
      return makeData({ type: new Decimal(type.scale, type.precision), length, data, ...nulls });
    }
    const data = kernel.int64(at, length);
    return type.kind === 'int64'
      ? makeData({ type: new Int64(), length, data, ...nulls })
      : makeData({ type: new TimestampMicrosecond('UTC'), length, data, ...nulls });
  }

  private bytesOf(index: number): Uint8Array {
    return this.kernel.bytes(this.at + index * this.size, this.size);
  }
}

/** Readings of int64, decimal and timestamp: by the kernel, and by the reader where the kernel leaves a spelling to it. */
export class IntegerReadings implements Readings {
  hasRejects = false;
  readonly integers: Integers;
  private statuses: number;
  private count = 0;
  /** By entry. */
  private readonly left = new Map<number, Reading>();

  constructor(
    private readonly options: ColumnOptions,
    private readonly reader: CellReader,
    private readonly texts: DistinctTexts,
  ) {
    const { kernel, column } = options;
    this.integers = new Integers(kernel, column.type);
    this.statuses = kernel.calls.allocate(100);
  }

  read(): void {
    const { kernel, rules } = this.options;
    const { dictionary, count } = this.texts;
    const from = this.count;
    this.count = count;
    if (count === from) return;
    this.integers.reserve(count, from);
    this.statuses = kernel.calls.enlarge(this.statuses, from, count);
    const { reading, isWide, at } = this.integers;
    const mark = rules.decimalMark.charCodeAt(0);
    const to = [at, this.statuses] as const;
    if (kernel.calls.readEntries(dictionary, from, ...reading, mark, Number(isWide), ...to) === 0) return;
    const statuses = kernel.bytes(this.statuses + from, count - from);
    for (let index = statuses.indexOf(0); index >= 0; index = statuses.indexOf(0, index + 1)) {
      this.readLeft(from + index);
    }
  }

  isRejected(entry: number): boolean {
    return this.left.get(entry)?.rejected ?? false;
  }

  goOn(): Values {
    return new IntegerValues(this.options, this.reader, this.texts, this);
  }

  hasValue(entry: number): boolean {
    const reading = this.left.get(entry);
    return !reading || reading.value !== undefined;
  }

  settleClues(): void {
    const { kernel, evidence, rules } = this.options;
    const statuses = kernel.bytes(this.statuses, this.count);
    if (this.left.size === 0 && statuses.every((status) => status === 1)) return;
    const counts = this.texts.counts();
    const byStatus = [0, 0, 0, 0];
    kernel.bytes(this.statuses, this.count).forEach((status, entry) => {
      byStatus[status] = (byStatus[status] as number) + (counts[entry] as number);
    });
    evidence.add(`mark ${rules.decimalMark}`, byStatus[2]);
    evidence.add('mark either', byStatus[3]);
    for (const [entry, { clue }] of this.left) evidence.add(clue, counts[entry]);
  }

  settle(): Settled | undefined {
    const { integers, count } = this;
    const without = [...this.left].filter(([, { value }]) => value === undefined);
    const withValue = count - without.length;
    if (withValue === 0) return undefined;
    const data = () => integers.data(withValue, noNulls);
    if (without.length === 0) return { data };
    const lacking = new Set(without.map(([entry]) => entry));
    let place = 0;
    const places = Int32Array.from({ length: count }, (_, entry) => (lacking.has(entry) ? -1 : place++));
    const { kernel } = this.options;
    const at = kernel.place(new Uint8Array(places.buffer));
    kernel.calls.moveValues(integers.at, Number(integers.isWide), at, count);
    kernel.calls.release(at);
    return { data, places };
  }

  clear(): void {
    this.count = 0;
    this.left.clear();
    this.hasRejects = false;
  }

  free(): void {
    const { calls } = this.options.kernel;
    calls.release(this.integers.at);
    calls.release(this.statuses);
  }

  private readLeft(entry: number): void {
    const reading = this.reader.read(this.texts.text(entry));
    this.left.set(entry, reading);
    this.hasRejects ||= reading.rejected;
    if (reading.value !== undefined) this.integers.set(entry, reading.value);
  }
}

/** The same types, row by row. */
class IntegerValues implements Values {
  private readonly integers: Integers;
  private readonly validity: Validity;
  /** Rows left by the kernel. */
  private readonly left: number;

  constructor(
    private readonly options: ColumnOptions,
    private readonly reader: CellReader,
    texts: DistinctTexts,
    readings: IntegerReadings,
  ) {
    const { kernel, column } = options;
    this.integers = new Integers(kernel, column.type);
    this.integers.reserve(texts.length, 0);
    this.validity = new Validity(kernel);
    this.validity.reserve(texts.length);
    this.validity.add(texts.length, texts.length);
    this.left = kernel.calls.allocate(mostRowsTogether * 4);
    for (const [row, entry] of texts.entriesFrom(0).entries()) {
      if (entry >= 0 && readings.hasValue(entry)) {
        this.integers.copy(readings.integers, entry, row);
        this.validity.fill(row);
      } else {
        this.integers.clear(row);
      }
    }
  }

  add(cells: Cells, rows: Rows, rejects: Reject[]): void {
    const { kernel } = this.options;
    const from = this.validity.length;
    this.integers.reserve(from + rows.count, from);
    this.validity.reserve(rows.count);
    const leftCount = this.read(cells, from);
    this.validity.add(rows.count, rows.count - kernel.calls.valuesRead.value);
    for (const row of kernel.int32(this.left, leftCount)) {
      const value = this.reader.readCell(rows, row, rejects);
      if (value === undefined) continue;
      this.integers.set(from + row, value);
      this.validity.fill(from + row);
    }
  }

  data(): Data {
    return this.integers.data(this.validity.length, this.validity.nulls());
  }

  clear(): void {
    this.validity.clear();
  }

  /** Gives how many rows are left. */
  private read(cells: Cells, from: number): number {
    const { kernel, rules, evidence } = this.options;
    const { calls } = kernel;
    const { reading, isWide, at } = this.integers;
    const to = [at, this.validity.at, from, this.left] as const;
    const mark = rules.decimalMark.charCodeAt(0);
    const leftCount = calls.addIntegers(...cells, ...reading, mark, Number(isWide), ...to);
    evidence.add(`mark ${rules.decimalMark}`, calls.marksSeen.value);
    evidence.add('mark either', calls.eitherSeen.value);
    return leftCount;
  }
}
