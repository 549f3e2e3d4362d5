import type { RecordBatch } from 'apache-arrow';
import type { Kernel } from '../../../kernel/kernel.js';
import type { ResolvedColumn } from '../../../schema/types.js';
import { openBreaks } from '../../../runtime/breaks.js';
import { recordBatch } from '../../batches/batch-builder.js';
import { Evidence } from '../../values/evidence.js';
import { noNulls } from '../../batches/nulls.js';
import type { Reject } from '../../types.js';
import { openSink } from '../../batches/value-sinks.js';
import { rulesOf, type ValueRules } from '../../values/values.js';
import { nullData } from '../../batches/nulls.js';
import { Column } from './column.js';
import { type CellForm, cellsOf, maxRowsTogether, type Rows } from '../rows.js';

export interface RowGroupOptions {
  kernel: Kernel;
  columns: ResolvedColumn[];
  /**
   * For each column the index of its cell in a row, from the left; undefined if the document lacks
   * it.
   */
  cellIndexes: (number | undefined)[];
  form: CellForm;
  rules: ValueRules;
  /** Receives what the values show. */
  evidence: Evidence;
  /** Whether what columns that no schema knows show is counted where their types are inferred. */
  isInferredApart?: boolean;
  /** Indexes of cells that are assumed to be empty in all rows. */
  emptyCells: number[];
}

/** A batch is a row group of this many rows; fewer if rows are wide or their text is long. */
const maxRows = 122_880;
const maxCells = 4_000_000;
const maxTextBytes = 16 * 1024 * 1024;

/** Collects rows into batches, one row group after the other in the same memory. */
export class RowGroupBuilder {
  /** Of the cells assumed to be empty, those that are not. */
  readonly filledCells = new Set<number>();
  rejects: Reject[] = [];
  textBytes = 0;
  private readonly columns: (Column | undefined)[];
  private readonly numbers = openSink({ kind: 'int64' });
  private readonly rowLimit: number;
  /** Rows that may be added at once. */
  readonly maxRowsTogether: number;

  constructor(private readonly options: RowGroupOptions) {
    const { columns, cellIndexes, evidence, isInferredApart, ...rest } = options;
    this.rowLimit = Math.max(1, Math.min(maxRows, Math.floor(maxCells / columns.length)));
    this.maxRowsTogether = Math.min(maxRowsTogether, this.rowLimit);
    this.columns = columns.map((column, index) => {
      const cellIndex = cellIndexes[index];
      if (cellIndex === undefined) return undefined;
      const isApart = isInferredApart && column.origin !== 'schema';
      const shown = (isApart ? new Evidence() : evidence).of(column.name);
      const own = { rules: rulesOf(rest.rules, column.name), evidence: shown };
      return new Column({ ...rest, ...own, column, cellIndex });
    });
  }

  get rows(): number {
    return this.numbers.length;
  }

  isFull(): boolean {
    return this.rows >= this.rowLimit || this.textBytes >= maxTextBytes;
  }

  isEmpty(): boolean {
    return this.rows === 0 && this.rejects.length === 0;
  }

  /** Adds rows and returns what is rejected of them. */
  add(rows: Rows): Reject[] {
    const { emptyCells, form, kernel } = this.options;
    for (const cellIndex of emptyCells) {
      if (kernel.calls.hasContent(...cellsOf(rows, cellIndex, form))) this.filledCells.add(cellIndex);
    }
    const found = [...rows.rejects];
    for (const column of this.columns) column?.add(rows, found);
    for (let row = 0; row < rows.count; row += 1) this.numbers.pushInteger(rows.numbers[row] as number);
    if (found.length > 0) this.rejects.push(...this.inOrder(found));
    return found;
  }

  /** The rows added since `clear`, valid until the next one. */
  async batch(): Promise<RecordBatch> {
    const takeBreak = openBreaks();
    const finished: (ReturnType<Column['finish']> | undefined)[] = [];
    for (const column of this.columns) {
      finished.push(column?.finish());
      const pause = takeBreak();
      if (pause) await pause;
    }
    // From here on nothing may be allocated in the kernel: that would invalidate the views.
    const children = finished.map((data) => data?.() ?? nullData(this.rows));
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
    const indexes = new Map(this.options.columns.map(({ name }, index) => [name, index]));
    const indexOf = ({ column }: Reject) => (column === null ? -1 : (indexes.get(column) ?? -1));
    return rejects.sort((a, b) => a.row - b.row || indexOf(a) - indexOf(b));
  }
}
