import type { Kernel } from '../../../kernel/kernel.js';
import type { DelimitedLayout } from '../../delimited/delimited-layout.js';
import type { DelimitedDialect } from '../../delimited/dialect.js';
import type { CellForm } from '../rows.js';
import { PlainRowCutter } from './plain-rows.js';
import { QuotedRowCutter } from './quoted-rows.js';
import type { RowCutter } from './row-cutter.js';

/**
 * Cuts the rows of a delimited document as its dialect quotes them, `maxRowsTogether` at a time.
 * `misplaced`: why rows are rejected, by row number.
 */
export function openDelimitedRows(
  kernel: Kernel,
  { dialect, limits }: DelimitedLayout,
  maxRowsTogether: number,
  misplaced: ReadonlyMap<number, string> = new Map(),
): RowCutter {
  return dialect.quoting === 'csv'
    ? new QuotedRowCutter(kernel, dialect, maxRowsTogether, misplaced, limits.maxRowCharacters)
    : new PlainRowCutter(kernel, dialect, maxRowsTogether, misplaced);
}

/** How the cells of those rows are written. */
export function cellFormOf({ quoting }: DelimitedDialect): CellForm {
  return quoting === 'outer' ? 'outer quotes' : 'plain';
}
