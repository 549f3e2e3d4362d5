import type { Kernel } from '../../../kernel/kernel.js';
import type { DelimitedDialect } from '../../delimited/dialect.js';
import { surplusCells, surplusReason } from '../../delimited/records.js';
import { swallowsRows } from '../../delimited/survey.js';
import { paddingFor, type RowCutter, type Rows } from '../rows.js';
import { byteOrderMarkBytes, Slab } from '../slab.js';
import { notColumnar } from '../../parse-hint.js';

const lineFeed = 0x0a;

/** A row that runs over more bytes than this has an open quote in it. */
const longestRow = 16 * 1024 * 1024;

/**
 * Cuts rows of quoted text, as csv-parse does with `relax_quotes`: a quote that begins a cell opens it up to the next quote before a
 * delimiter or line end; two quotes in it are one; a cell whose closing quote has something else behind it is what it looks like, quotes
 * included. Cells are copied without their quotes into a slab of their own.
 * Where a quote is not closed in time, or swallows rows, the document is not for this parser.
 */
export function openQuotedRows(kernel: Kernel, dialect: DelimitedDialect, rowsTogether: number): RowCutter {
  const { calls } = kernel;
  const width = dialect.header.length;
  const delimiter = dialect.delimiter.charCodeAt(0);
  const padding = paddingFor(width);
  /** Before the header, which is the first row. */
  let skipLines = dialect.preambleLines;
  let isHeader = true;
  let rowNumber = 0;
  /** The beginning of a row whose end has not come yet. */
  let begun = new Uint8Array(0);
  let clean = new Slab(kernel, 0);
  let marks = calls.allocate(4);
  const first = calls.allocate(rowsTogether * 4);
  const numbers = new Float64Array(rowsTogether);
  /** Ends of the bytes in `clean` and of the marks. */
  let out = 0;
  let markCount = 0;

  return {
    *cut(slab) {
      const source = begun.length > 0 ? joined(begun, slab) : slab;
      begun = new Uint8Array(0);
      reserve(source.length);
      let at = skipPreamble(source);
      while (at < source.length) {
        const rows: Rows = { slab: clean, marks, first, numbers, count: 0, rejects: [] };
        const from = at;
        at = fill(rows, source, at);
        if (rows.count > 0 || rows.rejects.length > 0) yield rows;
        if (at === from) break;
      }
      begun = source.bytes().slice(at, source.length);
      if (source !== slab) calls.release(source.at);
      if (begun.length > longestRow) throw notColumnar('a quote is not closed');
    },
    end() {
      if (begun.length > 0) throw notColumnar('a quote is not closed');
    },
  };

  function reserve(length: number): void {
    if (clean.capacity < length + 2) {
      calls.release(clean.at);
      clean = new Slab(kernel, length + 2);
    }
    const needed = (length + 2 + padding) * 4;
    if (calls.capacityOf(marks) >= needed) return;
    calls.release(marks);
    marks = calls.allocate(needed);
  }

  function skipPreamble(source: Slab): number {
    const bytes = source.bytes();
    // Behind a mark a quote would be none. No later row begins so: the marks of a document are no part of its rows.
    let at = isHeader ? byteOrderMarkBytes(bytes) : 0;
    for (; skipLines > 0 && at < source.length; skipLines -= 1) at = bytes.indexOf(lineFeed, at) + 1;
    return at;
  }

  /** Takes rows from `from` on until there are enough; gives the place of the first that is left, or not at its end. */
  function fill(rows: Rows, source: Slab, from: number): number {
    out = 0;
    markCount = 1;
    kernel.int32(marks, 1)[0] = -1;
    let padded = 0;
    let at = from;
    while (at < source.length && rows.count < rowsTogether && padded + width <= padding) {
      const firstMark = markCount - 1;
      const end = calls.readQuotedRow(
        source.at,
        source.length,
        at,
        delimiter,
        clean.at,
        out,
        marks,
        markCount,
      );
      if (end < 0) return at;
      out = calls.quotedEnd.value;
      markCount = calls.quotedMarks.value;
      const rowFrom = at;
      at = end;
      if (isHeader) {
        isHeader = false;
        continue;
      }
      padded += addRow(rows, source, rowFrom, end, firstMark);
    }
    return at;
  }

  /** Takes the row whose cells were copied; gives the cells it lacked. */
  function addRow(rows: Rows, source: Slab, from: number, end: number, firstMark: number): number {
    const cells = markCount - 1 - firstMark;
    if (cells === 1 && cellText(firstMark, 0).trim() === '') return 0;
    checkSwallowed(source, from, end, firstMark, cells);
    rowNumber += 1;
    const surplus = cells > width ? surplusCells(cells, width, (cell) => cellText(firstMark, cell)) : 0;
    if (surplus > 0) {
      const raw = source.text(from, end).replace(/\r?\n$/, '');
      rows.rejects.push({ row: rowNumber, column: null, raw, reason: surplusReason(surplus) });
      return 0;
    }
    const lacking = Math.max(0, width - cells);
    if (lacking > 0) kernel.int32(marks + markCount * 4, lacking).fill(out - 1);
    markCount += lacking;
    kernel.int32(first + rows.count * 4, 1)[0] = firstMark;
    numbers[rows.count] = rowNumber;
    rows.count += 1;
    return lacking;
  }

  function checkSwallowed(source: Slab, from: number, end: number, firstMark: number, cells: number): void {
    if (!calls.quotedHasLineFeed.value) return;
    const texts = Array.from({ length: cells }, (_, cell) => cellText(firstMark, cell));
    if (swallowsRows(texts, source.text(from, end - 1), dialect)) {
      throw notColumnar('a quote is not closed');
    }
  }

  function cellText(firstMark: number, cell: number): string {
    const [before = 0, end = 0] = kernel.int32(marks + (firstMark + cell) * 4, 2);
    return clean.text(before + 1, end);
  }

  function joined(beginning: Uint8Array, slab: Slab): Slab {
    const both = new Slab(kernel, beginning.length + slab.length);
    const bytes = both.bytes();
    bytes.set(beginning);
    bytes.set(slab.bytes().subarray(0, slab.length), beginning.length);
    both.end(beginning.length + slab.length);
    return both;
  }
}
