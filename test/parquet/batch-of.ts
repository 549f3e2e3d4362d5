import assert from 'node:assert/strict';
import * as arrow from 'apache-arrow';
import { readColumnType } from '../../src/schema/column-type.js';
import { unscaledDecimal } from '../../src/schema/decimal.js';
import type { ColumnType, ResolvedColumn } from '../../src/schema/types.js';

export type Value = string | bigint | number | boolean | null;

export function column(name: string, typeText: string): ResolvedColumn {
  const type = readColumnType(typeText);
  assert(type);
  return { name, header: name, type, origin: 'schema' };
}

const arrowTypes: Record<Exclude<ColumnType['kind'], 'decimal'>, arrow.DataType> = {
  string: new arrow.Utf8(),
  list: new arrow.Utf8(),
  json: new arrow.Utf8(),
  int64: new arrow.Int64(),
  float64: new arrow.Float64(),
  bool: new arrow.Bool(),
  date: new arrow.DateDay(),
  timestamp: new arrow.TimestampMicrosecond('UTC'),
};

/** A batch by the contract of the parsers. Dates are days, timestamps microseconds since 1970. */
export function batchOf(columns: ResolvedColumn[], rows: Value[][], firstRow = 1): arrow.RecordBatch {
  const vectors = columns.map(({ type }, index) => {
    const values = rows.map((row) => row[index] ?? null);
    if (type.kind === 'date') return numbersVector(new arrow.DateDay(), Int32Array, values);
    if (type.kind === 'timestamp') return numbersVector(arrowTypes.timestamp, BigInt64Array, values);
    if (type.kind === 'decimal') return decimalsVector(type, values);
    return arrow.vectorFromArray(values as string[], arrowTypes[type.kind] as arrow.Utf8);
  });
  const rowNumbers = arrow.makeVector(BigInt64Array.from(rows, (_, index) => BigInt(firstRow + index)));
  const all = [...vectors, rowNumbers];
  const fields = all.map(({ type }, index) => {
    const name = columns[index]?.name;
    return new arrow.Field(name ?? '_row', type, name !== undefined);
  });
  const struct = new arrow.Struct(fields);
  const children = all.map((vector) => vector.data[0] as arrow.Data);
  return new arrow.RecordBatch(
    new arrow.Schema(fields),
    arrow.makeData({ type: struct, length: rows.length, nullCount: 0, children }),
  );
}

function decimalsVector(
  { scale, precision }: ColumnType & { kind: 'decimal' },
  values: Value[],
): arrow.Vector {
  const words = values.flatMap((value) => {
    const unscaled = value === null ? 0n : unscaledDecimal(String(value), scale);
    return [0, 32, 64, 96].map((shift) => Number(BigInt.asUintN(32, unscaled >> BigInt(shift))));
  });
  return numbersVector(new arrow.Decimal(scale, precision), Uint32Array, values, Uint32Array.from(words));
}

/** Arrow's builders accept dates in milliseconds, ours have microseconds. */
function numbersVector(
  type: arrow.DataType,
  Numbers: typeof Int32Array | typeof BigInt64Array | typeof Uint32Array,
  values: Value[],
  words?: Uint32Array,
): arrow.Vector {
  const zero = Numbers === BigInt64Array ? 0n : 0;
  const data = words ?? (Numbers as typeof Int32Array).from(values.map((value) => (value ?? zero) as number));
  const nullBitmap = new Uint8Array(Math.ceil(values.length / 8));
  for (const [index, value] of values.entries()) {
    if (value !== null) nullBitmap[index >> 3] = (nullBitmap[index >> 3] ?? 0) | (1 << (index & 7));
  }
  const nullCount = values.filter((value) => value === null).length;
  const made = {
    type,
    length: values.length,
    nullCount,
    data,
    nullBitmap,
  } as unknown as arrow.Data<arrow.Int32>;
  return arrow.makeVector(arrow.makeData(made as never)) as arrow.Vector;
}
