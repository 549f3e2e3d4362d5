import { splitLine } from '../dialect.js';
import type { DelimitedLayout, TableLayout } from '../delimited-layout.js';

/** What the first rows of a document look like: enough to notice rows that look different. */
export interface UsualRows {
  /** The numbers of cells that many of them have: trailing empty cells may be left out. */
  widths: Set<number>;
  /** Text columns whose cells have few lengths. */
  watched: WatchedCell[];
}

/** A cell of each row, and the lengths that it usually has. */
export interface WatchedCell {
  cellIndex: number;
  /**
   * Bits 1 to 30: the lengths in bytes. Bit 0 is set, as an empty cell is usual anywhere: rows of
   * different kinds fill different columns.
   */
  usual: number;
}

/** Cells of unusual length that make a row worth a closer look. */
export const minUnusualCells = 2;

const sampleCharacters = 8 * 1024;
const minRows = 4;
const maxWatched = 8;
const maxLength = 30;
const maxLengths = 4;
const minShare = 0.8;

/** Looks at the lines at the beginning of a document. */
export function usualRows(
  head: string,
  { dialect }: Pick<DelimitedLayout, 'dialect'>,
  { table, cellIndexes }: TableLayout,
): UsualRows {
  const { delimiter, quoting, header, charactersBeforeRows, carriageReturnsOnly } = dialect;
  const lines = head
    .slice(charactersBeforeRows, charactersBeforeRows + sampleCharacters)
    .split(carriageReturnsOnly ? '\r' : '\n');
  if (head.length > charactersBeforeRows + sampleCharacters) lines.pop();
  const rows = lines
    .map((line) => splitLine(line, delimiter, quoting))
    .filter((cells) => cells.join('').trim() !== '');
  const widths = usualWidths(rows.map((cells) => Math.min(cells.length, header.length)));
  const whole = rows.filter((cells) => widths.has(Math.min(cells.length, header.length)));
  const watched = table.columns.flatMap(({ type }, index) => {
    const cellIndex = cellIndexes[index];
    if (cellIndex === undefined || type.kind !== 'string') return [];
    const usual = usualLengths(whole.map((cells) => cells[cellIndex] ?? ''));
    return usual === undefined ? [] : [{ cellIndex, usual }];
  });
  // The narrowest show most.
  const byLengths = watched.sort((a, b) => bitsOf(a.usual) - bitsOf(b.usual) || a.cellIndex - b.cellIndex);
  return { widths, watched: byLengths.slice(0, maxWatched) };
}

/** The bits of the lengths that nearly all texts have; undefined if there are too many of them. */
function usualLengths(texts: string[]): number | undefined {
  const lengths = texts.filter((text) => text !== '').map((text) => Buffer.byteLength(text));
  if (lengths.length < minRows) return undefined;
  const often = [...countsOf(lengths)].filter(([, count]) => count >= 2 && count >= lengths.length * 0.05);
  const covered = often.reduce((sum, [, count]) => sum + count, 0);
  const isRegular =
    often.length <= maxLengths &&
    covered >= lengths.length * minShare &&
    often.every(([length]) => length <= maxLength);
  return isRegular ? often.reduce((bits, [length]) => bits | (1 << length), 1) : undefined;
}

function bitsOf(usual: number): number {
  return usual.toString(2).replaceAll('0', '').length;
}

/** Counts the watched cells of a row whose length is unusual. */
export function unusualCells(cells: string[], watched: WatchedCell[]): number {
  return watched.filter(({ cellIndex, usual }) => {
    const length = Buffer.byteLength(cells[cellIndex] ?? '');
    return length > maxLength || ((usual >> length) & 1) === 0;
  }).length;
}

function usualWidths(widths: number[]): Set<number> {
  const minCount = Math.max(3, widths.length * 0.2);
  const counts = [...countsOf(widths)];
  const usual = counts.filter(([, count]) => count >= minCount).map(([width]) => width);
  // Of few rows, those that are as wide as most; of equals, the widest.
  const [[mode = 0] = []] = counts.sort(([a, countA], [b, countB]) => countB - countA || b - a);
  return new Set(usual.length > 0 ? usual : [mode]);
}

function countsOf(numbers: number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const each of numbers) counts.set(each, (counts.get(each) ?? 0) + 1);
  return counts;
}
