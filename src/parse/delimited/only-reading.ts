import { skipBlanks } from './quoted-row.js';

/** `hasOpenQuote`: a cell begins with a quote that nothing closes. */
export interface Reading {
  cells: string[];
  hasOpenQuote: boolean;
}

/** A larger table of readings is not made: the row counts as one with several readings. */
const maxTableBytes = 1 << 20;

/**
 * The only reading of a row that makes `width` cells. `strict`: no quotes in cells that are not
 * quoted. `lenient`: such quotes are data, as is a quote that nothing closes.
 */
export function onlyReading(
  text: string,
  delimiter: string,
  width: number,
  mode: 'strict' | 'lenient',
): Reading | 'none' | 'several' {
  const starts = startsOf(text, delimiter);
  if (starts.length < width) return 'none';
  if ((starts.length + 1) * (width + 1) > maxTableBytes) return 'several';
  const closes = closingQuotes(text, starts);
  const ways = countWays(text, starts, closes, width, mode);
  const waysFrom = (start: number, cells: number): number => ways[start * (width + 1) + cells] as number;
  const count = waysFrom(0, width);
  if (count !== 1) return count === 0 ? 'none' : 'several';
  const cells: Cell[] = [];
  for (let start = 0, behind = 0; cells.length < width; ) {
    const left = width - cells.length - 1;
    const { open, mayBeQuoted } = beginningOf(text, starts, start, closes, mode);
    while (behind < closes.length && (closes[behind] as ClosingQuote).at <= open) behind += 1;
    let close = mayBeQuoted ? behind : closes.length;
    while (close < closes.length && waysFrom((closes[close] as ClosingQuote).next, left) !== 1) close += 1;
    const quoted = closes[close];
    const cell: Cell = quoted
      ? { from: open + 1, to: quoted.at, isQuoted: true, next: quoted.next }
      : { from: starts[start] as number, to: endOf(text, starts, start), isQuoted: false, next: start + 1 };
    cells.push(cell);
    start = cell.next;
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

/** A cell that a reading may have: its text, quotes excluded, and where the next cell begins. */
interface Cell {
  from: number;
  to: number;
  isQuoted: boolean;
  /** Index of the next cell's start among the starts; behind the last one if the row ends. */
  next: number;
}

/**
 * Counts the ways to read the rest of a row, for each start of a cell and each number of cells that
 * are left, at `start * (width + 1) + cells`; 2 also stands for more. Numbers that no reading of
 * the whole row needs are not counted.
 */
function countWays(
  text: string,
  starts: number[],
  closes: ClosingQuote[],
  width: number,
  mode: 'strict' | 'lenient',
): Uint8Array {
  const row = width + 1;
  const ways = new Uint8Array((starts.length + 1) * row);
  // Behind the last cell, there is one way to read no cells.
  ways[starts.length * row] = 1;
  /** The sum for the closing quotes behind the current start, by cells that are left. */
  const behind = new Uint8Array(row);
  let behindFrom = closes.length;
  for (let start = starts.length - 1; start >= 0; start -= 1) {
    const { open, mayBeQuoted, mayBePlain } = beginningOf(text, starts, start, closes, mode);
    if (mayBeQuoted) {
      for (; behindFrom > 0 && (closes[behindFrom - 1] as ClosingQuote).at > open; behindFrom -= 1) {
        const { next } = closes[behindFrom - 1] as ClosingQuote;
        const most = Math.min(width, starts.length - next);
        for (let cells = Math.max(0, width - next); cells <= most; cells += 1) {
          behind[cells] = Math.min(2, (behind[cells] as number) + (ways[next * row + cells] as number));
        }
      }
    }
    const most = Math.min(width, starts.length - start);
    for (let cells = Math.max(1, width - start); cells <= most; cells += 1) {
      const quoted = mayBeQuoted ? (behind[cells - 1] as number) : 0;
      const plain = mayBePlain ? (ways[(start + 1) * row + cells - 1] as number) : 0;
      ways[start * row + cells] = Math.min(2, quoted + plain);
    }
  }
  return ways;
}

/** How the cell at a start may be read. `open`: the index of its quote, if it begins with one. */
function beginningOf(
  text: string,
  starts: number[],
  start: number,
  closes: ClosingQuote[],
  mode: 'strict' | 'lenient',
): { open: number; mayBeQuoted: boolean; mayBePlain: boolean } {
  const at = starts[start] as number;
  const open = skipBlanks(text, at);
  if (text[open] === '"') {
    const mayBeQuoted = (closes.at(-1)?.at ?? -1) > open;
    return { open, mayBeQuoted, mayBePlain: mode === 'lenient' && !(mayBeQuoted && open === at) };
  }
  const mayBePlain = mode === 'lenient' || !/["\n\r]/.test(text.slice(at, endOf(text, starts, start)));
  return { open, mayBeQuoted: false, mayBePlain };
}

/** Where cells may begin: at the beginning and behind each delimiter. */
function startsOf(text: string, delimiter: string): number[] {
  const starts = [0];
  for (let at = text.indexOf(delimiter); at >= 0; at = text.indexOf(delimiter, at + 1)) starts.push(at + 1);
  return starts;
}

/** Where a cell without quotes ends: before the next delimiter, or with the text. */
function endOf(text: string, starts: number[], start: number): number {
  const next = starts[start + 1];
  return next === undefined ? text.length : next - 1;
}

/** A quote that may close a cell. `next`: as in `Cell`. */
interface ClosingQuote {
  at: number;
  next: number;
}

function closingQuotes(text: string, starts: number[]): ClosingQuote[] {
  const closes: ClosingQuote[] = [];
  let next = 1;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) {
    while (next < starts.length && (starts[next] as number) <= at) next += 1;
    if (skipBlanks(text, at + 1) === endOf(text, starts, next - 1)) closes.push({ at, next });
  }
  return closes;
}

/** Whether all quotes of a text come in pairs. */
function hasPairs(text: string): boolean {
  return (text.match(/"+/g) ?? []).every((run) => run.length % 2 === 0);
}
