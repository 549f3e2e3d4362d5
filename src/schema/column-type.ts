import type { ColumnType, ScalarType } from './types.js';

/** Column types without parameters, as written in YAML. */
export const plainTypes = ['string', 'int64', 'float64', 'bool', 'date', 'timestamp', 'json'] as const;

/**
 * Reads a column type as written in YAML, e.g. `decimal(18,4)` or `list(string)`.
 * Returns undefined where it is none. Decimals have a precision of 1 to 38 and a scale of at most the precision,
 * the range that DuckDB, Parquet and BigQuery's BIGNUMERIC share.
 */
export function readColumnType(text: string): ColumnType | undefined {
  const plain = plainTypes.find((kind) => kind === text.trim());
  if (plain) return { kind: plain };
  const ofList = /^list\((.*)\)$/.exec(text.trim())?.[1];
  if (ofList !== undefined) return listOf(readColumnType(ofList));
  const match = /^decimal\(\s*(\d{1,2})\s*,\s*(\d{1,2})\s*\)$/.exec(text.trim());
  if (!match) return undefined;
  const precision = Number(match[1]);
  const scale = Number(match[2]);
  if (precision < 1 || precision > 38 || scale > precision) return undefined;
  return { kind: 'decimal', precision, scale };
}

/** Lists are of single values: one of lists, or of JSON, is JSON. */
export function listOf(item: ColumnType | undefined): ColumnType | undefined {
  return item && isScalar(item) ? { kind: 'list', item } : undefined;
}

export function isScalar(type: ColumnType): type is ScalarType {
  return type.kind !== 'json' && type.kind !== 'list';
}

/** Writes a column type as it stands in YAML. */
export function columnTypeText(type: ColumnType): string {
  if (type.kind === 'list') return `list(${columnTypeText(type.item)})`;
  return type.kind === 'decimal' ? `decimal(${type.precision},${type.scale})` : type.kind;
}

/**
 * The narrowest type that holds the values of both; `string` where nothing else does. Used where a table widens: `a` is what it has. A
 * column of JSON takes lists, one of lists becomes text: DuckDB 1.5 can't replay the change to JSON from its write-ahead log.
 */
export function widerType(a: ColumnType, b: ColumnType): ColumnType {
  if (columnTypeText(a) === columnTypeText(b)) return a;
  if (a.kind === 'list' && b.kind === 'list') return listOf(widerType(a.item, b.item)) ?? { kind: 'string' };
  const left = asDecimal(a);
  const right = asDecimal(b);
  if (left && right) {
    const scale = Math.max(left.scale, right.scale);
    const precision = Math.max(left.precision - left.scale, right.precision - right.scale) + scale;
    return precision <= 38 ? { kind: 'decimal', precision, scale } : { kind: 'string' };
  }
  const kinds = new Set([a.kind, b.kind]);
  if (kinds.has('date') && kinds.has('timestamp')) return { kind: 'timestamp' };
  if (a.kind === 'json' && b.kind === 'list') return a;
  return { kind: 'string' };
}

/** An integer is a decimal of 19 digits without a fraction. */
function asDecimal(type: ColumnType): { precision: number; scale: number } | undefined {
  if (type.kind === 'int64') return { precision: 19, scale: 0 };
  return type.kind === 'decimal' ? type : undefined;
}
