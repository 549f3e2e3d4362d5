import { type Data, Decimal, Int64, makeData, TimestampMicrosecond } from 'apache-arrow';
import type { Cells, Kernel } from '../../../kernel/kernel.js';
import { unscaledDecimal } from '../../../schema/decimal.js';
import type { ColumnType } from '../../../schema/types.js';
import { type Nulls, noNulls } from '../../batches/nulls.js';
import { eitherClue } from '../../values/evidence.js';
import type { Reject, Value } from '../../types.js';
import type { CellReader, CellValue } from './cell-reader.js';
import type {
  ColumnOptions,
  DictionaryDecoder,
  DecodedDictionary,
  PlainValues,
} from './dictionary-decoder.js';
import type { DictionaryBuilder } from './dictionary-builder.js';
import { maxRowsTogether, type Rows } from '../rows.js';
import { Validity } from './validity.js';

const maxInt64Digits = 18;
const numberKind = 0;
const momentKind = 1;

/** Integers of a column in the kernel's memory: 8 bytes each, 16 for an unscaled decimal. */
class Integers {
  at: number;
  readonly isWide: boolean;
  /** The column type in the kernel's terms. */
  readonly form: [kind: number, precision: number, scale: number];
  private readonly size: number;

  constructor(
    private readonly kernel: Kernel,
    private readonly type: ColumnType,
  ) {
    this.isWide = type.kind === 'decimal';
    this.size = this.isWide ? 16 : 8;
    const kind = type.kind === 'timestamp' ? momentKind : numberKind;
    this.form = type.kind === 'decimal' ? [kind, type.precision, type.scale] : [kind, maxInt64Digits, 0];
    this.at = kernel.calls.allocate(1000);
  }

  /** Makes room for `count` integers, of which `used` are already set. */
  reserve(count: number, used: number): void {
    this.at = this.kernel.calls.enlarge(this.at, used * this.size, count * this.size);
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

  /** The first `length` integers as an Arrow array, valid until the kernel allocates. */
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

/**
 * Decodes int64, decimal and timestamp in the kernel. Spellings that the kernel does not read are
 * left to the cell reader.
 */
export class IntegerDecoder implements DictionaryDecoder {
  hasRejects = false;
  readonly integers: Integers;
  private statuses: number;
  private count = 0;
  /** What the kernel left to the cell reader, by entry. */
  private readonly left = new Map<number, CellValue>();

  constructor(
    private readonly options: ColumnOptions,
    private readonly reader: CellReader,
    private readonly texts: DictionaryBuilder,
  ) {
    const { kernel, column } = options;
    this.integers = new Integers(kernel, column.type);
    this.statuses = kernel.calls.allocate(100);
  }

  decode(): void {
    const { kernel, rules } = this.options;
    const { dictionary, count } = this.texts;
    const from = this.count;
    this.count = count;
    if (count === from) return;
    this.integers.reserve(count, from);
    this.statuses = kernel.calls.enlarge(this.statuses, from, count);
    const { form, isWide, at } = this.integers;
    const mark = rules.decimalMark.charCodeAt(0);
    const to = [at, this.statuses] as const;
    if (kernel.calls.readEntries(dictionary, from, ...form, mark, Number(isWide), ...to) === 0) return;
    const statuses = kernel.bytes(this.statuses + from, count - from);
    for (let index = statuses.indexOf(0); index >= 0; index = statuses.indexOf(0, index + 1)) {
      this.readLeft(from + index);
    }
  }

  isRejected(entry: number): boolean {
    return this.left.get(entry)?.rejected ?? false;
  }

  fallBackToPlain(): PlainValues {
    return new PlainIntegers(this.options, this.reader, this.texts, this);
  }

  hasValue(entry: number): boolean {
    const left = this.left.get(entry);
    return !left || left.value !== undefined;
  }

  reportEvidence(): void {
    const { kernel, evidence, rules } = this.options;
    const statuses = kernel.bytes(this.statuses, this.count);
    if (this.left.size === 0 && statuses.every((status) => status === 1)) return;
    const counts = this.texts.counts();
    const byStatus = [0, 0, 0, 0];
    kernel.bytes(this.statuses, this.count).forEach((status, entry) => {
      byStatus[status] = (byStatus[status] as number) + (counts[entry] as number);
    });
    evidence.add(`mark ${rules.decimalMark}`, byStatus[2]);
    evidence.add(eitherClue(rules.decimalMark), byStatus[3]);
    for (const [entry, { clue }] of this.left) evidence.add(clue, counts[entry]);
  }

  finish(): DecodedDictionary | undefined {
    const { integers, count } = this;
    const without = [...this.left].filter(([, { value }]) => value === undefined);
    const withValue = count - without.length;
    if (withValue === 0) return undefined;
    const values = () => integers.data(withValue, noNulls);
    if (without.length === 0) return { values };
    const lacking = new Set(without.map(([entry]) => entry));
    let next = 0;
    const indices = Int32Array.from({ length: count }, (_, entry) => (lacking.has(entry) ? -1 : next++));
    const { kernel } = this.options;
    const at = kernel.copyIn(new Uint8Array(indices.buffer));
    kernel.calls.moveValues(integers.at, Number(integers.isWide), at, count);
    kernel.calls.release(at);
    return { values, indices };
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
    const left = this.reader.read(this.texts.text(entry));
    this.left.set(entry, left);
    this.hasRejects ||= left.rejected;
    if (left.value !== undefined) this.integers.set(entry, left.value);
  }
}

/** The same types, row by row. */
class PlainIntegers implements PlainValues {
  private readonly integers: Integers;
  private readonly validity: Validity;
  /** Address of the rows that the kernel left to the cell reader. */
  private readonly left: number;

  constructor(
    private readonly options: ColumnOptions,
    private readonly reader: CellReader,
    texts: DictionaryBuilder,
    decoder: IntegerDecoder,
  ) {
    const { kernel, column } = options;
    this.integers = new Integers(kernel, column.type);
    this.integers.reserve(texts.length, 0);
    this.validity = new Validity(kernel);
    this.validity.reserve(texts.length);
    this.validity.add(texts.length, texts.length);
    this.left = kernel.calls.allocate(maxRowsTogether * 4);
    for (const [row, entry] of texts.entriesFrom(0).entries()) {
      if (entry >= 0 && decoder.hasValue(entry)) {
        this.integers.copy(decoder.integers, entry, row);
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

  /** Returns how many rows the kernel left to the cell reader. */
  private read(cells: Cells, from: number): number {
    const { kernel, rules, evidence } = this.options;
    const { calls } = kernel;
    const { form, isWide, at } = this.integers;
    const to = [at, this.validity.at, from, this.left] as const;
    const mark = rules.decimalMark.charCodeAt(0);
    const leftCount = calls.addIntegers(...cells, ...form, mark, Number(isWide), ...to);
    evidence.add(`mark ${rules.decimalMark}`, calls.marksSeen.value);
    evidence.add(eitherClue(rules.decimalMark), calls.eitherSeen.value);
    return leftCount;
  }
}
