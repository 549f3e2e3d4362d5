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
  /** The longest header, if a header line among the rows has no value that is not of its type. */
  private readonly longest: { index: number; bytes: Buffer } | undefined;

  constructor(
    private readonly kernel: Kernel,
    private readonly reading: RowReading,
    private readonly form: CellForm,
  ) {
    this.counts = kernel.calls.allocate(maxRowsTogether);
    const isText = reading.columns.every((column) => !column || !isTyped(column.type.kind));
    this.longest = isText ? headerOfMaxLength(reading.headers) : undefined;
  }

  /** `rejects`: what was rejected of these rows. */
  add(rows: Rows, rejects: Reject[]): void {
    const { headers, usual } = this.reading;
    this.rowCount += rows.count;
    const found = new Map<number, CandidateKind>();
    if (this.candidates.takes('unusual')) this.addUnusual(rows, found);
    if (this.longest) this.addHeaders(rows, this.longest, found);
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

  /** Adds rows that have the longest header in its column: they may be the header line again. */
  private addHeaders(
    { slab, marks, first, count }: Rows,
    { index, bytes }: { index: number; bytes: Buffer },
    found: Map<number, CandidateKind>,
  ): void {
    if (bytes.length === 0 || count === 0) return;
    const firsts = this.kernel.int32(first, count);
    const all = this.kernel.int32(marks, (firsts[count - 1] as number) + index + 2);
    const text = slab.bytes();
    for (let row = 0; row < count; row += 1) {
      const mark = (firsts[row] as number) + index;
      const from = (all[mark] as number) + 1;
      const end = all[mark + 1] as number;
      const surplus = end - from - bytes.length;
      // A quote may be around the header, and blanks or a byte order mark before it.
      if (surplus < 0 || surplus > maxAroundHeader) continue;
      const cell = Buffer.from(text.buffer, text.byteOffset + from, end - from);
      if (cell.includes(bytes)) found.set(row, 'odd');
    }
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

const maxAroundHeader = 8;

function isTyped(kind: string): boolean {
  return ['int64', 'decimal', 'float64', 'bool', 'date', 'timestamp'].includes(kind);
}

function headerOfMaxLength(headers: string[]): { index: number; bytes: Buffer } {
  const bytes = headers.map((header) => Buffer.from(header.trim()));
  const index = bytes.reduce((best, each, at) => (each.length > (bytes[best]?.length ?? 0) ? at : best), 0);
  return { index, bytes: bytes[index] ?? Buffer.alloc(0) };
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
