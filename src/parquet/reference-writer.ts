import type { Decimal, RecordBatch, Vector } from 'apache-arrow';
import type { Field } from 'parquetjs-lite';
import { canonicalDecimal } from '../schema/decimal.js';
import type { ColumnType } from '../schema/types.js';
import { openParquetFile } from './parquet-file.js';
import type { ParquetWriter, ParquetWriterOptions } from './types.js';

/**
 * Opens the reference engine's writer, which writes batches into a Parquet file. The library has no
 * decimals, so they are written as text and cast by the load. All other types are native and exact.
 * Errors: PARQUET_FAILED, DISK_FULL.
 */
export async function openReferenceWriter(
  options: ParquetWriterOptions & {
    /** Number of rows held in memory until they are written. */
    rowGroupRows?: number;
  },
): Promise<ParquetWriter> {
  const { columns, ...rest } = options;
  const fields: Record<string, Field> = {};
  for (const { name, type } of columns) fields[name] = { type: fieldTypes[type.kind], optional: true };
  fields._row = { type: 'INT64' };
  const file = await openParquetFile({ ...rest, fields });
  const readers = columns.map(({ name, type }) => ({ name, read: valueReaders[type.kind] ?? asItIs }));
  let rows = 0;

  return {
    async write(batch) {
      const vectors = readers.map(({ name, read }, index) => ({
        name,
        read,
        vector: columnAt(batch, index),
      }));
      const rowNumbers = columnAt(batch, columns.length);
      for (let index = 0; index < batch.numRows; index += 1) {
        // Without a prototype, because a column may be named `constructor`.
        const row: Record<string, unknown> = Object.create(null);
        row._row = rowNumbers.get(index);
        for (const { name, read, vector } of vectors) {
          if (vector.isValid(index)) row[name] = read(vector, index);
        }
        await file.append(row);
      }
      rows += batch.numRows;
    },
    async finish() {
      return { rows, ...(await file.finish()) };
    },
    abort: () => file.abort(),
  };
}

const fieldTypes: Record<ColumnType['kind'], Field['type']> = {
  string: 'UTF8',
  json: 'UTF8',
  list: 'UTF8',
  decimal: 'UTF8',
  int64: 'INT64',
  float64: 'DOUBLE',
  bool: 'BOOLEAN',
  date: 'DATE',
  timestamp: 'TIMESTAMP_MICROS',
};

type ValueReader = (vector: Vector, index: number) => unknown;

const asItIs: ValueReader = (vector, index) => vector.get(index);

const dayMs = 86_400_000;

/**
 * Returns a value as Arrow stores it, because Arrow's accessors convert microseconds and days to
 * milliseconds.
 */
const valueReaders: Partial<Record<ColumnType['kind'], ValueReader>> = {
  date: (vector, index) => new Date(Number(heldValue(vector, index)) * dayMs),
  timestamp: heldValue,
  decimal: (vector, index) =>
    canonicalDecimal(vector.data[0]?.values as Uint32Array, index, (vector.type as Decimal).scale),
};

/** Reads the stored value. A vector of a batch has a single chunk. */
function heldValue(vector: Vector, index: number): number | bigint {
  return vector.data[0]?.values[index];
}

function columnAt(batch: RecordBatch, index: number): Vector {
  const vector = batch.getChildAt(index);
  if (!vector) throw new Error(`the batch has no column ${index}`);
  return vector;
}
