import type { Data } from 'apache-arrow';
import type { Reject } from '../../types.js';
import { nullData } from '../../batches/nulls.js';
import { cellsOf, type Rows } from '../rows.js';
import { CellReader } from './cell-reader.js';
import { DictionaryBuilder } from './dictionary-builder.js';
import type { ColumnOptions, DictionaryDecoder, PlainValues } from './dictionary-decoder.js';
import { IntegerDecoder } from './integer-values.js';
import { JsDecoder } from './js-values.js';
import { TextDictionaryDecoder } from './text-values.js';

/**
 * Builds one column, batch by batch, from the bytes of its cells. At first it dictionary-encodes:
 * each distinct text is decoded once and rows refer to it. If the texts hardly repeat, the column
 * falls back to plain values, one per row, for the rest of the document.
 */
export class Column {
  private readonly reader;
  private texts: DictionaryBuilder;
  private decoder: DictionaryDecoder;
  private values: PlainValues | undefined;

  constructor(private readonly options: ColumnOptions) {
    this.reader = new CellReader(options);
    this.texts = new DictionaryBuilder(options.kernel);
    this.decoder = openDecoder(options, this.reader, this.texts);
  }

  /** Adds the cells of these rows. Cells that are not of the type go to `rejects`. */
  add(rows: Rows, rejects: Reject[]): void {
    const { cellIndex, form } = this.options;
    const cells = cellsOf(rows, cellIndex, form);
    if (this.values) return this.values.add(cells, rows, rejects);
    const { texts, decoder } = this;
    const from = texts.length;
    texts.add(cells);
    decoder.decode();
    if (decoder.hasRejects) {
      texts.entriesFrom(from).forEach((entry, row) => {
        if (entry < 0 || !decoder.isRejected(entry)) return;
        this.reader.reject(texts.text(entry), rows.numbers[row] as number, rejects);
      });
    }
    if (texts.hardlyRepeat()) this.fallBackToPlain();
  }

  /**
   * Ends the batch: no rows may be added until `clear`. Returns a function that builds the Arrow
   * array, valid until the kernel allocates. Finish all columns before building any array.
   */
  finish(): () => Data {
    const { texts, decoder, values } = this;
    if (values) return () => values.data();
    decoder.reportEvidence();
    const decoded = decoder.finish();
    if (!decoded) return () => nullData(texts.length);
    if ('rows' in decoded) return decoded.rows;
    texts.finish(decoded.indices);
    return () => texts.data(decoded.values());
  }

  /** Starts the next batch in the memory of the last one. */
  clear(): void {
    if (this.values) return this.values.clear();
    this.texts.clear();
    this.decoder.clear();
  }

  private fallBackToPlain(): void {
    this.decoder.reportEvidence();
    this.values = this.decoder.fallBackToPlain();
    this.decoder.free();
    this.texts.free();
  }
}

function openDecoder(
  options: ColumnOptions,
  reader: CellReader,
  texts: DictionaryBuilder,
): DictionaryDecoder {
  const { type, nullTexts } = options.column;
  switch (type.kind) {
    case 'string':
      return nullTexts ? new JsDecoder(options, reader, texts) : new TextDictionaryDecoder(options, texts);
    case 'int64':
    case 'decimal':
    case 'timestamp':
      return new IntegerDecoder(options, reader, texts);
    default:
      return new JsDecoder(options, reader, texts);
  }
}
