import type { Kernel } from '../../../kernel/kernel.js';
import type { DelimitedDialect } from '../../delimited/dialect.js';
import { surplusCells, surplusReason } from '../../delimited/records.js';
import { swallowsRows } from '../../delimited/survey.js';
import { examineRow } from '../../delimited/undoubled-quotes.js';
import { notColumnar } from '../../parse-hint.js';
import type { Rows } from '../rows.js';
import { Slab } from '../slab.js';
import { RowCutter } from './row-cutter.js';

const lineFeed = 0x0a;
const encoder = new TextEncoder();

/** What the kernel returns for a row whose end has not come yet, and for an irregular one. */
const open = -1;
const irregular = -2;

/** A row whose cells the kernel has copied into the clean slab. */
interface CopiedRow {
  source: Slab;
  /** Its bytes in `source`, with the line end. */
  from: number;
  to: number;
  firstMark: number;
  cells: number;
}

/**
 * Cuts rows of quoted text: see `quoted-row.ts`. Cells are copied without their quotes into a slab
 * of their own. If a quote is not closed in time, or swallows rows, the document is left to the
 * reference parser.
 */
export class QuotedRowCutter extends RowCutter {
  /** Lines before the first data row. */
  private skipLines: number;
  /** The beginning of a row whose end has not come yet. */
  private begun = new Uint8Array(0);
  /** Whether no more text will come. */
  private isAll = false;
  private clean: Slab;
  /** Ends of what the current portion has in `clean` and in `marks`. */
  private cleanEnd = 0;
  private markCount = 0;

  constructor(
    kernel: Kernel,
    dialect: DelimitedDialect,
    maxRowsTogether: number,
    misplaced: ReadonlyMap<number, string>,
    private readonly maxRowBytes: number,
  ) {
    super(kernel, dialect, maxRowsTogether, misplaced);
    this.skipLines = dialect.preambleLines + dialect.headerLines;
    this.clean = new Slab(kernel, 0);
  }

  *cut(slab: Slab): Generator<Rows> {
    const source = this.begun.length > 0 ? this.joined(this.begun, slab) : slab;
    this.begun = new Uint8Array(0);
    const at = yield* this.rowsOf(source);
    this.begun = source.bytes().slice(at, source.length);
    if (source !== slab) this.kernel.calls.release(source.at);
    if (this.begun.length > this.maxRowBytes) throw notColumnar('a quote is not closed');
  }

  *end(): Generator<Rows> {
    if (this.begun.length === 0) return;
    this.isAll = true;
    const source = this.joined(this.begun, new Slab(this.kernel, 0));
    const at = yield* this.rowsOf(source);
    if (at < source.length) throw notColumnar('a quote is not closed');
  }

  /** Returns where the row begins whose end has not come yet. */
  private *rowsOf(source: Slab): Generator<Rows, number> {
    this.reserve(source.length);
    let at = this.skipHeader(source);
    while (at < source.length) {
      const rows = this.noRows(this.clean);
      const from = at;
      at = this.fill(rows, source, at);
      if (rows.count > 0 || rows.rejects.length > 0) yield rows;
      if (at === from) break;
    }
    return at;
  }

  /** Makes room for the cells of so many bytes of text. */
  private reserve(length: number): void {
    const { kernel } = this;
    const { calls } = kernel;
    if (this.clean.capacity < length + 2) {
      calls.release(this.clean.at);
      this.clean = new Slab(kernel, length + 2);
    }
    const needed = (length + 2 + this.padding) * 4;
    if (calls.capacityOf(this.marks) >= needed) return;
    calls.release(this.marks);
    this.marks = calls.allocate(needed);
  }

  private skipHeader(source: Slab): number {
    const bytes = source.bytes();
    let at = 0;
    for (; this.skipLines > 0 && at < source.length; this.skipLines -= 1) {
      at = bytes.indexOf(lineFeed, at) + 1;
    }
    return at;
  }

  /**
   * Adds rows from `from` on until there are enough. Returns where the first row begins that is
   * left over, or whose end has not come yet.
   */
  private fill(rows: Rows, source: Slab, from: number): number {
    const { kernel, width, padding, maxRowsTogether } = this;
    this.cleanEnd = 0;
    this.markCount = 1;
    kernel.int32(this.marks, 1)[0] = -1;
    let padded = 0;
    let at = from;
    while (at < source.length && rows.count < maxRowsTogether && padded + width <= padding) {
      const firstMark = this.markCount - 1;
      const to = this.copyRow(source, at);
      if (to === open) return at;
      const row = { source, from: at, to, firstMark, cells: this.markCount - 1 - firstMark };
      const end = to === irregular ? this.addExamined(rows, row) : this.addRow(rows, row);
      if (end < 0) return at;
      if (to !== irregular && row.cells < width) padded += width - row.cells;
      at = end;
    }
    return at;
  }

  /** Copies the cells of the row at `from`; returns its end, `open` or `irregular`. */
  private copyRow(source: Slab, from: number): number {
    const { calls } = this.kernel;
    const to = calls.readQuotedRow(
      source.at,
      source.length,
      from,
      this.delimiter,
      this.clean.at,
      this.cleanEnd,
      this.marks,
      this.markCount,
    );
    if (to < 0) return to;
    this.cleanEnd = calls.quotedEnd.value;
    this.markCount = calls.quotedMarks.value;
    return to;
  }

  /** Adds a copied row, unless it is blank or rejected; returns its end, or `open`. */
  private addRow(rows: Rows, row: CopiedRow): number {
    const { width } = this;
    const { firstMark, cells, to } = row;
    if (cells === 1 && this.cellText(firstMark, 0).trim() === '') return to;
    this.checkSwallowed(row);
    const surplus = cells > width ? surplusCells(cells, width, (cell) => this.cellText(firstMark, cell)) : 0;
    const isUneven = cells < width || surplus > 0;
    if (isUneven && this.kernel.calls.quotedCells.value) return this.addExamined(rows, row);
    this.rowNumber += 1;
    if (surplus > 0) this.rejectRow(rows, row, to, surplusReason(surplus));
    else this.take(rows, row, to);
    return to;
  }

  /**
   * Adds a row that needs a closer look, as the reference parser does; returns its end, or `open`.
   */
  private addExamined(rows: Rows, row: CopiedRow): number {
    const { source, from, to, firstMark, cells } = row;
    const oddity = to === irregular ? 'irregular' : cells < this.width ? 'short' : 'surplus';
    const lines = new Lines(source, from);
    const examined = examineRow((index) => lines.at(index), this.isAll, this.dialect, oddity);
    if (examined.kind === 'more') return open;
    this.rowNumber += 1;
    switch (examined.kind) {
      case 'row': {
        if (examined.hasOpenQuote) throw notColumnar('a quote is not closed');
        this.cleanEnd = this.begin(firstMark);
        this.markCount = firstMark + 1;
        this.copyCells(examined.cells);
        this.take(rows, { ...row, cells: examined.cells.length }, lines.end(examined.lines));
        return lines.end(examined.lines);
      }
      case 'rejected':
        this.rejectRow(rows, row, lines.end(1), examined.reason);
        return lines.end(1);
      case 'as scanned': {
        const surplus = surplusCells(cells, this.width, (cell) => this.cellText(firstMark, cell));
        if (surplus > 0) this.rejectRow(rows, row, to, surplusReason(surplus));
        else this.take(rows, row, to);
        return to;
      }
    }
  }

  /**
   * Adds a row as it is in `clean`, with empty cells for those that it lacks, unless it is
   * misplaced. `to` is its end.
   */
  private take(rows: Rows, row: CopiedRow, to: number): void {
    const { kernel } = this;
    const { firstMark, cells } = row;
    const misplaced = this.misplaced.get(this.rowNumber);
    if (misplaced !== undefined) return this.rejectRow(rows, row, to, misplaced);
    const lacking = Math.max(0, this.width - cells);
    if (lacking > 0) rows.short?.push({ index: rows.count, cells });
    if (lacking > 0) {
      kernel.int32(this.marks + this.markCount * 4, lacking).fill(this.cleanEnd - 1);
      this.markCount += lacking;
    }
    this.addRowAt(rows, firstMark);
  }

  private rejectRow(rows: Rows, { source, from }: CopiedRow, to: number, reason: string): void {
    const raw = source.text(from, to).replace(/\r?\n$/, '');
    this.reject(rows, raw, reason);
  }

  /** Copies the cells of a row to the end of `clean`. */
  private copyCells(cells: string[]): void {
    const { kernel, clean } = this;
    const text = `${cells.join('\0')}\0`;
    const room = kernel.bytes(clean.at + this.cleanEnd, clean.capacity - this.cleanEnd);
    const { read, written } = encoder.encodeInto(text, room);
    // Replacement characters are longer than the bytes that are no text.
    if (read < text.length) throw notColumnar('its text is not valid UTF-8');
    const isAscii = written === text.length;
    const marks = kernel.int32(this.marks + this.markCount * 4, cells.length);
    let end = this.cleanEnd;
    for (const [index, cell] of cells.entries()) {
      end += isAscii ? cell.length : Buffer.byteLength(cell);
      marks[index] = end;
      end += 1;
    }
    this.markCount += cells.length;
    this.cleanEnd = end;
  }

  /** Where the first cell of a row begins in `clean`. */
  private begin(firstMark: number): number {
    const [mark = -1] = this.kernel.int32(this.marks + firstMark * 4, 1);
    return mark + 1;
  }

  private checkSwallowed({ source, from, to }: CopiedRow): void {
    if (!this.kernel.calls.quotedHasLineFeed.value) return;
    if (swallowsRows(source.text(from, to - 1), this.dialect)) throw notColumnar('a quote is not closed');
  }

  private cellText(firstMark: number, cell: number): string {
    const [before = 0, end = 0] = this.kernel.int32(this.marks + (firstMark + cell) * 4, 2);
    return this.clean.text(before + 1, end);
  }

  private joined(beginning: Uint8Array, slab: Slab): Slab {
    const both = new Slab(this.kernel, beginning.length + slab.length);
    const bytes = both.bytes();
    bytes.set(beginning);
    bytes.set(slab.bytes().subarray(0, slab.length), beginning.length);
    both.end(beginning.length + slab.length);
    return both;
  }
}

/** The lines of a slab from a position on. */
class Lines {
  private readonly ends: number[];

  constructor(
    private readonly source: Slab,
    from: number,
  ) {
    this.ends = [from];
  }

  /** The text of a line without its line feed; undefined if the slab does not hold it. */
  at(index: number): string | undefined {
    const to = this.end(index + 1);
    return to < 0 ? undefined : this.source.text(this.end(index), to - 1);
  }

  /** Where so many lines end; a negative number if the slab does not hold them. */
  end(count: number): number {
    const { source, ends } = this;
    while (ends.length <= count) {
      const from = ends.at(-1) as number;
      const next = from < 0 || from >= source.length ? -1 : source.bytes().indexOf(lineFeed, from);
      ends.push(next < 0 ? -1 : next + 1);
    }
    return ends[count] as number;
  }
}
