import type { DuckDBDataChunk } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import type { ColumnType } from '../../schema/types.js';
import { duckDbType } from '../staging/column-types.js';
import type { BinaryOutput } from './binary-output.js';

/** A value of a row: SQL of DuckDB, and the type of its column in PostgreSQL. */
export interface RowValue {
  sql: string;
  type: ColumnType;
}

/**
 * A query of DuckDB for values in the form that `rowWriter` reads, with another column after them.
 * The bytes of all texts of a row come as one value: DuckDB joins them faster than JavaScript reads
 * many. Each value is computed once, in a query of its own.
 */
export function valuesQuery(values: RowValue[], from: string, other = '0'): string {
  const inner = values.map(({ sql, type }, index) => `${innerValue(sql, type)} AS v${index}, `);
  const columns = values.map(({ type }, index) => (isText(type) ? `strlen(v${index}), ` : `v${index}, `));
  const texts = values.flatMap(({ type }, index) => (isText(type) ? [`, v${index}`] : []));
  return `SELECT ${columns.join('')} encode(concat(''${texts.join('')})), other
    FROM (SELECT ${inner.join('')} ${other} AS other FROM ${from})`;
}

/** Writes the fields of a row of a chunk that `valuesQuery` returned. */
export function rowWriter(
  chunk: DuckDBDataChunk,
  types: ColumnType[],
): (row: number, output: BinaryOutput) => void {
  const texts = chunk.getColumnVector(types.length) as unknown as { getItemBytes(row: number): Uint8Array };
  const writers = types.map((type, index) => fieldWriter(chunk, index, type));
  return (row, output) => {
    const bytes = texts.getItemBytes(row);
    output.beginRow(bytes, maxFieldBytes * types.length + bytes.length);
    for (const write of writers) write(row, output);
  };
}

/** As text or number, a field needs no more than this besides the bytes of its text. */
const maxFieldBytes = 40;

/** The microseconds from 1970 to 2000, where the times of PostgreSQL begin. */
const epochMicroseconds = 946_684_800_000_000n;
const epochDays = 10_957;

function isText({ kind }: ColumnType): boolean {
  return kind === 'string' || kind === 'json';
}

/** Decimals of up to this many digits are integers of 64 bits, others of 128. */
const longDigits = 18;

/** The memory of a value is read as its type says, so each one is cast. */
function innerValue(sql: string, type: ColumnType): string {
  switch (type.kind) {
    case 'decimal':
      return `CAST(${sql} AS DECIMAL(${type.precision <= longDigits ? longDigits : 38}, ${type.scale}))`;
    case 'date':
      return `CAST(CAST(${sql} AS DATE) - DATE '2000-01-01' AS INTEGER)`;
    case 'timestamp':
      return `CAST(epoch_us(${sql}) - ${epochMicroseconds} AS BIGINT)`;
    case 'json':
      return `CAST(${sql} AS VARCHAR)`;
    default:
      return `CAST(${sql} AS ${duckDbType(type)})`;
  }
}

type FieldWriter = (row: number, output: BinaryOutput) => void;

function fieldWriter(chunk: DuckDBDataChunk, index: number, type: ColumnType): FieldWriter {
  if (type.kind === 'list') {
    const lists = chunk.getColumnVector(index);
    return (row, output) => writeList(lists.getItem(row) as ListValue | null, type.item, output);
  }
  const vector = duckdb.data_chunk_get_vector(chunk.chunk, index);
  const rows = chunk.rowCount;
  const validity = duckdb.vector_get_validity(vector, Math.ceil(rows / 64) * 8) as Uint8Array | null;
  const write = valueWriter(type, (bytes) => duckdb.vector_get_data(vector, rows * bytes));
  if (!validity) return write;
  return (row, output) => {
    if (((validity[row >> 3] as number) >> (row & 7)) & 1) write(row, output);
    else output.int32(-1);
  };
}

function valueWriter(type: ColumnType, read: (bytesPerRow: number) => Uint8Array): FieldWriter {
  switch (type.kind) {
    case 'bool': {
      const values = read(1);
      return (row, output) => {
        output.int32(1);
        output.int8(values[row] as number);
      };
    }
    case 'date': {
      const values = words(read(4));
      return (row, output) => {
        output.int32(4);
        output.int32(values[row] as number);
      };
    }
    case 'decimal': {
      if (type.precision > longDigits) {
        const values = words(read(16));
        return (row, output) => output.numeric(bigOf(values, row * 4, 4), type.scale);
      }
      const values = words(read(8));
      return (row, output) => {
        const high = values[row * 2 + 1] as number;
        const isExact = high >= -(2 ** 21) && high < 2 ** 21;
        if (isExact) output.shortNumeric(high * 2 ** 32 + ((values[row * 2] as number) >>> 0), type.scale);
        else output.numeric(bigOf(values, row * 2, 2), type.scale);
      };
    }
    case 'int64':
    case 'timestamp':
    case 'float64': {
      const values = words(read(8));
      return (row, output) => {
        output.int32(8);
        output.int32(values[row * 2 + 1] as number);
        output.int32(values[row * 2] as number);
      };
    }
    default: {
      // `strlen` returns 64 bits.
      const lengths = words(read(8));
      return (row, output) => output.text(lengths[row * 2] as number);
    }
  }
}

/** Values as integers of 32 bits, the low half of each first: DuckDB runs on such machines only. */
function words(bytes: Uint8Array): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

function bigOf(values: Int32Array, at: number, count: number): bigint {
  let value = BigInt(values[at + count - 1] as number);
  for (let index = count - 2; index >= 0; index -= 1) {
    value = (value << 32n) | BigInt((values[at + index] as number) >>> 0);
  }
  return value;
}

/** PostgreSQL's numbers of the types that items of lists can have. */
const itemOids = {
  string: 25,
  int64: 20,
  float64: 701,
  bool: 16,
  date: 1082,
  timestamp: 1184,
  decimal: 1700,
};

/** A list, with items as DuckDB's client returns them. */
interface ListValue {
  items: readonly unknown[];
}

function writeList(list: ListValue | null, item: ColumnType, output: BinaryOutput): void {
  if (list === null) {
    output.int32(-1);
    return;
  }
  const { items } = list;
  output.sized(() => {
    output.reserve(maxFieldBytes);
    output.int32(items.length > 0 ? 1 : 0);
    output.int32(0);
    output.int32(itemOids[item.kind as keyof typeof itemOids]);
    if (items.length === 0) return;
    output.int32(items.length);
    output.int32(1);
    for (const each of items) writeItem(each, item, output);
  });
}

function writeItem(value: unknown, type: ColumnType, output: BinaryOutput): void {
  output.reserve(maxFieldBytes);
  if (value === null) {
    output.int32(-1);
    return;
  }
  switch (type.kind) {
    case 'decimal':
      output.numeric((value as { value: bigint }).value, type.scale);
      return;
    case 'bool':
      output.int32(1);
      output.int8(value === true ? 1 : 0);
      return;
    case 'date':
      output.int32(4);
      output.int32((value as { days: number }).days - epochDays);
      return;
    case 'int64':
      output.int32(8);
      output.int64(value as bigint);
      return;
    case 'timestamp':
      output.int32(8);
      output.int64((value as { micros: bigint }).micros - epochMicroseconds);
      return;
    case 'float64':
      output.int32(8);
      output.double(value as number);
      return;
    default:
      output.string(value as string);
  }
}
