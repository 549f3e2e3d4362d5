import type { Data } from 'apache-arrow';
import type { Cells, Kernel } from '../../../kernel/kernel.js';
import type { Reject } from '../../types.js';
import type { Rows } from '../rows.js';
import type { CellReaderOptions } from './cell-reader.js';

export interface ColumnOptions extends CellReaderOptions {
  kernel: Kernel;
}

/** Decodes the distinct texts of a column into values of its type. */
export interface DictionaryDecoder {
  /** Whether at least one text is not of the type. */
  readonly hasRejects: boolean;
  /** Decodes the texts added since the last call. */
  decode(): void;
  isRejected(entry: number): boolean;
  /** Reports what the texts show to the evidence, once for each row that has the text. */
  reportEvidence(): void;
  /** Completes the values for an Arrow array. Undefined if no text has a value. */
  finish(): DecodedDictionary | undefined;
  /** Returns the values of the rows so far, to be continued row by row. */
  fallBackToPlain(): PlainValues;
  clear(): void;
  free(): void;
}

/**
 * The values of a dictionary, and the index in them of each entry, -1 for an entry without a value.
 * Without `indices`, value and entry have the same index. For a type that has no dictionaries, the
 * values of the rows instead. Valid until the kernel allocates.
 */
export type DecodedDictionary = { values: () => Data; indices?: Int32Array } | { rows: () => Data };

/** The values of one column, row by row, without a dictionary. */
export interface PlainValues {
  /** Adds the cells of these rows. Cells that are not of the type go to `rejects`. */
  add(cells: Cells, rows: Rows, rejects: Reject[]): void;
  /** The values as an Arrow array, valid until the kernel allocates. */
  data(): Data;
  /** Forgets all values and keeps the memory. */
  clear(): void;
}
