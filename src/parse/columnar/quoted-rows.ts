import type { DelimitedDialect } from '../dialect.js';
import { surplusCells, surplusReason } from '../records.js';
import { swallowsRows } from '../survey.js';
import { slackBytes } from './marks.js';
import { NotColumnar, type RowCutter, type Rows, rowsTogether } from './rows.js';
import { Slab } from './slab.js';

const quote = 0x22;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** A row that runs over more bytes than this has an open quote in it. */
const longestRow = 16 * 1024 * 1024;

/**
 * Cuts rows of quoted text, as csv-parse does with `relax_quotes`: a quote that begins a cell opens it up to the next quote before a
 * delimiter or line end; two quotes in it are one; a cell whose closing quote has something else behind it is what it looks like, quotes
 * included. Cells are copied without their quotes into a slab of their own.
 * Where a quote is not closed in time, or swallows rows, the document is not for this parser.
 */
export function openQuotedRows(dialect: DelimitedDialect): RowCutter {
  const width = dialect.header.length;
  const delimiter = dialect.delimiter.charCodeAt(0);
  /** Before the header, which is the first row. */
  let skipLines = dialect.preambleLines;
  let isHeader = true;
  let rowNumber = 0;
  /** The beginning of a row whose end has not come yet. */
  let begun = new Uint8Array(0);
  let clean = new Slab(0);
  let out = 0;
  let marks = new Int32Array(0);
  let markCount = 0;
  const first = new Int32Array(rowsTogether);
  const numbers = new Float64Array(rowsTogether);

  return {
    *cut(slab) {
      const source = begun.length > 0 ? joined(begun, slab) : slab;
      begun = new Uint8Array(0);
      if (clean.bytes.length < source.length + slackBytes) clean = new Slab(source.length + slackBytes);
      let at = skipPreamble(source);
      while (at < source.length) {
        const rows: Rows = { slab: clean, marks, first, numbers, count: 0, rejects: [] };
        const from = at;
        at = fill(rows, source, at);
        rows.marks = marks;
        if (rows.count > 0 || rows.rejects.length > 0) yield rows;
        if (at === from) break;
      }
      begun = source.bytes.slice(at, source.length);
      if (begun.length > longestRow) throw new NotColumnar('a quote is not closed');
    },
    end() {
      if (begun.length > 0) throw new NotColumnar('a quote is not closed');
    },
  };

  function skipPreamble(source: Slab): number {
    let at = 0;
    for (; skipLines > 0 && at < source.length; skipLines -= 1) at = source.bytes.indexOf(lineFeed, at) + 1;
    return at;
  }

  /** Takes rows from `from` on until there are enough; gives the place of the first that is left, or not at its end. */
  function fill(rows: Rows, source: Slab, from: number): number {
    out = 0;
    markCount = 0;
    mark(-1);
    let at = from;
    while (at < source.length && rows.count < rowsTogether) {
      const firstMark = markCount - 1;
      const end = readRow(source, at);
      if (end < 0) return at;
      const cells = markCount - 1 - firstMark;
      const rowFrom = at;
      at = end;
      if (isHeader) {
        isHeader = false;
        continue;
      }
      if (cells === 1 && cellText(firstMark, 0).trim() === '') continue;
      checkSwallowed(source, rowFrom, end, firstMark, cells);
      rowNumber += 1;
      const surplus = surplusCells(cells, width, (cell) => cellText(firstMark, cell));
      if (surplus > 0) {
        const raw = source.text(rowFrom, end).replace(/\r?\n$/, '');
        rows.rejects.push({ row: rowNumber, column: null, raw, reason: surplusReason(surplus) });
        continue;
      }
      for (let cell = cells; cell < width; cell += 1) mark(out - 1);
      rows.first[rows.count] = firstMark;
      rows.numbers[rows.count] = rowNumber;
      rows.count += 1;
    }
    return at;
  }

  function checkSwallowed(source: Slab, from: number, end: number, firstMark: number, cells: number): void {
    if (source.bytes.indexOf(lineFeed, from) === end - 1) return;
    const texts = Array.from({ length: cells }, (_, cell) => cellText(firstMark, cell));
    if (swallowsRows(texts, source.text(from, end - 1), dialect)) {
      throw new NotColumnar('a quote is not closed');
    }
  }

  /** Copies the cells of one row; gives the place behind it, or -1 where the slab ends before the row. */
  function readRow({ bytes, length }: Slab, from: number): number {
    const { bytes: target } = clean;
    let at = from;
    for (;;) {
      const cellFrom = out;
      if (bytes[at] === quote) {
        at = readQuoted(bytes, length, at + 1, cellFrom);
        if (at < 0) return -1;
      }
      for (;;) {
        const byte = bytes[at];
        const isEnd = byte === lineFeed || (byte === carriageReturn && bytes[at + 1] === lineFeed);
        if (byte === delimiter || isEnd) {
          target[out] = 0;
          mark(out);
          out += 1;
          at += 1;
          if (!isEnd) break;
          return byte === lineFeed ? at : at + 1;
        }
        target[out] = byte as number;
        out += 1;
        at += 1;
      }
    }
  }

  /** Copies from behind an opening quote to behind the closing one; gives the place there, or -1 where there is none. */
  function readQuoted(bytes: Uint8Array, length: number, from: number, cellFrom: number): number {
    const { bytes: target } = clean;
    for (let at = from; at < length; at += 1) {
      const byte = bytes[at] as number;
      if (byte === quote) {
        const next = bytes[at + 1];
        if (next === quote) at += 1;
        else if (
          next === delimiter ||
          next === lineFeed ||
          (next === carriageReturn && bytes[at + 2] === lineFeed)
        ) {
          return at + 1;
        } else {
          target.copyWithin(cellFrom + 1, cellFrom, out);
          target[cellFrom] = quote;
          target[out + 1] = quote;
          out += 2;
          return at + 1;
        }
      }
      target[out] = byte;
      out += 1;
    }
    return -1;
  }

  function mark(at: number): void {
    if (markCount === marks.length) {
      const larger = new Int32Array(Math.max(1024, marks.length * 2));
      larger.set(marks);
      marks = larger;
    }
    marks[markCount] = at;
    markCount += 1;
  }

  function cellText(firstMark: number, cell: number): string {
    return clean.text((marks[firstMark + cell] as number) + 1, marks[firstMark + cell + 1] as number);
  }
}

function joined(begun: Uint8Array, slab: Slab): Slab {
  const both = new Slab(begun.length + slab.length);
  both.bytes.set(begun);
  both.bytes.set(slab.bytes.subarray(0, slab.length), begun.length);
  both.length = begun.length + slab.length;
  return both;
}
