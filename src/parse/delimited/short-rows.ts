import { warning } from '../../errors/warnings.js';
import type { Findings } from '../../schema/findings.js';
import { pluralize } from '../../text/pluralize.js';

const maxNumbers = 5;

/** Counts rows with fewer cells than the header. */
export class ShortRows {
  private rows = 0;
  private short = 0;
  private readonly first: number[] = [];
  private width: number | undefined;
  private isEven = true;

  constructor(private readonly headerCells: number) {}

  /** Adds rows that have all cells. */
  addWhole(rows: number): void {
    this.rows += rows;
  }

  add(row: number, cells: number): void {
    if (cells >= this.headerCells) return this.addWhole(1);
    this.rows += 1;
    this.short += 1;
    if (this.first.length < maxNumbers) this.first.push(row);
    this.width ??= cells;
    this.isEven &&= cells === this.width;
  }

  /** A note if most rows lack cells, as trailing empty ones may be left out; else a warning. */
  findings(): Required<Pick<Findings, 'notes' | 'warnings'>> {
    const { rows, short, first, width = 0, headerCells } = this;
    if (short === 0) return { notes: [], warnings: [] };
    if (short === rows && this.isEven) {
      const lacking = pluralize(headerCells - width, 'cell');
      return { notes: [`all rows have ${lacking} fewer than the header`], warnings: [] };
    }
    // A writer that leaves out empty cells at the end does so in many rows.
    if (short * 2 > rows) {
      const note = `${short} of ${rows} rows have fewer cells than the header, as if empty ones were left out`;
      return { notes: [note], warnings: [] };
    }
    const which = `${first.length === 1 ? 'row' : 'rows'} ${first.join(', ')}${short > first.length ? ', …' : ''}`;
    const found = `${short} of ${pluralize(rows, 'row')} ${short === 1 ? 'has' : 'have'} fewer cells than the header: ${which}`;
    return { notes: [], warnings: [warning('ROWS_SHORT', { found })] };
  }
}
