import type { Data } from 'apache-arrow';
import type { Cells, Kernel } from '../../../kernel/kernel.js';
import type { Reject } from '../../types.js';
import type { Rows } from '../rows.js';
import type { CellReaderOptions } from './cell-reader.js';

export interface ColumnOptions extends CellReaderOptions {
  kernel: Kernel;
}

/** What each of the distinct texts of a column says. */
export interface DictionaryDecoder {
  /** Of one at least the text is not of the type. */
  readonly hasRejects: boolean;
  /** Reads the texts that came since the last time. */
  read(): void;
  isRejected(entry: number): boolean;
  /** Tells the evidence what the texts show: each counts once for each row that has it. */
  reportEvidence(): void;
  /** Makes the values ready for an Arrow array; undefined where no text has one. */
  finish(): DecodedDictionary | undefined;
  /** The values of the rows until now, to go on with row by row. */
  fallBackToPlain(): PlainValues;
  clear(): void;
  free(): void;
}

/**
 * The values of distinct texts as the dictionary of an Arrow array, and the place in it of each entry, -1 for one without a value; all are at
 * their own places where there are no `places`. Or, where there can be no dictionary, those of the rows. Good until the kernel allocates.
 */
export type DecodedDictionary = { values: () => Data; indices?: Int32Array } | { rows: () => Data };

/** PlainValues of one column, row by row. */
export interface PlainValues {
  /** Adds the cells of these rows; what is not of the type goes to `rejects`. */
  add(cells: Cells, rows: Rows, rejects: Reject[]): void;
  /** The values as an Arrow array; good until the kernel allocates. */
  data(): Data;
  /** Forgets all values, and keeps the memory. */
  clear(): void;
}
