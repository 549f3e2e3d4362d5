import type { Kernel } from '../../../kernel/kernel.js';
import type { DelimitedDialect } from '../../delimited/dialect.js';
import { surplusCells } from '../../delimited/records.js';
import { swallowsRows } from '../../delimited/survey.js';
import { notColumnar } from '../../parse-hint.js';
import type { Rows } from '../rows.js';
import { byteOrderMarkBytes, Slab } from '../slab.js';
import { RowCutter } from './row-cutter.js';

const lineFeed = 0x0a;

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
 * Cuts rows of quoted text as csv-parse does with `relax_quotes`. A quote at the beginning of a
 * cell opens it up to the next quote before a delimiter or line end; two quotes inside are one. A
 * cell with anything else behind its closing quote is taken as it stands, quotes included. Cells
 * are copied without their quotes into a slab of their own. If a quote is not closed in time, or
 * swallows rows, the document is left to the reference parser.
 */
export class QuotedRowCutter extends RowCutter {
  /** Lines before the header, which is the first row. */
  private skipLines: number;
  private isHeader = true;
  /** The beginning of a row whose end has not come yet. */
  private begun = new Uint8Array(0);
  private clean: Slab;
  /** Ends of what the current portion has in `clean` and in `marks`. */
  private cleanEnd = 0;
  private markCount = 0;

  constructor(
    kernel: Kernel,
    dialect: DelimitedDialect,
    maxRowsTogether: number,
    private readonly maxRowBytes: number,
  ) {
    super(kernel, dialect, maxRowsTogether);
    this.skipLines = dialect.preambleLines;
    this.clean = new Slab(kernel, 0);
  }

  *cut(slab: Slab): Generator<Rows> {
    const source = this.begun.length > 0 ? this.joined(this.begun, slab) : slab;
    this.begun = new Uint8Array(0);
    this.reserve(source.length);
    let at = this.skipPreamble(source);
    while (at < source.length) {
      const rows = this.noRows(this.clean);
      const from = at;
      at = this.fill(rows, source, at);
      if (rows.count > 0 || rows.rejects.length > 0) yield rows;
      if (at === from) break;
    }
    this.begun = source.bytes().slice(at, source.length);
    if (source !== slab) this.kernel.calls.release(source.at);
    if (this.begun.length > this.maxRowBytes) throw notColumnar('a quote is not closed');
  }

  end(): void {
    if (this.begun.length > 0) throw notColumnar('a quote is not closed');
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

  private skipPreamble(source: Slab): number {
    const bytes = source.bytes();
    // Behind a byte order mark a quote would not open the first cell. Only the header can have one
    // before it: marks inside a document belong to its rows.
    let at = this.isHeader ? byteOrderMarkBytes(bytes) : 0;
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
      if (to < 0) return at;
      const row = { source, from: at, to, firstMark, cells: this.markCount - 1 - firstMark };
      at = to;
      if (this.isHeader) this.isHeader = false;
      else padded += this.addRow(rows, row);
    }
    return at;
  }

  /**
   * Copies the cells of the row at `from`; returns its end, or a negative number if it has none.
   */
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

  /** Adds a copied row, unless it is blank or rejected; returns how many cells it lacked. */
  private addRow(rows: Rows, row: CopiedRow): number {
    const { kernel, width } = this;
    const { firstMark, cells } = row;
    if (cells === 1 && this.cellText(firstMark, 0).trim() === '') return 0;
    this.checkSwallowed(row);
    this.rowNumber += 1;
    const surplus = cells > width ? surplusCells(cells, width, (cell) => this.cellText(firstMark, cell)) : 0;
    if (surplus > 0) {
      const raw = row.source.text(row.from, row.to).replace(/\r?\n$/, '');
      this.reject(rows, raw, surplus);
      return 0;
    }
    const lacking = Math.max(0, width - cells);
    if (lacking > 0) {
      kernel.int32(this.marks + this.markCount * 4, lacking).fill(this.cleanEnd - 1);
      this.markCount += lacking;
    }
    this.addRowAt(rows, firstMark);
    return lacking;
  }

  private checkSwallowed({ source, from, to, firstMark, cells }: CopiedRow): void {
    if (!this.kernel.calls.quotedHasLineFeed.value) return;
    const texts = Array.from({ length: cells }, (_, cell) => this.cellText(firstMark, cell));
    if (swallowsRows(texts, source.text(from, to - 1), this.dialect)) {
      throw notColumnar('a quote is not closed');
    }
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
