import type { Data } from 'apache-arrow';
import type { Cells } from '../../../kernel/kernel.js';
import { noNulls } from '../../batches/nulls.js';
import { NullableValues } from '../../batches/batch-builder.js';
import type { Reject } from '../../types.js';
import { openSink } from '../../batches/value-sinks.js';
import type { CellReader, CellValue } from './cell-reader.js';
import type {
  ColumnOptions,
  DictionaryDecoder,
  DecodedDictionary,
  PlainValues,
} from './dictionary-decoder.js';
import type { DictionaryBuilder } from './dictionary-builder.js';
import type { Rows } from '../rows.js';

/**
 * Decodes to JavaScript values the types that the kernel does not read: bool, date, float64, json,
 * and strings in which some texts mean "no value".
 */
export class JsDecoder implements DictionaryDecoder {
  hasRejects = false;
  private decoded: CellValue[] = [];

  constructor(
    private readonly options: ColumnOptions,
    private readonly reader: CellReader,
    private readonly texts: DictionaryBuilder,
  ) {}

  decode(): void {
    const { decoded, texts } = this;
    for (const { count } = texts; decoded.length < count; ) {
      const value = this.reader.read(texts.text(decoded.length));
      decoded.push(value);
      this.hasRejects ||= value.rejected;
    }
  }

  isRejected(entry: number): boolean {
    return this.decoded[entry]?.rejected ?? false;
  }

  /** The values of the rows, one by one. */
  private valuesOfRows(): NullableValues {
    const values = new NullableValues(this.options.column.type);
    for (const entry of this.texts.entriesFrom(0)) values.push(this.decoded[entry]?.value);
    return values;
  }

  reportEvidence(): void {
    if (!this.decoded.some(({ clue }) => clue)) return;
    const counts = this.texts.counts();
    this.decoded.forEach(({ clue }, entry) => {
      this.options.evidence.add(clue, counts[entry]);
    });
  }

  finish(): DecodedDictionary | undefined {
    const { type } = this.options.column;
    // Parquet has no dictionary encoding of booleans.
    if (type.kind === 'bool') {
      const rows = this.valuesOfRows();
      return { rows: () => rows.data() };
    }
    const sink = openSink(type);
    const indices = new Int32Array(this.decoded.length).fill(-1);
    this.decoded.forEach(({ value }, entry) => {
      if (value === undefined) return;
      indices[entry] = sink.length;
      sink.push(value);
    });
    return sink.length === 0 ? undefined : { values: () => sink.data(noNulls), indices };
  }

  fallBackToPlain(): PlainValues {
    return new PlainJsValues(this.reader, this.valuesOfRows());
  }

  clear(): void {
    this.decoded = [];
    this.hasRejects = false;
  }

  free(): void {}
}

/** The same types, row by row. */
class PlainJsValues implements PlainValues {
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
