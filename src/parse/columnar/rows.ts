import type { Cells } from '../../kernel/kernel.js';
import type { Reject } from '../types.js';
import type { Slab } from './slab.js';

/**
 * Rows cut out of a slab. `marks` and `first` are addresses of 32-bit integers in the kernel's
 * memory. The cell of row `r` in column `c` lies from `marks[first[r] + c] + 1` to `marks[first[r]
 * + c + 1]`. A cell that a short row lacks has a length of -1.
 */
export interface Rows {
  slab: Slab;
  marks: number;
  first: number;
  count: number;
  /** Number of each data row in the document, from 1. */
  numbers: Float64Array;
  /** Rows that are rejected whole, for example for more cells than the header. */
  rejects: Reject[];
  /** Rows with fewer cells than the header: their index, and how many cells they have. */
  short?: { index: number; cells: number }[];
}

/**
 * How a cell is written: text as it stands; text whose surrounding quotes are stripped; a JSON
 * value, for which the empty text is a text.
 */
export type CellForm = 'plain' | 'outer quotes' | 'json';

const formNumbers: Record<CellForm, number> = { plain: 0, 'outer quotes': 1, json: 2 };

/** The cells at an index from the left. */
export function cellsOf({ slab, marks, first, count }: Rows, cellIndex: number, form: CellForm): Cells {
  return [slab.at, marks, first, count, cellIndex, formNumbers[form]];
}

/** The text of one cell; empty if its row lacks it. */
export function cellText({ slab, marks, first }: Rows, row: number, cellIndex: number): string {
  const { kernel } = slab;
  const [mark = 0] = kernel.int32(first + row * 4, 1);
  const [before = 0, end = 0] = kernel.int32(marks + (mark + cellIndex) * 4, 2);
  return slab.text(before + 1, Math.max(before + 1, end));
}

/** Rows passed on together at most, so that their cells stay in the processor's cache. */
export const maxRowsTogether = 4096;
