import type { ColumnType } from '../types.js';
import type { ExportTable } from './tables.js';

/** A field of a BigQuery table schema. Source: BigQuery REST reference, TableFieldSchema. */
export interface BigQueryField {
  name: string;
  type: string;
  mode: 'NULLABLE' | 'REPEATED';
  description: string;
  /** 64-bit integers as text, as in the API. */
  precision?: string;
  scale?: string;
}

/** Returns the schema of a table for `bq mk --schema` and for load jobs. */
export function bigQuerySchema({ columns }: ExportTable): BigQueryField[] {
  return columns.map(({ name, type, description }) => ({
    name,
    ...bigQueryType(type),
    mode: type.kind === 'list' ? 'REPEATED' : 'NULLABLE',
    description,
  }));
}

function bigQueryType(type: ColumnType): Pick<BigQueryField, 'type' | 'precision' | 'scale'> {
  if (type.kind === 'list') return bigQueryType(type.item);
  if (type.kind !== 'decimal') return { type: plainTypes[type.kind] };
  const { precision, scale } = type;
  const maxScale = 9;
  const maxWholeDigits = 29;
  const isNumeric = scale <= maxScale && precision - scale <= maxWholeDigits;
  return {
    type: isNumeric ? 'NUMERIC' : 'BIGNUMERIC',
    precision: String(precision),
    scale: String(scale),
  };
}

const plainTypes = {
  string: 'STRING',
  int64: 'INTEGER',
  float64: 'FLOAT',
  bool: 'BOOLEAN',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
  json: 'JSON',
} as const;
