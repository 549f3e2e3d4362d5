import type { Kernel } from '../../../kernel/kernel.js';
import type { ReadableDocument } from '../../../source/types.js';
import type { DelimitedDialect } from '../../delimited/dialect.js';
import type { Rows } from '../rows.js';
import { readSlabs, type Slab } from '../slab.js';

/** Cuts slabs into rows, in order. */
export abstract class RowCutter {
  /** Cells of the header. */
  protected readonly width: number;
  protected readonly delimiter: number;
  /** Room behind the marks of a slab for those of short rows, which are filled up to the width. */
  protected readonly padding: number;
  /** Addresses in the kernel, and row numbers; see `Rows`. */
  protected marks: number;
  protected readonly first: number;
  protected readonly numbers: Float64Array;
  protected rowNumber = 0;

  constructor(
    protected readonly kernel: Kernel,
    protected readonly dialect: DelimitedDialect,
    protected readonly maxRowsTogether: number,
    /** Why rows are rejected, by row number. */
    protected readonly misplaced: ReadonlyMap<number, string>,
  ) {
    this.width = dialect.header.length;
    this.delimiter = dialect.delimiter.charCodeAt(0);
    this.padding = Math.max(this.width + 1, 1 << 12);
    this.marks = kernel.calls.allocate(4);
    this.first = kernel.calls.allocate(maxRowsTogether * 4);
    this.numbers = new Float64Array(maxRowsTogether);
  }

  /**
   * All rows of a document in portions. The memory of a portion is reused for the next. `onRead` is
   * called with the bytes of each piece of text after its rows.
   * Errors: ReadAgain<ParseHint>.
   */
  async *cutAll(
    document: ReadableDocument,
    onRead: (bytes: number) => void = () => {},
  ): AsyncGenerator<Rows> {
    for await (const slab of readSlabs(this.kernel, document)) {
      yield* this.cut(slab);
      onRead(slab.length);
    }
    yield* this.end();
  }

  /** The rows of a slab in portions. */
  protected abstract cut(slab: Slab): Iterable<Rows>;

  /** What follows the rows of the last slab. */
  protected abstract end(): Iterable<Rows>;

  protected noRows(slab: Slab): Rows {
    const { marks, first, numbers } = this;
    return { slab, marks, first, numbers, count: 0, rejects: [], short: [] };
  }

  /** Adds the current row, whose cells begin behind this mark. */
  protected addRowAt(rows: Rows, mark: number): void {
    this.kernel.int32(this.first + rows.count * 4, 1)[0] = mark;
    this.numbers[rows.count] = this.rowNumber;
    rows.count += 1;
  }

  /** Rejects the current row as a whole. */
  protected reject(rows: Rows, raw: string, reason: string): void {
    rows.rejects.push({ row: this.rowNumber, column: null, raw, reason });
  }
}
