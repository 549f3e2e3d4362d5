import { type Data, Field, makeData, RecordBatch, Schema, Struct } from 'apache-arrow';
import type { ResolvedColumn } from '../../schema/types.js';
import { noNulls } from './null-bitmap.js';
import { NullableValues } from './nullable-values.js';
import { openSink } from './value-sinks.js';
import type { Value } from '../values/values.js';

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
