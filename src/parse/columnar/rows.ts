import type { Cells } from '../../kernel/kernel.js';
import type { Reject } from '../types.js';
import type { Slab } from './slab.js';

/**
 * Rows cut out of a slab. `marks` and `first` are arrays of 32-bit integers in the kernel's memory: the cell of row `r` in column `c` lies
 * from `marks[first[r] + c] + 1` to `marks[first[r] + c + 1]`; a cell that a short row lacks has a length of -1.
 */
export interface Rows {
  slab: Slab;
  marks: number;
  first: number;
  count: number;
  /** Number of each data row in the document, from 1. */
  numbers: Float64Array;
  /** Rows that have more cells than the header. */
  rejects: Reject[];
}

/** What a cell is: text as it stands; text that a pair of quotes around it is no part of; a value of JSON, where an empty text is a text. */
export type CellForm = 'plain' | 'outer quotes' | 'json';

const formNumbers: Record<CellForm, number> = { plain: 0, 'outer quotes': 1, json: 2 };

/** The cells at `place` from the left. */
export function cellsOf({ slab, marks, first, count }: Rows, cellIndex: number, form: CellForm): Cells {
  return [slab.at, marks, first, count, cellIndex, formNumbers[form]];
}

/** The text of one of them; empty where its row lacks it. */
export function cellText({ slab, marks, first }: Rows, row: number, cellIndex: number): string {
  const { kernel } = slab;
  const [mark = 0] = kernel.int32(first + row * 4, 1);
  const [before = 0, end = 0] = kernel.int32(marks + (mark + cellIndex) * 4, 2);
  return slab.text(before + 1, Math.max(before + 1, end));
}

/** Cuts the rows out of slabs, in order. */
export interface RowCutter {
  /** The rows of a slab in portions; the memory of one is used again for the next. Errors: NotColumnar. */
  cut(slab: Slab): Iterable<Rows>;
  /** Called behind the last slab. Errors: NotColumnar where a row is not at its end. */
  end(): void;
}

/** Rows handed on together at most: few enough that their cells stay in the processor's cache. */
export const maxRowsTogether = 4096;

/** Room behind the marks of a slab for those of rows that are made as wide as the header. */
export function paddingFor(width: number): number {
  return Math.max(width + 1, 1 << 12);
}
