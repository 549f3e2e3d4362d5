import type { Kernel } from '../../../kernel/kernel.js';
import { withoutOuterQuotes } from '../../delimited/dialect.js';
import { type CandidateKind, Candidates } from '../../delimited/misplaced/candidates.js';
import type { NumberedRow } from '../../delimited/misplaced/find-misplaced.js';
import { isShort, type RowReading } from '../../delimited/misplaced/misplaced-rows.js';
import { minUnusualCells } from '../../delimited/misplaced/usual-lengths.js';
import type { Reject } from '../../types.js';
import { type CellForm, cellsOf, cellText, maxRowsTogether, type Rows } from '../rows.js';

/**
 * Collects the rows of a document that are worth a closer look, as `misplacedRows` does: too short,
 * with values that are not of their type, or with several texts of unusual length.
 */
export class CandidateRows {
  private readonly candidates = new Candidates();
  private rowCount = 0;
  private readonly counts: number;

  constructor(
    private readonly kernel: Kernel,
    private readonly reading: RowReading,
    private readonly form: CellForm,
  ) {
    this.counts = kernel.calls.allocate(maxRowsTogether);
  }

  /** `rejects`: what was rejected of these rows. */
  add(rows: Rows, rejects: Reject[]): void {
    const { headers, usual } = this.reading;
    this.rowCount += rows.count;
    const found = new Map<number, CandidateKind>();
    if (this.candidates.takes('unusual')) this.addUnusual(rows, found);
    const cellsOfShort = new Map(rows.short?.map(({ index, cells }) => [index, cells]));
    for (const [index, cells] of cellsOfShort) {
      if (isShort(cells, headers.length, usual)) found.set(index, 'odd');
    }
    for (const { row, column } of rejects) {
      if (column !== null) found.set(indexOf(rows, row), 'odd');
    }
    for (const [index, kind] of [...found].sort(([a], [b]) => a - b)) {
      if (!this.candidates.takes(kind)) continue;
      const cells = Array.from({ length: cellsOfShort.get(index) ?? headers.length }, (_, cell) => {
        const text = cellText(rows, index, cell);
        return this.form === 'outer quotes' ? withoutOuterQuotes(text) : text;
      });
      this.candidates.add(kind, { row: rows.numbers[index] as number, cells });
    }
  }

  /** The rows to look at, once all rows were added. */
  rows(): NumberedRow[] {
    return this.candidates.rows(this.rowCount);
  }

  private addUnusual(rows: Rows, found: Map<number, CandidateKind>): void {
    const { watched } = this.reading.usual;
    if (watched.length < minUnusualCells) return;
    const { kernel, counts, form } = this;
    kernel.bytes(counts, rows.count).fill(0);
    let max = 0;
    for (const { cellIndex, usual } of watched) {
      max = Math.max(max, kernel.calls.countUnusual(...cellsOf(rows, cellIndex, form), usual, counts));
    }
    if (max < minUnusualCells) return;
    kernel.bytes(counts, rows.count).forEach((count, index) => {
      if (count >= minUnusualCells) found.set(index, 'unusual');
    });
  }
}

/** The index of a row by its number; numbers ascend. */
function indexOf({ numbers, count }: Rows, row: number): number {
  let [low, high] = [0, count - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] as number) < row) low = middle + 1;
    else high = middle;
  }
  return low;
}
