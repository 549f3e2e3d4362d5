import type { ColumnType, ScalarType } from './types.js';

/** Column types without parameters, as written in YAML. */
export const plainTypes = ['string', 'int64', 'float64', 'bool', 'date', 'timestamp', 'json'] as const;

/**
 * Reads a column type as written in YAML, such as `decimal(18,4)` or `list(string)`. Returns
 * undefined if the text is not a column type. Decimals have a precision of 1 to 38 and a scale of
 * at most the precision, the range that DuckDB, Parquet and BigQuery's BIGNUMERIC share.
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

/** Types of DuckDB, BigQuery and other databases, mapped to the types of report schemas. */
const otherNames = new Map(
  Object.entries({
    bigint: 'int64',
    byteint: 'int64',
    int: 'int64',
    integer: 'int64',
    long: 'int64',
    smallint: 'int64',
    tinyint: 'int64',
    double: 'float64',
    'double precision': 'float64',
    float: 'float64',
    real: 'float64',
    bignumeric: 'decimal(18,4)',
    decimal: 'decimal(18,4)',
    money: 'decimal(18,4)',
    number: 'decimal(18,4)',
    numeric: 'decimal(18,4)',
    boolean: 'bool',
    char: 'string',
    character: 'string',
    'character varying': 'string',
    nvarchar: 'string',
    str: 'string',
    text: 'string',
    time: 'string',
    varchar: 'string',
    datetime: 'timestamp',
    timestamptz: 'timestamp',
    'timestamp with time zone': 'timestamp',
    jsonb: 'json',
    object: 'json',
    struct: 'json',
    variant: 'json',
  }),
);

/**
 * Returns the type of a report schema for the type of another database, such as `varchar(20)`;
 * undefined if there is none.
 */
export function meantType(text: string): string | undefined {
  const plain = text.trim().toLowerCase().replace(/\s+/g, ' ');
  const item = /^(?:array|list) ?[(<](.*)[)>]$/.exec(plain)?.[1] ?? /^(.*)\[\]$/.exec(plain)?.[1];
  if (item !== undefined) {
    const own = readColumnType(item) ? item : meantType(item);
    return own && listOf(readColumnType(own)) && `list(${own})`;
  }
  const [, name = '', parameters = ''] = /^([a-z ]*[a-z])(?: ?\((.*)\))?$/.exec(plain) ?? [];
  const own = otherNames.get(name) ?? plainTypes.find((type) => type === name);
  if (!own?.startsWith('decimal')) return own;
  const [precision = '', scale = '0'] = parameters.split(',');
  const exact = `decimal(${precision.trim()},${scale.trim()})`;
  return readColumnType(exact) ? exact : own;
}

/** Returns a list type. Items must be single values, so a list of lists or of JSON becomes JSON. */
export function listOf(item: ColumnType | undefined): ColumnType | undefined {
  return item && isScalar(item) ? { kind: 'list', item } : undefined;
}

export function isScalar(type: ColumnType): type is ScalarType {
  return type.kind !== 'json' && type.kind !== 'list';
}

/** Returns a column type as written in YAML. */
export function columnTypeText(type: ColumnType): string {
  if (type.kind === 'list') return `list(${columnTypeText(type.item)})`;
  return type.kind === 'decimal' ? `decimal(${type.precision},${type.scale})` : type.kind;
}

/**
 * Returns the narrowest type that fits the values of both, `string` if no other type does. `a` is
 * the present type of a table column that is widened. A JSON column accepts lists, but a list
 * column becomes text, because DuckDB 1.5 cannot replay a change to JSON from its write-ahead log.
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

/**
 * Returns precision and scale of a number; an integer is a decimal of 19 digits without a fraction.
 */
function asDecimal(type: ColumnType): { precision: number; scale: number } | undefined {
  if (type.kind === 'int64') return { precision: 19, scale: 0 };
  return type.kind === 'decimal' ? type : undefined;
}
