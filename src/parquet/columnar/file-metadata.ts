import type { ColumnType } from '../../schema/types.js';
import { version } from '../../runtime/version.js';
import { maxInt64DecimalDigits } from './column-values.js';
import type { ColumnMetadata } from './compress-column.js';
import {
  binary,
  bool,
  encoded,
  encodeThrift,
  i32,
  i64,
  list,
  struct,
  type ThriftValue,
  text,
} from './thrift.js';

/**
 * The Thrift structures of a Parquet file around its values. Numbers are field ids and enum values.
 * Source: parquet.thrift of the Parquet format.
 */

/** A column of the file. */
export interface FileColumn {
  name: string;
  type: ColumnType;
  /** False for row numbers, which are never null. */
  optional: boolean;
}

/** A column of a row group, with its position in the file. */
export interface ColumnChunk {
  column: FileColumn;
  metadata: ColumnMetadata;
  /** Offset of the first page. */
  offset: number;
}

export interface RowGroup {
  rows: number;
  chunks: ColumnChunk[];
}

const snappyCodec = 1;
const physical = {
  boolean: 0,
  int32: 1,
  int64: 2,
  double: 5,
  byteArray: 6,
  fixedLengthByteArray: 7,
} as const;

/** Encodes the file metadata. `rowGroups` come from `encodeRowGroup`; `rows` is their total. */
export function fileMetadata(
  columns: FileColumn[],
  rowGroups: Uint8Array[],
  rows: number,
  metadata: Record<string, string>,
): Uint8Array {
  const root = struct({ 4: text('root'), 5: i32(columns.length) });
  // All columns use the order of their types. Without this entry, readers ignore minimum and
  // maximum.
  const byType = struct({ 1: struct() });
  return encodeThrift({
    1: i32(2),
    2: list('struct', [root, ...columns.map(schemaElement)]),
    3: i64(rows),
    4: list('struct', rowGroups.map(encoded)),
    5: list(
      'struct',
      Object.entries(metadata).map(([key, value]) => struct({ 1: text(key), 2: text(value) })),
    ),
    6: text(`sp-reports version ${version}`),
    7: list(
      'struct',
      columns.map(() => byType),
    ),
  });
}

interface TypeForm {
  physical: number;
  length?: number;
  /** The older and the newer declaration of what the values mean. */
  converted?: number;
  logical?: ThriftValue;
  decimal?: { precision: number; scale: number };
}

const utf8: TypeForm = { physical: physical.byteArray, converted: 0, logical: struct({ 1: struct() }) };
const microsInUtc = struct({ 1: bool(true), 2: struct({ 2: struct() }) });

function typeForm(type: ColumnType): TypeForm {
  switch (type.kind) {
    case 'string':
    case 'json':
    case 'list':
      return utf8;
    case 'int64':
      return { physical: physical.int64 };
    case 'float64':
      return { physical: physical.double };
    case 'bool':
      return { physical: physical.boolean };
    case 'date':
      return { physical: physical.int32, converted: 6, logical: struct({ 6: struct() }) };
    case 'timestamp':
      return { physical: physical.int64, converted: 10, logical: struct({ 8: microsInUtc }) };
    case 'decimal': {
      const { precision, scale } = type;
      return {
        ...(precision > maxInt64DecimalDigits
          ? { physical: physical.fixedLengthByteArray, length: 16 }
          : { physical: physical.int64 }),
        converted: 5,
        logical: struct({ 5: struct({ 1: i32(scale), 2: i32(precision) }) }),
        decimal: { precision, scale },
      };
    }
  }
}

function schemaElement({ name, type, optional }: FileColumn): ThriftValue {
  const form = typeForm(type);
  return struct({
    1: i32(form.physical),
    2: form.length === undefined ? undefined : i32(form.length),
    3: i32(optional ? 1 : 0),
    4: text(name),
    6: form.converted === undefined ? undefined : i32(form.converted),
    7: form.decimal && i32(form.decimal.scale),
    8: form.decimal && i32(form.decimal.precision),
    10: form.logical,
  });
}

/** Encodes the metadata of a row group, the `ordinal`th of the file from 0. */
export function encodeRowGroup({ rows, chunks }: RowGroup, ordinal: number): Uint8Array {
  const sum = (size: 'uncompressedBytes' | 'compressedBytes') =>
    chunks.reduce((total, { metadata }) => total + metadata[size], 0);
  return encodeThrift({
    1: list('struct', chunks.map(columnChunk)),
    2: i64(sum('uncompressedBytes')),
    3: i64(rows),
    5: i64(chunks[0]?.offset ?? 0),
    6: i64(sum('compressedBytes')),
    // A 16-bit integer, so later row groups have no ordinal.
    7: ordinal < 2 ** 15 ? { kind: 'i16', value: ordinal } : undefined,
  });
}

function columnChunk({ column, metadata, offset }: ColumnChunk): ThriftValue {
  const { statistics } = metadata;
  return struct({
    2: i64(offset),
    3: struct({
      1: i32(typeForm(column.type).physical),
      2: list('i32', metadata.encodings.map(i32)),
      3: list('binary', [text(column.name)]),
      4: i32(snappyCodec),
      5: i64(metadata.values),
      6: i64(metadata.uncompressedBytes),
      7: i64(metadata.compressedBytes),
      9: i64(offset + metadata.dictionaryBytes),
      11: metadata.dictionaryBytes > 0 ? i64(offset) : undefined,
      12: struct({
        3: i64(statistics.nullCount),
        5: statistics.max && binary(statistics.max),
        6: statistics.min && binary(statistics.min),
      }),
    }),
  });
}
