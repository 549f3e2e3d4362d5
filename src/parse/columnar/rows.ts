import type { Reject } from '../types.js';
import type { Slab } from './slab.js';

const quote = 0x22;

/**
 * Rows cut out of a slab. The cell of row `r` in column `c` lies from `marks[first[r] + c] + 1` to `marks[first[r] + c + 1]`; a cell that a
 * short row lacks has a length of -1.
 */
export interface Rows {
  slab: Slab;
  marks: Int32Array;
  first: Int32Array;
  count: number;
  /** Number of each data row in the document, from 1. */
  numbers: Float64Array;
  /** Rows that have more cells than the header. */
  rejects: Reject[];
}

/** Whether the cell behind `mark` has a pair of quotes around it. */
function isQuoted(bytes: Uint8Array, marks: Int32Array, mark: number): boolean {
  const start = (marks[mark] as number) + 1;
  const end = marks[mark + 1] as number;
  return end - start > 1 && bytes[start] === quote && bytes[end - 1] === quote;
}

/** Where the text of the cell behind `mark` begins; `outerQuotes`: behind the quote, where a pair of them is around it. */
export function cellStart(bytes: Uint8Array, marks: Int32Array, mark: number, outerQuotes: boolean): number {
  const start = (marks[mark] as number) + 1;
  return outerQuotes && isQuoted(bytes, marks, mark) ? start + 1 : start;
}

/** Bytes of the same text; 0 or less for a cell that is empty or that its row lacks. */
export function cellLength(bytes: Uint8Array, marks: Int32Array, mark: number, outerQuotes: boolean): number {
  const length = (marks[mark + 1] as number) - (marks[mark] as number) - 1;
  return outerQuotes && isQuoted(bytes, marks, mark) ? length - 2 : length;
}

/** Cuts the rows out of slabs, in order. */
export interface RowCutter {
  /** The rows of a slab in portions; the memory of one is used again for the next. Errors: NotColumnar. */
  cut(slab: Slab): Iterable<Rows>;
  /** Called behind the last slab. Errors: NotColumnar where a row is not at its end. */
  end(): void;
}

/** A document that is left to the reference parser, and why. */
export class NotColumnar extends Error {}

/** Rows handed on together: few enough that their cells stay in the processor's cache. */
export const rowsTogether = 4096;
