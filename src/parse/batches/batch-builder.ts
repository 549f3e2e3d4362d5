import { type Data, Field, makeData, RecordBatch, Schema, Struct } from 'apache-arrow';
import type { ColumnType, ResolvedColumn } from '../../schema/types.js';
import { NullBitmap, noNulls } from './nulls.js';
import { openSink, type ValueSink } from './value-sinks.js';
import type { Value } from '../types.js';

/** Collects the rows of one table into Arrow batches: the columns in order, then `_row`. */
export class BatchBuilder {
  private values: NullableValues[] = [];
  private rowNumbers = openSink({ kind: 'int64' });

  constructor(private readonly columns: ResolvedColumn[]) {
    this.begin();
  }

  get length(): number {
    return this.rowNumbers.length;
  }

  /** Adds a row with one cell per column. */
  add(rowNumber: number, cells: (Value | null)[]): void {
    this.rowNumbers.pushInteger(rowNumber);
    this.values.forEach((values, index) => {
      values.push(cells[index] ?? undefined);
    });
  }

  /** Returns the rows added since the last batch. */
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

/** A batch of these columns, with `_row` as the last one. */
export function recordBatch(names: string[], children: Data[]): RecordBatch {
  const fields = children.map(
    ({ type }, index) => new Field(names[index] ?? '_row', type, index < names.length),
  );
  const length = children.at(-1)?.length ?? 0;
  const struct = makeData({ type: new Struct(fields), length, nullCount: 0, children });
  return new RecordBatch(new Schema(fields), struct);
}

/** Collects the values of one column, including nulls, into an Arrow array. */
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

  /** In memory of its own, valid until `clear`. */
  data(): Data {
    return this.sink.data(this.nulls.nulls());
  }

  /** Forgets all values and keeps the memory. */
  clear(): void {
    this.sink.clear();
    this.nulls.clear();
  }
}
