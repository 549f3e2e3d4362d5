import {
  Bool,
  type Data,
  type DataType,
  DateDay,
  Field,
  Float64,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  TimestampMicrosecond,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import type { ColumnType, ResolvedColumn } from '../schema/types.js';
import type { Value } from './values.js';

type Cell = Value | null;

/** Collects rows of one table and makes them into Arrow batches: the columns in order, then `_row`. */
export class BatchBuilder {
  private readonly schema: Schema;
  private values: Cell[][];
  private rowNumbers: bigint[] = [];

  constructor(private readonly columns: ResolvedColumn[]) {
    const fields = columns.map(({ name, type }) => new Field(name, arrowTypes[type.kind](), true));
    this.schema = new Schema([...fields, new Field('_row', new Int64(), false)]);
    this.values = columns.map(() => []);
  }

  get length(): number {
    return this.rowNumbers.length;
  }

  /** Adds a row: one cell for each column. */
  add(rowNumber: number, cells: Cell[]): void {
    this.rowNumbers.push(BigInt(rowNumber));
    for (let index = 0; index < this.values.length; index += 1)
      this.values[index]?.push(cells[index] ?? null);
  }

  /** The rows added since the last batch. */
  take(): RecordBatch {
    const { length } = this;
    const children = this.columns.map(({ type }, index) => columnData(type.kind, this.values[index] ?? []));
    children.push(
      makeData({ type: new Int64(), length, nullCount: 0, data: BigInt64Array.from(this.rowNumbers) }),
    );
    const batch = new RecordBatch(
      this.schema,
      makeData({ type: new Struct(this.schema.fields), length, nullCount: 0, children }),
    );
    this.values = this.columns.map(() => []);
    this.rowNumbers = [];
    return batch;
  }
}

const arrowTypes: Record<ColumnType['kind'], () => DataType> = {
  string: () => new Utf8(),
  json: () => new Utf8(),
  decimal: () => new Utf8(),
  int64: () => new Int64(),
  float64: () => new Float64(),
  bool: () => new Bool(),
  date: () => new DateDay(),
  timestamp: () => new TimestampMicrosecond('UTC'),
};

function columnData(kind: ColumnType['kind'], values: Cell[]): Data {
  const { length } = values;
  const { nullBitmap, nullCount } = nullsOf(values);
  const common = { length, nullCount, nullBitmap };
  switch (kind) {
    case 'int64':
      return makeData({
        type: new Int64(),
        ...common,
        data: BigInt64Array.from(values, (value) => (value ?? 0n) as bigint),
      });
    case 'timestamp':
      return makeData({
        type: new TimestampMicrosecond('UTC'),
        ...common,
        data: BigInt64Array.from(values, (value) => (value ?? 0n) as bigint),
      });
    case 'date':
      return makeData({
        type: new DateDay(),
        ...common,
        data: Int32Array.from(values, (value) => (value ?? 0) as number),
      });
    case 'float64':
      return makeData({
        type: new Float64(),
        ...common,
        data: Float64Array.from(values, (value) => (value ?? 0) as number),
      });
    case 'bool':
      return makeData({ type: new Bool(), ...common, data: bitmapOf(values, (value) => value === true) });
    case 'string':
    case 'json':
    case 'decimal':
      return vectorFromArray(values as (string | null)[], new Utf8()).data[0] as Data;
  }
}

function nullsOf(values: Cell[]): { nullBitmap: Uint8Array | null; nullCount: number } {
  const nullCount = values.reduce((count: number, value) => (value === null ? count + 1 : count), 0);
  return { nullCount, nullBitmap: nullCount > 0 ? bitmapOf(values, (value) => value !== null) : null };
}

/** Arrow's bitmaps: the first value in the lowest bit of the first byte. */
function bitmapOf(values: Cell[], isSet: (value: Cell) => boolean): Uint8Array {
  const bitmap = new Uint8Array(Math.ceil(values.length / 8));
  values.forEach((value, index) => {
    if (isSet(value)) bitmap[index >> 3] = (bitmap[index >> 3] ?? 0) | (1 << (index & 7));
  });
  return bitmap;
}
