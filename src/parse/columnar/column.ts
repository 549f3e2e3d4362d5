import type { Data } from 'apache-arrow';
import type { Cells, Kernel } from '../../kernel/kernel.js';
import type { ResolvedColumn } from '../../schema/types.js';
import { withoutOuterQuotes } from '../dialect.js';
import { type Clue, clueOf, type Evidence } from '../evidence.js';
import { noNulls } from '../null-bitmap.js';
import { NullableValues } from '../nullable-values.js';
import type { Reject } from '../types.js';
import { openSink } from '../value-sinks.js';
import { expectedReason, isNullText, readerOf, type Value, type ValueRules } from '../values.js';
import { nullData } from './arrow-data.js';
import { DistinctTexts } from './distinct-texts.js';
import { type FastValues, openFastValues } from './fast-values.js';
import { cellsOf, cellText, type Rows } from './rows.js';

export interface ColumnOptions {
  kernel: Kernel;
  column: ResolvedColumn;
  /** Its cell in each row, from the left. */
  place: number;
  /** One pair of quotes around a cell is taken off. */
  outerQuotes: boolean;
  rules: ValueRules;
  evidence: Evidence;
  /** Of a row group. */
  mostRows: number;
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
  private texts: DistinctTexts | undefined;
  private fast: FastValues | undefined;
  private values: NullableValues | undefined;
  /** What each of the distinct texts says, in columns that are not text. */
  private readings: Reading[] = [];
  private hasRejects = false;

  constructor(private readonly options: ColumnOptions) {
    this.type = options.column.type;
    this.isText = this.type.kind === 'string';
    this.read = readerOf(this.type);
    this.texts = new DistinctTexts(options.kernel, options.mostRows);
  }

  /** Adds the cells of these rows; what is not of the type goes to `rejects`. */
  add(rows: Rows, rejects: Reject[]): void {
    const { place, outerQuotes } = this.options;
    const cells = cellsOf(rows, place, outerQuotes);
    if (this.fast) return this.addFast(this.fast, cells, rows, rejects);
    if (this.values) return this.addSlowly(this.values, rows, rejects);
    if (!this.texts) return;
    this.addToTexts(this.texts, cells, rows, rejects);
    if (this.texts.hardlyRepeat()) this.goOnWithValues(this.texts);
  }

  /** Makes ready what `take` gives, after which no row comes until `clear`. */
  settle(): () => Data {
    const { texts, fast, values } = this;
    if (!texts) return () => (fast ?? values)?.data() ?? nullData(0);
    this.settleClues(texts);
    return this.isText ? textArray(texts) : this.valueArray(texts);
  }

  /** Begins the next batch, in the memory of the last. */
  clear(): void {
    this.texts?.clear();
    this.readings = [];
    this.hasRejects = false;
    this.fast?.clear();
    this.values?.clear();
  }

  private addToTexts(texts: DistinctTexts, cells: Cells, rows: Rows, rejects: Reject[]): void {
    const from = texts.length;
    texts.add(cells);
    if (this.isText) return;
    for (const count = texts.count; this.readings.length < count; ) {
      const reading = this.reading(texts.text(this.readings.length));
      this.readings.push(reading);
      this.hasRejects ||= reading.rejected;
    }
    if (!this.hasRejects) return;
    texts.entriesFrom(from).forEach((entry, row) => {
      if (this.readings[entry]?.rejected)
        this.reject(texts.text(entry), rows.numbers[row] as number, rejects);
    });
  }

  private addFast(values: FastValues, cells: Cells, rows: Rows, rejects: Reject[]): void {
    for (const row of values.add(cells)) {
      const value = this.readCell(rows, row, rejects);
      if (value !== undefined) values.put(row, value);
    }
  }

  private addSlowly(values: NullableValues, rows: Rows, rejects: Reject[]): void {
    for (let row = 0; row < rows.count; row += 1) values.push(this.readCell(rows, row, rejects));
  }

  private readCell(rows: Rows, row: number, rejects: Reject[]): Value | undefined {
    const { place, outerQuotes, evidence } = this.options;
    const cell = cellText(rows, row, place);
    const text = outerQuotes ? withoutOuterQuotes(cell) : cell;
    if (text === '') return undefined;
    const { value, rejected, clue } = this.reading(text);
    evidence.add(clue);
    if (rejected) this.reject(text, rows.numbers[row] as number, rejects);
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
    const { type } = this;
    this.settleClues(texts);
    const valuesByEntry = this.readings.map(({ value }) => value);
    this.fast = openFastValues({ ...this.options, type });
    if (this.fast) {
      this.fast.addEntries(texts, valuesByEntry);
    } else {
      const values = new NullableValues(type);
      for (const entry of texts.entriesFrom(0)) values.push(valuesByEntry[entry]);
      this.values = values;
    }
    this.readings = [];
    this.texts = undefined;
    texts.free();
  }

  private valueArray(texts: DistinctTexts): () => Data {
    const { readings, type } = this;
    // Parquet has no dictionary of booleans.
    if (type.kind === 'bool') {
      const values = new NullableValues(type);
      for (const entry of texts.entriesFrom(0)) values.push(readings[entry]?.value);
      return () => values.data();
    }
    const sink = openSink(type);
    const places = new Int32Array(readings.length).fill(-1);
    readings.forEach(({ value }, entry) => {
      if (value === undefined) return;
      places[entry] = sink.length;
      sink.push(value);
    });
    if (sink.length === 0) return () => nullData(texts.length);
    texts.settle(places);
    return () => texts.indices(sink.data(noNulls));
  }
}

function textArray(texts: DistinctTexts): () => Data {
  if (texts.count === 0) return () => nullData(texts.length);
  texts.settle();
  return () => texts.indices(texts.data());
}
