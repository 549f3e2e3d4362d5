import type { Data } from 'apache-arrow';
import type { Cells } from '../../../kernel/kernel.js';
import { noNulls } from '../../batches/nulls.js';
import { NullableValues } from '../../batches/batch-builder.js';
import type { Reject } from '../../types.js';
import { openSink } from '../../batches/value-sinks.js';
import type { CellReader, Reading } from './cell-reader.js';
import type { ColumnOptions, Readings, Settled, Values } from './dictionary-decoder.js';
import type { DistinctTexts } from './dictionary-builder.js';
import type { Rows } from '../rows.js';

/** Readings as JavaScript values, for types that the kernel does not read: bool, date, float64, json. */
export class JsReadings implements Readings {
  hasRejects = false;
  private readings: Reading[] = [];

  constructor(
    private readonly options: ColumnOptions,
    private readonly reader: CellReader,
    private readonly texts: DistinctTexts,
  ) {}

  read(): void {
    const { readings, texts } = this;
    for (const { count } = texts; readings.length < count; ) {
      const reading = this.reader.read(texts.text(readings.length));
      readings.push(reading);
      this.hasRejects ||= reading.rejected;
    }
  }

  isRejected(entry: number): boolean {
    return this.readings[entry]?.rejected ?? false;
  }

  /** The values of the rows, one by one. */
  private valuesOfRows(): NullableValues {
    const values = new NullableValues(this.options.column.type);
    for (const entry of this.texts.entriesFrom(0)) values.push(this.readings[entry]?.value);
    return values;
  }

  settleClues(): void {
    if (!this.readings.some(({ clue }) => clue)) return;
    const counts = this.texts.counts();
    this.readings.forEach(({ clue }, entry) => {
      this.options.evidence.add(clue, counts[entry]);
    });
  }

  settle(): Settled | undefined {
    const { type } = this.options.column;
    // Parquet has no dictionary of booleans.
    if (type.kind === 'bool') {
      const rows = this.valuesOfRows();
      return { rows: () => rows.data() };
    }
    const sink = openSink(type);
    const places = new Int32Array(this.readings.length).fill(-1);
    this.readings.forEach(({ value }, entry) => {
      if (value === undefined) return;
      places[entry] = sink.length;
      sink.push(value);
    });
    return sink.length === 0 ? undefined : { data: () => sink.data(noNulls), places };
  }

  goOn(): Values {
    return new JsValues(this.reader, this.valuesOfRows());
  }

  clear(): void {
    this.readings = [];
    this.hasRejects = false;
  }

  free(): void {}
}

/** Values read one by one. */
class JsValues implements Values {
  constructor(
    private readonly reader: CellReader,
    private readonly values: NullableValues,
  ) {}

  add(_: Cells, rows: Rows, rejects: Reject[]): void {
    for (let row = 0; row < rows.count; row += 1) {
      this.values.push(this.reader.readCell(rows, row, rejects));
    }
  }

  data(): Data {
    return this.values.data();
  }

  clear(): void {
    this.values.clear();
  }
}
