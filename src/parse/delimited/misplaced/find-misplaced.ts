import type { ResolvedColumn } from '../../../schema/types.js';
import type { ValueRules } from '../../values/values.js';
import { ColumnProfile } from './column-profile.js';
import { shiftOf } from './shifted-cells.js';

/** A row with its number in the document, from 1. */
export interface NumberedRow {
  row: number;
  cells: string[];
}

/** What the rows are judged by. */
export interface RowLayout {
  headers: string[];
  /** The column of each cell; undefined if the table has none. */
  columns: (ResolvedColumn | undefined)[];
  rules: ValueRules;
  /** The numbers of cells that many rows have. */
  usualWidths: Set<number>;
}

/** Profiles are learned from this many rows at the beginning of a document. */
export const maxLearnedRows = 1000;

/** Rows that look shifted leave the profiles, which then show more. */
const maxRounds = 3;

/** Whether a row is the header once more, with or without a byte order mark. */
export function repeatsHeader(cells: string[], headers: string[]): boolean {
  if (cells.length !== headers.length) return false;
  const named = headers.filter((header) => header.trim() !== '').length;
  // The value of a single column may be the same as its name.
  return named > 1 && cells.every((cell, index) => plain(cell) === plain(headers[index] ?? ''));
}

function plain(cell: string): string {
  return cell.replace(/^\ufeff/, '').trim();
}

/** A row this much less likely than the others is none. */
const minGain = 9;

/**
 * Finds rows whose cells are not in the columns that they belong to, among the candidates: rows
 * with too few cells, with values that are not of their type, or with unusual texts. Returns why
 * each of them is rejected, by row number.
 *
 * @param learned The first rows of the document, candidates included.
 * @param candidates In their order.
 */
export function findMisplaced(
  learned: NumberedRow[],
  candidates: NumberedRow[],
  layout: RowLayout,
): Map<number, string> {
  let found = new Map<number, string>();
  if (candidates.length === 0) return found;
  const suspects = new Set(candidates.map(({ row }) => row));
  const wide = learned.filter(({ cells }) => layout.usualWidths.has(cells.length));
  const sound = wide.filter(({ row }) => !suspects.has(row));
  let models = sound.length >= Math.max(2, wide.length * 0.3) ? sound : wide;
  for (let round = 0; round < maxRounds; round += 1) {
    const before = found;
    found = new Judge(models, layout).judge(candidates, learned);
    const isSame = found.size === before.size && [...found.keys()].every((row) => before.has(row));
    if (found.size === 0 || isSame) break;
    const rest = models.filter(({ row }) => !found.has(row));
    if (rest.length < 2) break;
    models = rest;
  }
  return new Map([...found].sort(([a], [b]) => a - b));
}

class Judge {
  private readonly profiles: ColumnProfile[];
  private readonly models: Set<number>;
  /** How likely a usual row is. */
  private readonly usual: number;

  constructor(
    models: NumberedRow[],
    private readonly layout: RowLayout,
  ) {
    this.profiles = layout.columns.map((column) => new ColumnProfile(column, layout.rules));
    for (const { cells } of models)
      for (const [index, profile] of this.profiles.entries()) profile.add(cells[index] ?? '');
    this.models = new Set(models.map(({ row }) => row));
    // Of very few rows, each looks unlike the others.
    const minOthers = 3;
    const isLearned = models.length > minOthers ? undefined : 0;
    const sum = models.reduce((total, row) => total + this.fit(row, isLearned), 0);
    this.usual = models.length > 0 ? sum / models.length : 0;
  }

  judge(candidates: NumberedRow[], learned: NumberedRow[]): Map<number, string> {
    const found = new Map<number, string>();
    const byNumber = new Map([...learned, ...candidates].map((row) => [row.row, row]));
    candidates.forEach((candidate, index) => {
      if (found.has(candidate.row)) return;
      if (repeatsHeader(candidate.cells, this.layout.headers)) {
        found.set(candidate.row, 'it is the header line again, as if several documents were joined');
        return;
      }
      const pieces = this.piecesOf(candidates, index);
      if (pieces.length > 0) {
        const reason = `a line break inside a cell cut the row into the lines of rows ${pieces[0]?.row} to ${pieces.at(-1)?.row}`;
        for (const { row } of pieces) found.set(row, reason);
        return;
      }
      if (this.isFragment(candidate)) {
        found.set(
          candidate.row,
          'a single cell: a line break may have cut it from the row before it or after it',
        );
        return;
      }
      if (this.fit(candidate) > this.usual - minGain / 2) return;
      const shift = shiftOf(candidate.cells, this.profiles, this.learnedFrom(candidate));
      if (!shift) return;
      found.set(candidate.row, this.reasonOf(shift, candidate));
      const before = byNumber.get(candidate.row - 1);
      if (
        shift.by === 1 &&
        shift.from === 0 &&
        before &&
        !found.has(before.row) &&
        this.endsWithNext(before)
      ) {
        found.set(before.row, 'its last cell belongs to the next row');
      }
    });
    return found;
  }

  /** The rows from a candidate on that are one row together, cut by line breaks in cells. */
  private piecesOf(candidates: NumberedRow[], index: number): NumberedRow[] {
    const width = this.layout.headers.length;
    const first = candidates[index] as NumberedRow;
    const pieces: NumberedRow[] = [];
    let cells = 1;
    for (const piece of candidates.slice(index)) {
      const isNext = piece.row === first.row + pieces.length;
      if (!isNext || piece.cells.length >= width || cells + piece.cells.length - 1 > width) break;
      pieces.push(piece);
      cells += piece.cells.length - 1;
      if (cells === width && pieces.length > 1) return this.areOne(pieces) ? pieces : [];
    }
    return [];
  }

  private areOne(pieces: NumberedRow[]): boolean {
    const joined: string[] = [];
    const seams: number[] = [];
    for (const { cells } of pieces) {
      if (joined.length === 0) {
        joined.push(...cells);
        continue;
      }
      seams.push(joined.length - 1);
      joined.push(`${joined.pop() ?? ''}\n${cells[0] ?? ''}`, ...cells.slice(1));
    }
    // A text with a line break looks like no other.
    const fitOfSeam = -2;
    let asOne = 0;
    let misfits = 0;
    joined.forEach((text, index) => {
      const profile = this.profiles[index] as ColumnProfile;
      if (profile.isMisfit(text)) misfits += 1;
      asOne += seams.includes(index) && !profile.isMisfit(text) ? fitOfSeam : profile.fit(text, 0);
    });
    const apart = pieces.reduce((sum, piece) => sum + this.fit(piece) - this.usual, 0);
    const gain = asOne - this.usual - apart;
    const misfitsApart = pieces.reduce((sum, { cells }) => sum + this.misfits(cells), 0);
    return misfits < misfitsApart ? gain > 0 : misfits === 0 && gain >= minGain;
  }

  /** A row of one cell in a wide table whose other rows have more. */
  private isFragment({ cells, row }: NumberedRow): boolean {
    const minWidth = 3;
    if (cells.length > 1 || this.layout.headers.length < minWidth) return false;
    return this.fit({ cells, row }) - this.usual <= -minGain / 2;
  }

  private endsWithNext(row: NumberedRow): boolean {
    const last = this.layout.headers.length - 1;
    const text = row.cells[last] ?? '';
    const [first, own] = [this.profiles[0], this.profiles[last]];
    if (text === '' || !first || !own) return false;
    return first.fit(text, 0) - own.fit(text, this.learnedFrom(row)) >= minGain / 4;
  }

  private fit(row: NumberedRow, learned = this.learnedFrom(row)): number {
    return this.profiles.reduce(
      (sum, profile, index) => sum + profile.fit(row.cells[index] ?? '', learned),
      0,
    );
  }

  private misfits(cells: string[]): number {
    return cells.filter((text, index) => this.profiles[index]?.isMisfit(text)).length;
  }

  private learnedFrom({ row }: NumberedRow): 0 | 1 {
    return this.models.has(row) ? 1 : 0;
  }

  private reasonOf(
    { by, from, to }: { by: number; from: number; to: number },
    { cells }: NumberedRow,
  ): string {
    const { headers } = this.layout;
    const until =
      to < Math.min(cells.length, headers.length - Math.max(by, 0)) ? ` to "${headers[to - 1]}"` : ' on';
    const distance = Math.abs(by) === 1 ? '1 column' : `${Math.abs(by)} columns`;
    return `cells from "${headers[from]}"${until} belong ${distance} further ${by > 0 ? 'right' : 'left'}`;
  }
}
