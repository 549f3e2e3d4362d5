import type { Data } from 'apache-arrow';
import type { ColumnType } from '../../schema/types.js';
import { NullBitmap } from './null-bitmap.js';
import { openSink, type ValueSink } from './value-sinks.js';
import type { Value } from '../values/values.js';

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
