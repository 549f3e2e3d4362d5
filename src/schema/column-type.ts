import type { ColumnType } from './types.js';

/** Column types without parameters, as written in YAML. */
export const plainTypes = ['string', 'int64', 'float64', 'bool', 'date', 'timestamp', 'json'] as const;

/**
 * Reads a column type as written in YAML, e.g. `decimal(18,4)`.
 * Returns undefined where it is none. Decimals have a precision of 1 to 38 and a scale of at most the precision,
 * the range that DuckDB, Parquet and BigQuery's BIGNUMERIC share.
 */
export function readColumnType(text: string): ColumnType | undefined {
  const plain = plainTypes.find((kind) => kind === text.trim());
  if (plain) return { kind: plain };
  const match = /^decimal\(\s*(\d{1,2})\s*,\s*(\d{1,2})\s*\)$/.exec(text.trim());
  if (!match) return undefined;
  const precision = Number(match[1]);
  const scale = Number(match[2]);
  if (precision < 1 || precision > 38 || scale > precision) return undefined;
  return { kind: 'decimal', precision, scale };
}

/** Writes a column type as it stands in YAML. */
export function columnTypeText(type: ColumnType): string {
  return type.kind === 'decimal' ? `decimal(${type.precision},${type.scale})` : type.kind;
}

/** The narrowest type that holds the values of both; `string` where nothing else does. Used where a table widens. */
export function widerType(a: ColumnType, b: ColumnType): ColumnType {
  if (columnTypeText(a) === columnTypeText(b)) return a;
  const left = asDecimal(a);
  const right = asDecimal(b);
  if (left && right) {
    const scale = Math.max(left.scale, right.scale);
    const precision = Math.max(left.precision - left.scale, right.precision - right.scale) + scale;
    return precision <= 38 ? { kind: 'decimal', precision, scale } : { kind: 'string' };
  }
  const kinds = new Set([a.kind, b.kind]);
  if (kinds.has('date') && kinds.has('timestamp')) return { kind: 'timestamp' };
  return { kind: 'string' };
}

/** An integer is a decimal of 19 digits without a fraction. */
function asDecimal(type: ColumnType): { precision: number; scale: number } | undefined {
  if (type.kind === 'int64') return { precision: 19, scale: 0 };
  return type.kind === 'decimal' ? type : undefined;
}
