import type { Data } from 'apache-arrow';
import type { ResolvedColumn } from '../../schema/types.js';
import { type Clue, clueOf, type Evidence } from '../evidence.js';
import type { Reject } from '../types.js';
import { expectedReason, isNullText, readerOf, type Value, type ValueRules } from '../values.js';
import { dictionaryData, nullData, textData } from './arrow-data.js';
import { DistinctTexts } from './distinct-texts.js';
import { fastMicros, fastNumber } from './fast-values.js';
import { type NullBitmap, noNulls } from '../null-bitmap.js';
import { NullableValues } from '../nullable-values.js';
import { cellLength, cellStart, type Rows } from './rows.js';
import { openSink, TextSink } from '../value-sinks.js';

const longestInt64 = 18;

export interface ColumnOptions {
  column: ResolvedColumn;
  /** Its cell in each row, from the left. */
  place: number;
  /** One pair of quotes around a cell is taken off. */
  outerQuotes: boolean;
  rules: ValueRules;
  evidence: Evidence;
}

/** What a text that is not empty says. */
interface Reading {
  /** Undefined where it stands for none, or is rejected. */
  value: Value | undefined;
  rejected: boolean;
  clue: Clue | undefined;
}

/**
 * Builds one column, batch by batch, from the bytes of its cells. At first each distinct text is read once, and rows refer to it; a column
 * whose texts hardly repeat goes on with values in the order of the rows, for the rest of the document.
 */
export class Column {
  private readonly type;
  private readonly isText;
  private readonly read;
  /** One of them is there. */
  private texts: DistinctTexts | undefined = new DistinctTexts();
  private values: NullableValues | undefined;
  /** What each of the distinct texts says, in columns that are not text. */
  private readings: Reading[] = [];
  private hasRejects = false;

  constructor(private readonly options: ColumnOptions) {
    this.type = options.column.type;
    this.isText = this.type.kind === 'string';
    this.read = readerOf(this.type);
  }

  /** Adds the cells of these rows; what is not of the type goes to `rejects`. */
  add(rows: Rows, rejects: Reject[]): void {
    if (this.texts) {
      this.addToTexts(this.texts, rows, rejects);
      if (this.texts.hardlyRepeat()) this.goOnWithValues(this.texts);
    } else if (this.values) {
      const { sink, nulls } = this.values;
      if (this.isText && sink instanceof TextSink) this.addText(sink, nulls, rows);
      else this.addValues(this.values, rows, rejects);
    }
  }

  /** The rows added since the last batch, as an Arrow array: in memory of the column's, good until it is cleared. */
  take(): Data {
    if (this.texts) {
      this.settleClues(this.texts);
      return this.isText ? textArray(this.texts) : this.valueArray(this.texts, this.readings);
    }
    if (!this.values) throw new Error('a column of neither texts nor values');
    return this.values.data();
  }

  /** Begins the next batch, in the memory of the last. */
  clear(): void {
    this.texts?.clear();
    this.readings = [];
    this.hasRejects = false;
    this.values?.clear();
  }

  private addToTexts(texts: DistinctTexts, rows: Rows, rejects: Reject[]): void {
    const { dictionary } = texts;
    const from = texts.length;
    texts.add(rows, this.options.place, this.options.outerQuotes);
    if (this.isText) return;
    while (this.readings.length < dictionary.count) {
      const reading = this.reading(dictionary.text(this.readings.length));
      this.readings.push(reading);
      this.hasRejects ||= reading.rejected;
    }
    if (!this.hasRejects) return;
    for (let row = 0; row < rows.count; row += 1) {
      const entry = texts.indices[from + row] as number;
      if (entry >= 0 && this.readings[entry]?.rejected) {
        this.reject(dictionary.text(entry), rows.numbers[row] as number, rejects);
      }
    }
  }

  private addText(sink: TextSink, nulls: NullBitmap, rows: Rows): void {
    const { slab, marks } = rows;
    const { place, outerQuotes } = this.options;
    for (let row = 0; row < rows.count; row += 1) {
      const mark = (rows.first[row] as number) + place;
      const start = cellStart(slab.bytes, marks, mark, outerQuotes);
      const length = Math.max(0, cellLength(slab.bytes, marks, mark, outerQuotes));
      sink.pushBytes(slab.view, start, length);
      nulls.add(length > 0);
    }
  }

  private addValues(values: NullableValues, rows: Rows, rejects: Reject[]): void {
    const { sink, nulls } = values;
    const { slab, marks } = rows;
    const { place, outerQuotes } = this.options;
    for (let row = 0; row < rows.count; row += 1) {
      const mark = (rows.first[row] as number) + place;
      const start = cellStart(slab.bytes, marks, mark, outerQuotes);
      const length = cellLength(slab.bytes, marks, mark, outerQuotes);
      const fast = length > 0 ? this.fastValue(slab.bytes, start, length) : Number.NaN;
      if (!Number.isNaN(fast)) {
        sink.pushInteger(fast);
        nulls.add(true);
        continue;
      }
      const text = length > 0 ? slab.text(start, start + length) : '';
      const reading = length > 0 ? this.reading(text) : undefined;
      values.push(reading?.value);
      this.options.evidence.add(reading?.clue);
      if (reading?.rejected) this.reject(text, rows.numbers[row] as number, rejects);
    }
  }

  /** An integer, unscaled in a decimal; NaN where the slower way must decide. */
  private fastValue(bytes: Uint8Array, start: number, length: number): number {
    const { type } = this;
    const { rules, evidence } = this.options;
    if (type.kind === 'timestamp') return fastMicros(bytes, start, length);
    if (rules.decimalMark !== '.') return Number.NaN;
    if (type.kind === 'int64') return fastNumber(bytes, start, length, longestInt64, 0).value;
    if (type.kind !== 'decimal') return Number.NaN;
    const { value, clue } = fastNumber(bytes, start, length, type.precision, type.scale);
    if (!Number.isNaN(value)) evidence.add(clue);
    return value;
  }

  private reading(text: string): Reading {
    const clue = clueOf(this.type.kind, text);
    if (isNullText(text)) return { value: undefined, rejected: false, clue };
    const value = this.read(text, this.options.rules);
    return { value, rejected: value === undefined, clue };
  }

  private reject(raw: string, row: number, rejects: Reject[]): void {
    rejects.push({ row, column: this.options.column.name, raw, reason: expectedReason(this.type) });
  }

  /** A clue counts once for each row that has it. */
  private settleClues(texts: DistinctTexts): void {
    if (!this.readings.some(({ clue }) => clue)) return;
    const counts = texts.counts();
    this.readings.forEach(({ clue }, entry) => {
      this.options.evidence.add(clue, counts[entry]);
    });
  }

  private goOnWithValues(texts: DistinctTexts): void {
    const { dictionary, indices, length } = texts;
    const values = new NullableValues(this.type);
    const { sink, nulls } = values;
    const view = new DataView(dictionary.bytes.buffer);
    for (let row = 0; row < length; row += 1) {
      const entry = indices[row] as number;
      if (this.isText && sink instanceof TextSink) {
        const start = entry < 0 ? 0 : (dictionary.offsets[entry] as number);
        const end = entry < 0 ? 0 : (dictionary.offsets[entry + 1] as number);
        sink.pushBytes(view, start, end - start);
        nulls.add(entry >= 0);
      } else {
        values.push(entry < 0 ? undefined : this.readings[entry]?.value);
      }
    }
    this.settleClues(texts);
    this.readings = [];
    this.texts = undefined;
    this.values = values;
  }

  private valueArray(texts: DistinctTexts, readings: Reading[]): Data {
    const { indices, length } = texts;
    // Parquet has no dictionary of booleans.
    if (this.type.kind === 'bool') {
      const values = new NullableValues(this.type);
      for (let row = 0; row < length; row += 1) values.push(readings[indices[row] as number]?.value);
      return values.data();
    }
    const sink = openSink(this.type);
    const places = new Int32Array(readings.length).fill(-1);
    readings.forEach(({ value }, entry) => {
      if (value === undefined) return;
      places[entry] = sink.length;
      sink.push(value);
    });
    if (sink.length === 0) return nullData(length);
    const dictionary = sink.data(noNulls);
    return dictionaryData(indices, length, dictionary, places);
  }
}

function textArray({ dictionary, indices, length }: DistinctTexts): Data {
  return dictionary.count === 0 ? nullData(length) : dictionaryData(indices, length, textData(dictionary));
}
