import assert from 'node:assert/strict';
import * as arrow from 'apache-arrow';
import { readColumnType } from '../../src/schema/column-type.js';
import { unscaledDecimal } from '../../src/schema/decimal.js';
import type { ColumnType, ResolvedColumn } from '../../src/schema/types.js';
import { bitmapOf } from '../kernel/kernel-memory.js';

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
    if (type.kind === 'date') return datesVector(values);
    if (type.kind === 'timestamp') return timestampsVector(values);
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

/** The number of values, and which are null. */
function validityOf(values: Value[]) {
  return {
    length: values.length,
    nullCount: values.filter((value) => value === null).length,
    nullBitmap: bitmapOf(values.map((value) => value !== null)),
  };
}

/** Arrow's builders accept dates in milliseconds, ours have days. */
function datesVector(values: Value[]): arrow.Vector {
  const data = Int32Array.from(values, (value) => Number(value ?? 0));
  return arrow.makeVector(arrow.makeData({ type: new arrow.DateDay(), data, ...validityOf(values) }));
}

/** Arrow's builders accept timestamps in milliseconds, ours have microseconds. */
function timestampsVector(values: Value[]): arrow.Vector {
  const data = BigInt64Array.from(values, (value) => BigInt(value ?? 0));
  const type = new arrow.TimestampMicrosecond('UTC');
  return arrow.makeVector(arrow.makeData({ type, data, ...validityOf(values) }));
}

function decimalsVector(
  { scale, precision }: ColumnType & { kind: 'decimal' },
  values: Value[],
): arrow.Vector {
  const words = values.flatMap((value) => {
    const unscaled = value === null ? 0n : unscaledDecimal(String(value), scale);
    return [0, 32, 64, 96].map((shift) => Number(BigInt.asUintN(32, unscaled >> BigInt(shift))));
  });
  const type = new arrow.Decimal(scale, precision);
  const data = Uint32Array.from(words);
  return arrow.makeVector(arrow.makeData({ type, data, ...validityOf(values) }));
}
