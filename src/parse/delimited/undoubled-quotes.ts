import type { DelimitedDialect } from './dialect.js';
import { onlyReading } from './only-reading.js';
import { scanRow } from './quoted-row.js';

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
    const reading = onlyReading(text.replace(/\r$/, ''), delimiter, width, 'strict');
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
  const reading = onlyReading(first, delimiter, width, 'lenient');
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
