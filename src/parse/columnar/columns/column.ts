import type { Data } from 'apache-arrow';
import type { Cells, Kernel } from '../../../kernel/kernel.js';
import type { Reject } from '../../types.js';
import { nullData } from '../../batches/arrow-data.js';
import { CellReader, type CellReaderOptions } from './cell-reader.js';
import { DistinctTexts } from './dictionary-builder.js';
import { IntegerReadings } from './integer-values.js';
import { JsReadings } from './js-values.js';
import { cellsOf, type Rows } from '../rows.js';
import { TextReadings } from './text-values.js';

export interface ColumnOptions extends CellReaderOptions {
  kernel: Kernel;
}

/** What each of the distinct texts of a column says. */
export interface Readings {
  /** Of one at least the text is not of the type. */
  readonly hasRejects: boolean;
  /** Reads the texts that came since the last time. */
  read(): void;
  isRejected(entry: number): boolean;
  /** Tells the evidence what the texts show: each counts once for each row that has it. */
  settleClues(): void;
  /** Makes the values ready for an Arrow array; undefined where no text has one. */
  settle(): Settled | undefined;
  /** The values of the rows until now, to go on with row by row. */
  goOn(): Values;
  clear(): void;
  free(): void;
}

/**
 * The values of distinct texts as the dictionary of an Arrow array, and the place in it of each entry, -1 for one without a value; all are at
 * their own places where there are no `places`. Or, where there can be no dictionary, those of the rows. Good until the kernel allocates.
 */
export type Settled = { data: () => Data; places?: Int32Array } | { rows: () => Data };

/** Values of one column, row by row. */
export interface Values {
  /** Adds the cells of these rows; what is not of the type goes to `rejects`. */
  add(cells: Cells, rows: Rows, rejects: Reject[]): void;
  /** The values as an Arrow array; good until the kernel allocates. */
  data(): Data;
  /** Forgets all values, and keeps the memory. */
  clear(): void;
}

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
