import type { Kernel } from '../../../kernel/kernel.js';
import type { DelimitedDialect } from '../../delimited/dialect.js';
import { openPlainRows } from './plain-rows.js';
import { openQuotedRows } from './quoted-rows.js';
import type { CellForm, RowCutter } from '../rows.js';

/** Cuts the rows of a delimited document, as its dialect quotes them; `rowsTogether` are handed on at most. */
export function openDelimitedRows(
  kernel: Kernel,
  dialect: DelimitedDialect,
  rowsTogether: number,
): RowCutter {
  const open = dialect.quoting === 'csv' ? openQuotedRows : openPlainRows;
  return open(kernel, dialect, rowsTogether);
}

/** What the cells of those rows are. */
export function cellFormOf({ quoting }: DelimitedDialect): CellForm {
  return quoting === 'outer' ? 'outer quotes' : 'plain';
}
