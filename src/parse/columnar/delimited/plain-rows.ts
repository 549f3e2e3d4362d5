import type { Kernel } from '../../../kernel/kernel.js';
import { type DelimitedDialect, withoutOuterQuotes } from '../../delimited/dialect.js';
import { surplusCells, surplusReason } from '../../delimited/records.js';
import type { Rows } from '../rows.js';
import type { Slab } from '../slab.js';
import { RowCutter } from './row-cutter.js';

const carriageReturn = 0x0d;

/** Where the cells of one line lie. */
interface LineMarks {
  /** Index of its first mark. */
  start: number;
  /** The mark before its first cell, and the one behind each cell. */
  marks: Int32Array;
  cells: number;
}

/**
 * Cuts rows in which every delimiter separates cells: quoting `none` and `outer`. Blank lines are
 * no rows. Empty cells beyond the header are left out; a row with other cells there is rejected
 * with its raw text, as is a misplaced one.
 */
export class PlainRowCutter extends RowCutter {
  private lineEnds: number;
  /** Lines before the first data row. */
  private skipLines: number;
  /** Numbers of the misplaced rows that have not come yet, the next one last. */
  private readonly misplacedAhead: number[];

  constructor(
    kernel: Kernel,
    dialect: DelimitedDialect,
    maxRowsTogether: number,
    misplaced: ReadonlyMap<number, string>,
  ) {
    super(kernel, dialect, maxRowsTogether, misplaced);
    this.misplacedAhead = [...misplaced.keys()].reverse();
    this.lineEnds = kernel.calls.allocate(4);
    this.skipLines = dialect.preambleLines + 1;
  }

  *cut(slab: Slab): Generator<Rows> {
    this.reserve(slab.length);
    const { marks, lineEnds } = this;
    const lines = this.kernel.calls.findMarks(slab.at, slab.length, this.delimiter, marks, lineEnds);
    let line = Math.min(this.skipLines, lines);
    this.skipLines -= line;
    while (line < lines) {
      const rows = this.noRows(slab);
      line = this.fill(rows, line, lines);
      if (rows.count > 0 || rows.rejects.length > 0) yield rows;
    }
  }

  end(): Rows[] {
    return [];
  }

  /** Makes room for the marks of so many bytes of text. */
  private reserve(length: number): void {
    const { calls } = this.kernel;
    const needed = (length + 1 + this.padding) * 4;
    if (calls.capacityOf(this.marks) >= needed) return;
    calls.release(this.marks);
    calls.release(this.lineEnds);
    this.marks = calls.allocate(needed);
    this.lineEnds = calls.allocate(needed);
  }

  /** Adds rows from line `from` on until there are enough; returns the line behind them. */
  private fill(rows: Rows, from: number, lines: number): number {
    const { width, padding, maxRowsTogether, numbers } = this;
    const padFrom = rows.slab.length + 1;
    let padAt = padFrom;
    let line = from;
    while (line < lines && rows.count < maxRowsTogether && padAt + width + 1 <= padFrom + padding) {
      const taken = width === 1 ? 0 : this.cutEven(rows, line, lines);
      for (let row = rows.count; row < rows.count + taken; row += 1) {
        this.rowNumber += 1;
        numbers[row] = this.rowNumber;
      }
      rows.count += taken;
      line += taken;
      if (line === lines || rows.count === maxRowsTogether) break;
      padAt = this.addUneven(rows, line, padAt);
      line += 1;
    }
    return line;
  }

  /** Adds rows up to the first line that does not have the header's width; returns how many. */
  private cutEven({ slab, count }: Rows, line: number, lines: number): number {
    const { kernel, marks, lineEnds, width } = this;
    const first = this.first + count * 4;
    const next = this.misplacedAhead.at(-1) ?? Number.POSITIVE_INFINITY;
    const maxRows = Math.min(this.maxRowsTogether - count, next - this.rowNumber - 1);
    return kernel.calls.cutRows(slab.at, marks, lineEnds, line, lines, width, first, maxRows);
  }

  /**
   * Adds a line that may not have the header's width, unless it is blank or rejected. A short row
   * gets empty cells: its marks are copied to `padAt`. Returns where the next ones go.
   */
  private addUneven(rows: Rows, line: number, padAt: number): number {
    const { kernel, width, dialect } = this;
    const { slab } = rows;
    const { start, marks, cells } = this.marksOf(slab, line);
    const cellAt = (column: number): string => {
      const text = slab.text((marks[column] as number) + 1, marks[column + 1] as number);
      return dialect.quoting === 'outer' ? withoutOuterQuotes(text) : text;
    };
    if (cells === 1 && cellAt(0).trim() === '') return padAt;
    const surplus = surplusCells(cells, width, cellAt);
    this.rowNumber += 1;
    const misplaced = this.misplaced.get(this.rowNumber);
    if (misplaced !== undefined) this.misplacedAhead.pop();
    const reason = surplus > 0 ? surplusReason(surplus) : misplaced;
    if (reason !== undefined) {
      const raw = slab.text((marks[0] as number) + 1, marks[cells] as number);
      this.reject(rows, raw, reason);
      return padAt;
    }
    const isShort = cells < width;
    if (isShort) rows.short?.push({ index: rows.count, cells });
    this.addRowAt(rows, isShort ? padAt : start);
    if (!isShort) return padAt;
    const padded = kernel.int32(this.marks + padAt * 4, width + 1);
    padded.set(marks.subarray(0, cells + 1));
    padded.fill(marks[cells] as number, cells + 1);
    return padAt + width + 1;
  }

  /** The marks of a line; a carriage return before its line feed is no cell. */
  private marksOf(slab: Slab, line: number): LineMarks {
    const { kernel } = this;
    const [start = 0, end = 0] = kernel.int32(this.lineEnds + line * 4, 2);
    const marks = kernel.int32(this.marks + start * 4, end - start + 1);
    const beforeEnd = marks.length > 2 ? (marks.at(-2) as number) : -1;
    const hasReturn = beforeEnd >= 0 && kernel.bytes(slab.at + beforeEnd, 1)[0] === carriageReturn;
    return { start, marks, cells: marks.length - 1 - Number(hasReturn) };
  }
}
