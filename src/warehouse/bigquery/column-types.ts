import { columnTypeText, listOf, readColumnType } from '../../schema/column-type.js';
import type { ColumnType } from '../../schema/types.js';
import type { ColumnKind } from '../ledger/ledger-columns.js';

/** A column as BigQuery's API describes it. */
export interface Field {
  name: string;
  /** As the API spells it, for example INTEGER for INT64. */
  type: string;
  mode?: string;
  precision?: string | undefined;
  scale?: string | undefined;
  fields?: Field[];
}

const plainTypes = {
  string: 'STRING',
  int64: 'INT64',
  float64: 'FLOAT64',
  bool: 'BOOL',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
  json: 'JSON',
} as const;

/** The report schema's type for each kind of ledger value. */
const kindTypes: Record<ColumnKind, string> = {
  text: 'string',
  list: 'list(string)',
  time: 'timestamp',
  count: 'int64',
  json: 'json',
};

export function columnTypeOfKind(kind: ColumnKind): ColumnType {
  return readColumnType(kindTypes[kind]) as ColumnType;
}

/** The BigQuery type of a column. */
export function bigQueryType(type: ColumnType): string {
  if (type.kind === 'list') return `ARRAY<${bigQueryType(type.item)}>`;
  return type.kind === 'decimal' ? `${castType(type)}(${type.precision},${type.scale})` : castType(type);
}

/** The type in a cast: BigQuery takes precision and scale only in columns, not in expressions. */
export function castType(type: ColumnType): string {
  if (type.kind === 'list') return `ARRAY<${castType(type.item)}>`;
  if (type.kind === 'decimal') return isNumeric(type) ? 'NUMERIC' : 'BIGNUMERIC';
  return plainTypes[type.kind];
}

/** NUMERIC has 29 digits before the point and 9 after it; anything more is BIGNUMERIC. */
function isNumeric({ precision, scale }: { precision: number; scale: number }): boolean {
  return scale <= 9 && precision - scale <= 29;
}

/**
 * The column of a staging table. JSON, and decimals that need BIGNUMERIC, are staged as text: a
 * load job reads no JSON from Parquet, and decimals as text lose no digit.
 */
export function stagingField(name: string, type: ColumnType): Field {
  if (type.kind === 'list') return { ...stagingField(name, type.item), mode: 'REPEATED' };
  if (type.kind === 'decimal') return { name, type: isNumeric(type) ? 'NUMERIC' : 'STRING' };
  return { name, type: type.kind === 'json' ? 'STRING' : plainTypes[type.kind] };
}

/** Whether a value is staged as text although its column is not a text column. */
export function isStagedAsText(type: ColumnType): boolean {
  return type.kind === 'json' || (type.kind === 'decimal' && !isNumeric(type));
}

/** SQL that converts a value of a staging table to its table's type. */
export function fromStaging(value: string, type: ColumnType): string {
  if (type.kind === 'json') return `PARSE_JSON(${value}, wide_number_mode => 'round')`;
  if (type.kind === 'list') return items(value, fromStaging(itemAlias, type.item));
  return isStagedAsText(type) ? decimalSql(value, type) : value;
}

/**
 * SQL that converts a value to a wider type, with the same text as in DuckDB's tables: numbers
 * without trailing zeros, times in ISO 8601, lists as JSON.
 */
export function widenedSql(value: string, from: ColumnType, to: ColumnType): string {
  if (columnTypeText(from) === columnTypeText(to)) return value;
  if (to.kind === 'list' && from.kind === 'list')
    return items(value, widenedSql(itemAlias, from.item, to.item));
  if (to.kind === 'decimal') return decimalSql(`CAST(${value} AS STRING)`, to);
  return to.kind === 'string' ? textSql(value, from) : `CAST(${value} AS ${castType(to)})`;
}

/** SQL for a key value as text, the same for all widths of its column. */
export function keyTextSql(value: string, type: ColumnType): string {
  return type.kind === 'decimal' ? textSql(value, type) : value;
}

/** Names of columns begin with a letter, so that no column has this name. */
const itemAlias = '__item';

/** SQL for a list with `item`, an expression of `itemAlias`, applied to each item. */
function items(value: string, item: string): string {
  if (item === itemAlias) return value;
  return `ARRAY(SELECT ${item} FROM UNNEST(${value}) AS ${itemAlias} WITH OFFSET AS __at ORDER BY __at)`;
}

/** Not CAST: the BigQuery emulator of the tests casts to NUMERIC with three decimals. */
function decimalSql(text: string, type: ColumnType): string {
  return `PARSE_${castType(type)}(${text})`;
}

function textSql(value: string, from: ColumnType): string {
  if (from.kind === 'list' && from.item.kind === 'decimal') {
    return `CONCAT('[', ARRAY_TO_STRING(${items(value, textSql(itemAlias, from.item))}, ','), ']')`;
  }
  if (from.kind === 'json' || from.kind === 'list') return `TO_JSON_STRING(${value})`;
  const text = `CAST(${value} AS STRING)`;
  if (from.kind === 'float64') {
    // BigQuery's text of 1.0 is `1`, DuckDB's is `1.0`.
    return `IF(REGEXP_CONTAINS(${text}, r'^-?[0-9]+$'), CONCAT(${text}, '.0'), ${text})`;
  }
  if (from.kind === 'decimal' && from.scale > 0) {
    return `IF(STRPOS(${text}, '.') > 0, RTRIM(RTRIM(${text}, '0'), '.'), ${text})`;
  }
  if (from.kind !== 'timestamp') return text;
  const micros = `MOD(MOD(UNIX_MICROS(${value}), 1000000) + 1000000, 1000000)`;
  const digits = `IF(MOD(${micros}, 1000) = 0, LPAD(CAST(DIV(${micros}, 1000) AS STRING), 3, '0'), LPAD(CAST(${micros} AS STRING), 6, '0'))`;
  // BigQuery writes years before 1000 with fewer than four digits.
  const second = `LPAD(FORMAT_TIMESTAMP('%Y-%m-%dT%H:%M:%S', ${value}), 19, '0')`;
  return `CONCAT(${second}, '.', ${digits}, 'Z')`;
}

/** The report schema's type for a column of the API; undefined if there is none. */
export function columnTypeOfField({ type, mode, precision, scale }: Field): ColumnType | undefined {
  if (mode === 'REPEATED') return listOf(columnTypeOfField({ name: '', type, precision, scale }));
  const kinds: Record<string, string> = { INTEGER: 'int64', FLOAT: 'float64', BOOLEAN: 'bool' };
  const plain = kinds[type] ?? Object.entries(plainTypes).find(([, name]) => name === type)?.[0];
  if (plain) return readColumnType(plain);
  if (type !== 'NUMERIC' && type !== 'BIGNUMERIC') return undefined;
  return readColumnType(`decimal(${precision ?? 38},${scale ?? (precision ? 0 : 9)})`);
}
