import type { RecordBatch } from 'apache-arrow';
import type { Kernel } from '../../../kernel/kernel.js';
import type { ResolvedColumn } from '../../../schema/types.js';
import { recordBatch } from '../../batches/batch-builder.js';
import { Evidence } from '../../values/evidence.js';
import { noNulls } from '../../batches/nulls.js';
import type { Reject } from '../../types.js';
import { openSink } from '../../batches/value-sinks.js';
import type { ValueRules } from '../../values/values.js';
import { nullData } from '../../batches/nulls.js';
import { Column } from './column.js';
import { type CellForm, cellsOf, mostRowsTogether, type Rows } from '../rows.js';

export interface RowGroupOptions {
  kernel: Kernel;
  columns: ResolvedColumn[];
  /** For each column its cell in a row, from the left; undefined for one that the document lacks. */
  places: (number | undefined)[];
  form: CellForm;
  rules: ValueRules;
  /** Cells that are assumed to be empty in all rows. */
  emptyPlaces: number[];
}

/** A batch is a row group: that many rows, or less where rows are wide or long. */
const mostRows = 122_880;
const mostCells = 4_000_000;
const mostTextBytes = 16 * 1024 * 1024;

/** Rows on their way into batches, one row group after the other in the same memory. */
export class RowGroupBuilder {
  readonly evidence = new Evidence();
  /** Of the places assumed to be empty those that are not. */
  readonly filledPlaces = new Set<number>();
  rejects: Reject[] = [];
  textBytes = 0;
  private readonly columns: (Column | undefined)[];
  private readonly numbers = openSink({ kind: 'int64' });
  private readonly rowLimit: number;
  /** Rows that may be added at once. */
  readonly rowsTogether: number;

  constructor(private readonly options: RowGroupOptions) {
    const { columns, places, ...rest } = options;
    const { evidence } = this;
    this.rowLimit = Math.max(1, Math.min(mostRows, Math.floor(mostCells / columns.length)));
    this.rowsTogether = Math.min(mostRowsTogether, this.rowLimit);
    this.columns = columns.map((column, index) => {
      const place = places[index];
      return place === undefined ? undefined : new Column({ ...rest, column, place, evidence });
    });
  }

  get rows(): number {
    return this.numbers.length;
  }

  isFull(): boolean {
    return this.rows >= this.rowLimit || this.textBytes >= mostTextBytes;
  }

  isEmpty(): boolean {
    return this.rows === 0 && this.rejects.length === 0;
  }

  add(rows: Rows): void {
    const { emptyPlaces, form, kernel } = this.options;
    for (const place of emptyPlaces) {
      if (kernel.calls.hasContent(...cellsOf(rows, place, form))) this.filledPlaces.add(place);
    }
    const found = [...rows.rejects];
    for (const column of this.columns) column?.add(rows, found);
    for (let row = 0; row < rows.count; row += 1) this.numbers.pushInteger(rows.numbers[row] as number);
    if (found.length > 0) this.rejects.push(...this.inOrder(found));
  }

  /** The rows added since `clear`; good until then. */
  batch(): RecordBatch {
    const settled = this.columns.map((column) => column?.settle());
    // From here on nothing is allocated in the kernel, whose views would be void.
    const children = settled.map((data) => data?.() ?? nullData(this.rows));
    children.push(this.numbers.data(noNulls));
    return recordBatch(
      this.options.columns.map(({ name }) => name),
      children,
    );
  }

  clear(): void {
    this.textBytes = 0;
    this.rejects = [];
    this.numbers.clear();
    for (const column of this.columns) column?.clear();
  }

  /** By row, then by column: they were found column by column. */
  private inOrder(rejects: Reject[]): Reject[] {
    const places = new Map(this.options.columns.map(({ name }, index) => [name, index]));
    const place = ({ column }: Reject) => (column === null ? -1 : (places.get(column) ?? -1));
    return rejects.sort((a, b) => a.row - b.row || place(a) - place(b));
  }
}
