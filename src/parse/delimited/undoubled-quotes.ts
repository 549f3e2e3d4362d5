import type { DelimitedDialect } from './dialect.js';
import { scanRow, skipBlanks } from './quoted-row.js';

/**
 * Why a row needs a closer look: it has fewer or more cells than the header, is irregular, or does
 * not end.
 */
export type Oddity = 'short' | 'surplus' | 'irregular' | 'open';

/** What became of a row that cannot be taken as it was scanned. */
export type ExaminedRow =
  /**
   * The first `lines` lines are one row, and only these cells are as many as the header has.
   * `hasOpenQuote`: one of them begins with a quote that nothing closes.
   */
  | { kind: 'row'; lines: number; cells: string[]; hasOpenQuote: boolean }
  /** The first line has no such reading, or several. */
  | { kind: 'rejected'; reason: string }
  /** There is no better reading than the scanned one. */
  | { kind: 'as scanned' }
  /** More lines are needed to decide. */
  | { kind: 'more' };

/** A row with undoubled quotes and line breaks in its cells is searched in this many lines. */
const maxLines = 20;

const severalReadings = 'its quotes can be read in several ways';
const noReading = 'its quotes are not doubled, and no reading of them has as many cells as the header';

/**
 * Reads a row whose writer may not have doubled the quotes inside its cells. It is understood if
 * only one choice of closing quotes makes as many cells as the header has.
 *
 * @param lineAt Returns a line from the start of the row on, without its line feed; undefined if
 * it is not there (yet).
 * @param isAll Whether no more lines will come.
 */
export function examineRow(
  lineAt: (index: number) => string | undefined,
  isAll: boolean,
  { delimiter, header, carriageReturnsOnly }: DelimitedDialect,
  scanned: Oddity,
): ExaminedRow {
  const lineEnd = carriageReturnsOnly ? '\r' : '\n';
  const width = header.length;
  let text = lineAt(0) ?? '';
  const first = text.replace(/\r$/, '');
  // Without quotes and delimiters inside cells, other readings only make fewer cells.
  if (scanned === 'short' && !hasInnerMarks(first, delimiter)) return { kind: 'as scanned' };
  for (let lines = 1; lines <= maxLines; lines += 1) {
    const reading = readingOf(text.replace(/\r$/, ''), delimiter, width, 'strict');
    if (reading === 'several' && scanned === 'surplus') return { kind: 'as scanned' };
    // A short row that the standard explains may lack cells, or have undoubled quotes.
    const isAmbiguous = reading === 'several' || (scanned === 'short' && reading !== 'none');
    if (isAmbiguous) return { kind: 'rejected', reason: severalReadings };
    if (reading !== 'none') return { kind: 'row', lines, ...reading };
    if (scanned === 'short' || scanned === 'surplus' || lines === maxLines) break;
    const next = lineAt(lines);
    if (next === undefined && !isAll) return { kind: 'more' };
    // What is a row by itself was not swallowed by an open quote.
    if (next === undefined || isRow(next, delimiter, width)) break;
    text += lineEnd + next;
  }
  if (scanned !== 'irregular') return { kind: 'as scanned' };
  const reading = readingOf(first, delimiter, width, 'lenient');
  if (typeof reading !== 'string') return { kind: 'row', lines: 1, ...reading };
  return { kind: 'rejected', reason: reading === 'several' ? severalReadings : noReading };
}

/** Whether quotes or delimiters are left in cells, or the line is no row by the standard. */
function hasInnerMarks(line: string, delimiter: string): boolean {
  const row = scanRow(line, 0, delimiter, '\n');
  return row.kind !== 'regular' || row.cells.some((cell) => cell.includes('"') || cell.includes(delimiter));
}

function isRow(line: string, delimiter: string, width: number): boolean {
  const row = scanRow(line.replace(/\r$/, ''), 0, delimiter, '\n');
  return row.kind === 'regular' && row.cells.length === width;
}

/** Choices to try before a row counts as one with several readings. */
const maxSteps = 100_000;

/** A cell that a reading may have: its text, quotes excluded, and the delimiter behind it. */
interface Cell {
  from: number;
  to: number;
  isQuoted: boolean;
  /** Index of the delimiter, or the length of the text. */
  end: number;
}

/**
 * The only reading of a row that makes `width` cells. `strict`: no quotes in cells that are not
 * quoted. `lenient`: such quotes are data, as is a quote that nothing closes.
 */
function readingOf(
  text: string,
  delimiter: string,
  width: number,
  mode: 'strict' | 'lenient',
): { cells: string[]; hasOpenQuote: boolean } | 'none' | 'several' {
  const closes = closingQuotes(text, delimiter);
  /** The cells that may begin at a position. */
  const cellsAt = (at: number): Cell[] => {
    const next = text.indexOf(delimiter, at);
    const end = next < 0 ? text.length : next;
    const plain = { from: at, to: end, isQuoted: false, end };
    const open = skipBlanks(text, at);
    if (text[open] === '"') {
      const quoted = closes
        .filter((close) => close.at > open)
        .map((close) => ({ from: open + 1, to: close.at, isQuoted: true, end: close.end }));
      return mode === 'strict' || (quoted.length > 0 && open === at) ? quoted : [...quoted, plain];
    }
    const written = text.slice(at, end);
    return mode === 'lenient' || !/["\n\r]/.test(written) ? [plain] : [];
  };
  const counts = new Map<number, number>();
  let steps = 0;
  /** The number of ways to read so many cells from a position on; 2 also stands for more. */
  const countFrom = (at: number, cells: number): number => {
    const key = at * (width + 1) + cells;
    const known = counts.get(key);
    if (known !== undefined) return known;
    let count = 0;
    for (const { end } of cellsAt(at)) {
      steps += 1;
      count += countBehind(end, cells);
      if (count > 1) break;
    }
    counts.set(key, Math.min(count, 2));
    return Math.min(count, 2);
  };
  const countBehind = (end: number, cells: number): number => {
    if (steps > maxSteps) return 2;
    if (end === text.length) return cells === 1 ? 1 : 0;
    return cells > 1 ? countFrom(end + 1, cells - 1) : 0;
  };
  const count = countFrom(0, width);
  if (count !== 1) return count === 0 ? 'none' : 'several';
  const cells: Cell[] = [];
  for (let at = 0; cells.length < width; ) {
    const left = width - cells.length;
    const cell = cellsAt(at).find(({ end }) => countBehind(end, left) === 1) as Cell;
    cells.push(cell);
    at = cell.end + 1;
  }
  const texts = cells.map(({ from, to }) => text.slice(from, to));
  // A row that doubles its quotes is understood without a look at others, unless what follows a
  // blank is data.
  const doubles =
    mode === 'lenient' && cells.every(({ isQuoted }, index) => !isQuoted || hasPairs(texts[index] ?? ''));
  return {
    cells: texts.map((each, index) =>
      doubles && cells[index]?.isQuoted ? each.replaceAll('""', '"') : each,
    ),
    hasOpenQuote: cells.some(({ from, isQuoted }) => !isQuoted && text[from] === '"'),
  };
}

/** Quotes that may close a cell, each with the end of that cell. */
function closingQuotes(text: string, delimiter: string): { at: number; end: number }[] {
  const closes: { at: number; end: number }[] = [];
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) {
    const end = skipBlanks(text, at + 1);
    if (end === text.length || text[end] === delimiter) closes.push({ at, end });
  }
  return closes;
}

/** Whether all quotes of a text come in pairs. */
function hasPairs(text: string): boolean {
  return (text.match(/"+/g) ?? []).every((run) => run.length % 2 === 0);
}
