import { type DelimitedDialect, withoutOuterQuotes } from '../dialect.js';
import { surplusCells, surplusReason } from '../records.js';
import { findMarks } from './marks.js';
import { type RowCutter, type Rows, rowsTogether } from './rows.js';
import type { Slab } from './slab.js';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Cuts rows where every delimiter is one: quoting `none` and `outer`. Blank lines are no rows; cells beyond the header that hold nothing are
 * left out, a row with others is rejected with its raw text.
 */
export function openPlainRows({ delimiter, quoting, header, preambleLines }: DelimitedDialect): RowCutter {
  const width = header.length;
  const delimiterByte = delimiter.charCodeAt(0);
  /** Room behind the marks of a slab for the marks of rows that are made as wide as the header. */
  const padding = Math.max(width + 1, 1 << 16);
  let marks = new Int32Array(0);
  const first = new Int32Array(rowsTogether);
  const numbers = new Float64Array(rowsTogether);
  /** Before the first data row. */
  let skipLines = preambleLines + 1;
  let rowNumber = 0;

  return {
    *cut(slab: Slab): Generator<Rows> {
      const padFrom = slab.length + 1;
      if (marks.length < padFrom + padding) marks = new Int32Array(padFrom + padding);
      // Before the first cell of the slab.
      marks[0] = -1;
      const markCount = findMarks(slab.words, slab.length, delimiterByte, marks, 1);
      let before = 0;
      while (before < markCount - 1) {
        const rows: Rows = { slab, marks, first, numbers, count: 0, rejects: [] };
        before = fill(rows, before, markCount, padFrom);
        if (rows.count > 0 || rows.rejects.length > 0) yield rows;
      }
    },
    end() {},
  };

  /** Takes rows from behind the mark `from` on until there are enough; gives the mark before those that are left. */
  function fill(rows: Rows, from: number, markCount: number, padFrom: number): number {
    const { slab } = rows;
    const { bytes } = slab;
    let before = from;
    let padAt = padFrom;
    let count = 0;
    for (let mark = from + 1; mark < markCount && count < rowsTogether; mark += 1) {
      const at = marks[mark] as number;
      if (bytes[at] !== lineFeed) continue;
      const start = before;
      before = mark;
      if (skipLines > 0) {
        skipLines -= 1;
        continue;
      }
      // The mark before that of `\n` is that of `\r`, or of another cell.
      const last = mark - 1 > start && bytes[marks[mark - 1] as number] === carriageReturn ? mark - 1 : mark;
      const cells = last - start;
      if (cells === width && width > 1) {
        first[count] = start;
      } else {
        if (cells === 1 && cellAt(slab, start, 0).trim() === '') continue;
        const surplus = surplusCells(cells, width, (column) => cellAt(slab, start, column));
        if (surplus > 0) {
          rowNumber += 1;
          const raw = slab.text((marks[start] as number) + 1, marks[last] as number);
          rows.rejects.push({ row: rowNumber, column: null, raw, reason: surplusReason(surplus) });
          continue;
        }
        if (cells >= width) first[count] = start;
        else {
          first[count] = padAt;
          padAt = pad(start, cells, padAt);
        }
      }
      rowNumber += 1;
      numbers[count] = rowNumber;
      count += 1;
      if (padAt + width + 1 > padFrom + padding) break;
    }
    rows.count = count;
    return before;
  }

  /** Copies the marks of a short row and goes on with cells that are not there. */
  function pad(start: number, cells: number, to: number): number {
    marks.copyWithin(to, start, start + cells + 1);
    marks.fill(marks[start + cells] as number, to + cells + 1, to + width + 1);
    return to + width + 1;
  }

  function cellAt(slab: Slab, start: number, column: number): string {
    const text = slab.text((marks[start + column] as number) + 1, marks[start + column + 1] as number);
    return quoting === 'outer' ? withoutOuterQuotes(text) : text;
  }
}
