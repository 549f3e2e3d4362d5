import type { Kernel } from '../../../kernel/kernel.js';
import { type DelimitedDialect, withoutOuterQuotes } from '../../delimited/dialect.js';
import { surplusCells, surplusReason } from '../../delimited/records.js';
import { paddingFor, type RowCutter, type Rows } from '../rows.js';
import type { Slab } from '../slab.js';

const carriageReturn = 0x0d;

/**
 * Cuts rows where every delimiter is one: quoting `none` and `outer`. Blank lines are no rows; cells beyond the header that hold nothing are
 * left out, a row with others is rejected with its raw text.
 */
export function openPlainRows(
  kernel: Kernel,
  { delimiter, quoting, header, preambleLines }: DelimitedDialect,
  rowsTogether: number,
): RowCutter {
  const { calls } = kernel;
  const width = header.length;
  const padding = paddingFor(width);
  let marks = calls.allocate(4);
  let lineEnds = calls.allocate(4);
  const first = calls.allocate(rowsTogether * 4);
  const numbers = new Float64Array(rowsTogether);
  /** Before the first data row. */
  let skipLines = preambleLines + 1;
  let rowNumber = 0;

  return {
    *cut(slab: Slab): Generator<Rows> {
      reserve(slab.length);
      const lines = calls.findMarks(slab.at, slab.length, delimiter.charCodeAt(0), marks, lineEnds);
      let line = Math.min(skipLines, lines);
      skipLines -= line;
      while (line < lines) {
        const rows: Rows = { slab, marks, first, numbers, count: 0, rejects: [] };
        line = fill(rows, line, lines);
        if (rows.count > 0 || rows.rejects.length > 0) yield rows;
      }
    },
    end() {},
  };

  function reserve(length: number): void {
    const needed = (length + 1 + padding) * 4;
    if (calls.capacityOf(marks) >= needed) return;
    calls.release(marks);
    calls.release(lineEnds);
    marks = calls.allocate(needed);
    lineEnds = calls.allocate(needed);
  }

  /** Takes rows from line `from` on until there are enough; gives the line behind them. */
  function fill(rows: Rows, from: number, lines: number): number {
    const padFrom = rows.slab.length + 1;
    let padAt = padFrom;
    let line = from;
    while (line < lines && rows.count < rowsTogether && padAt + width + 1 <= padFrom + padding) {
      const taken = width === 1 ? 0 : cut(rows, line, lines);
      for (let row = rows.count; row < rows.count + taken; row += 1) {
        rowNumber += 1;
        numbers[row] = rowNumber;
      }
      rows.count += taken;
      line += taken;
      if (line === lines || rows.count === rowsTogether) break;
      padAt = addUneven(rows, line, padAt);
      line += 1;
    }
    return line;
  }

  function cut({ slab, count }: Rows, line: number, lines: number): number {
    const most = rowsTogether - count;
    return calls.cutRows(slab.at, marks, lineEnds, line, lines, width, first + count * 4, most);
  }

  /** Takes a line that may be no row of the header's width. Short rows go on with cells that are not there, from `padAt` on. */
  function addUneven(rows: Rows, line: number, padAt: number): number {
    const { slab } = rows;
    const [start = 0, end = 0] = kernel.int32(lineEnds + line * 4, 2);
    const own = kernel.int32(marks + start * 4, end - start + 1);
    const beforeEnd = own.length > 2 ? (own.at(-2) as number) : -1;
    const hasReturn = beforeEnd >= 0 && kernel.bytes(slab.at + beforeEnd, 1)[0] === carriageReturn;
    const cells = own.length - 1 - Number(hasReturn);
    const cellAt = (column: number): string => {
      const text = slab.text((own[column] as number) + 1, own[column + 1] as number);
      return quoting === 'outer' ? withoutOuterQuotes(text) : text;
    };
    if (cells === 1 && cellAt(0).trim() === '') return padAt;
    const surplus = surplusCells(cells, width, cellAt);
    rowNumber += 1;
    if (surplus > 0) {
      const raw = slab.text((own[0] as number) + 1, own[cells] as number);
      rows.rejects.push({ row: rowNumber, column: null, raw, reason: surplusReason(surplus) });
      return padAt;
    }
    const isShort = cells < width;
    kernel.int32(first + rows.count * 4, 1)[0] = isShort ? padAt : start;
    numbers[rows.count] = rowNumber;
    rows.count += 1;
    if (!isShort) return padAt;
    const padded = kernel.int32(marks + padAt * 4, width + 1);
    padded.set(own.subarray(0, cells + 1));
    padded.fill(own[cells] as number, cells + 1);
    return padAt + width + 1;
  }
}
