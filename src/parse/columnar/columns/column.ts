import type { Data } from 'apache-arrow';
import type { Reject } from '../../types.js';
import { nullData } from '../../batches/nulls.js';
import { cellsOf, type Rows } from '../rows.js';
import { CellReader } from './cell-reader.js';
import { DistinctTexts } from './dictionary-builder.js';
import type { ColumnOptions, Readings, Values } from './dictionary-decoder.js';
import { IntegerReadings } from './integer-values.js';
import { JsReadings } from './js-values.js';
import { TextReadings } from './text-values.js';

/**
 * Builds one column, batch by batch, from the bytes of its cells. At first each distinct text is read once, and rows refer to it; a column
 * whose texts hardly repeat goes on with values in the order of the rows, for the rest of the document.
 */
export class Column {
  private readonly reader;
  private texts: DistinctTexts;
  private readings: Readings;
  private values: Values | undefined;

  constructor(private readonly options: ColumnOptions) {
    this.reader = new CellReader(options);
    this.texts = new DistinctTexts(options.kernel);
    this.readings = openReadings(options, this.reader, this.texts);
  }

  /** Adds the cells of these rows; what is not of the type goes to `rejects`. */
  add(rows: Rows, rejects: Reject[]): void {
    const { place, form } = this.options;
    const cells = cellsOf(rows, place, form);
    if (this.values) return this.values.add(cells, rows, rejects);
    const { texts, readings } = this;
    const from = texts.length;
    texts.add(cells);
    readings.read();
    if (readings.hasRejects) {
      texts.entriesFrom(from).forEach((entry, row) => {
        if (entry < 0 || !readings.isRejected(entry)) return;
        this.reader.reject(texts.text(entry), rows.numbers[row] as number, rejects);
      });
    }
    if (texts.hardlyRepeat()) this.goOnWithValues();
  }

  /**
   * Ends the batch: no row comes until `clear`. Returns what gives its Arrow array, which is good until the kernel allocates; settle all columns
   * before that.
   */
  settle(): () => Data {
    const { texts, readings, values } = this;
    if (values) return () => values.data();
    readings.settleClues();
    const settled = readings.settle();
    if (!settled) return () => nullData(texts.length);
    if ('rows' in settled) return settled.rows;
    texts.settle(settled.places);
    return () => texts.indices(settled.data());
  }

  /** Begins the next batch, in the memory of the last. */
  clear(): void {
    if (this.values) return this.values.clear();
    this.texts.clear();
    this.readings.clear();
  }

  private goOnWithValues(): void {
    this.readings.settleClues();
    this.values = this.readings.goOn();
    this.readings.free();
    this.texts.free();
  }
}

function openReadings(options: ColumnOptions, reader: CellReader, texts: DistinctTexts): Readings {
  switch (options.column.type.kind) {
    case 'string':
      return new TextReadings(options, texts);
    case 'int64':
    case 'decimal':
    case 'timestamp':
      return new IntegerReadings(options, reader, texts);
    default:
      return new JsReadings(options, reader, texts);
  }
}
