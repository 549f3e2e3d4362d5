import { type Data, Field, makeData, RecordBatch, Schema, Struct } from 'apache-arrow';
import type { ColumnType, ResolvedColumn } from '../../schema/types.js';
import { NullBitmap, noNulls } from './nulls.js';
import { openSink, type ValueSink } from './value-sinks.js';
import type { Value } from '../types.js';

/** Collects rows of one table and makes them into Arrow batches: the columns in order, then `_row`. */
export class BatchBuilder {
  private values: NullableValues[] = [];
  private rowNumbers = openSink({ kind: 'int64' });

  constructor(private readonly columns: ResolvedColumn[]) {
    this.begin();
  }

  get length(): number {
    return this.rowNumbers.length;
  }

  /** Adds a row: one cell for each column. */
  add(rowNumber: number, cells: (Value | null)[]): void {
    this.rowNumbers.pushInteger(rowNumber);
    this.values.forEach((values, index) => {
      values.push(cells[index] ?? undefined);
    });
  }

  /** The rows added since the last batch. */
  take(): RecordBatch {
    const children = this.values.map((values) => values.data());
    children.push(this.rowNumbers.data(noNulls));
    this.begin();
    return recordBatch(
      this.columns.map(({ name }) => name),
      children,
    );
  }

  private begin(): void {
    this.values = this.columns.map(({ type }) => new NullableValues(type));
    this.rowNumbers = openSink({ kind: 'int64' });
  }
}

/** A batch of these columns, and `_row` as the last. */
export function recordBatch(names: string[], children: Data[]): RecordBatch {
  const fields = children.map(
    ({ type }, index) => new Field(names[index] ?? '_row', type, index < names.length),
  );
  const length = children.at(-1)?.length ?? 0;
  const struct = makeData({ type: new Struct(fields), length, nullCount: 0, children });
  return new RecordBatch(new Schema(fields), struct);
}

/** The values of one column on their way into an Arrow array, some of them null. */
export class NullableValues {
  readonly sink: ValueSink;
  readonly nulls = new NullBitmap();

  constructor(type: ColumnType) {
    this.sink = openSink(type);
  }

  /** Undefined is null. */
  push(value: Value | undefined): void {
    this.sink.push(value);
    this.nulls.add(value !== undefined);
  }

  /** In memory of its own, good until it is cleared. */
  data(): Data {
    return this.sink.data(this.nulls.nulls());
  }

  /** Forgets all values, and keeps the memory. */
  clear(): void {
    this.sink.clear();
    this.nulls.clear();
  }
}
