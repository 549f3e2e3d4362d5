import type { RecordBatch, Vector } from 'apache-arrow';
import type { Field } from 'parquetjs-lite';
import type { ColumnType, ResolvedColumn } from '../schema/types.js';
import { openParquetFile } from './parquet-file.js';

export interface ParquetWriter {
  /** Writes a batch: the columns in order, then `_row`. */
  write(batch: RecordBatch): Promise<void>;
  finish(): Promise<{ rows: number; bytes: number }>;
  /** Leaves nothing behind. */
  abort(): Promise<void>;
}

/**
 * The reference engine's writer: batches into a Parquet file.
 * Decimals and 64-bit integers are written as text and cast by the load: the library has no decimal, and passes integers through a
 * double. Dates and timestamps are native. Errors: PARQUET_FAILED, DISK_FULL.
 */
export async function openParquetWriter(options: {
  path: string;
  columns: ResolvedColumn[];
  metadata: Record<string, string>;
}): Promise<ParquetWriter> {
  const { path, columns, metadata } = options;
  const fields: Record<string, Field> = {};
  for (const { name, type } of columns) fields[name] = { type: fieldTypes[type.kind], optional: true };
  fields._row = { type: 'INT64' };
  const file = await openParquetFile({ path, fields, metadata });
  const readers = columns.map(({ name, type }) => ({ name, read: valueReaders[type.kind] }));
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
        const row: Record<string, unknown> = { _row: Number(rowNumbers.get(index)) };
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
  decimal: 'UTF8',
  int64: 'UTF8',
  float64: 'DOUBLE',
  bool: 'BOOLEAN',
  date: 'DATE',
  timestamp: 'TIMESTAMP_MICROS',
};

type ValueReader = (vector: Vector, index: number) => unknown;

const asItIs: ValueReader = (vector, index) => vector.get(index);

const valueReaders: Record<ColumnType['kind'], ValueReader> = {
  string: asItIs,
  json: asItIs,
  decimal: asItIs,
  int64: (vector, index) => String(vector.get(index)),
  float64: asItIs,
  bool: asItIs,
  date: (vector, index) => new Date(Number(rawValue(vector, index)) * 86_400_000),
  timestamp(vector, index) {
    const micros = BigInt(rawValue(vector, index));
    // The library takes no negative integers here, and dates to the millisecond only.
    return micros >= 0n ? micros : new Date(Number(micros / 1000n));
  },
};

/** The number as Arrow holds it: its accessors make dates and milliseconds of days and microseconds. */
function rawValue(vector: Vector, index: number): number | bigint {
  const [data] = vector.data;
  const values = data?.values as ArrayLike<number | bigint> | undefined;
  return values?.[index] ?? 0;
}

function columnAt(batch: RecordBatch, index: number): Vector {
  const vector = batch.getChildAt(index);
  if (!vector) throw new Error(`the batch has no column ${index}`);
  return vector;
}
