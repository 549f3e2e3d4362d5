import { columnTypeText, listOf, readColumnType } from '../../schema/column-type.js';
import type { ColumnType } from '../../schema/types.js';
import type { ColumnKind } from '../ledger/ledger-columns.js';

/** A column as BigQuery's API describes it. */
export interface Field {
  name: string;
  /** As the API spells it, e.g. INTEGER for INT64. */
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

/** How the ledger's kinds of values are typed, in the words of report schemas. */
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

/** The type of a column in BigQuery's SQL. */
export function bigQueryType(type: ColumnType): string {
  if (type.kind === 'list') return `ARRAY<${bigQueryType(type.item)}>`;
  return type.kind === 'decimal' ? `${castType(type)}(${type.precision},${type.scale})` : castType(type);
}

/** The type in a cast: BigQuery takes precision and scale of columns alone, not in expressions. */
export function castType(type: ColumnType): string {
  if (type.kind === 'list') return `ARRAY<${castType(type.item)}>`;
  if (type.kind === 'decimal') return isNumeric(type) ? 'NUMERIC' : 'BIGNUMERIC';
  return plainTypes[type.kind];
}

/** NUMERIC has 29 digits before the point and 9 behind it; what needs more is BIGNUMERIC. */
function isNumeric({ precision, scale }: { precision: number; scale: number }): boolean {
  return scale <= 9 && precision - scale <= 29;
}

/**
 * The column of a staging table. JSON, and decimals that need BIGNUMERIC, are staged as text: a load job reads no JSON from Parquet, and
 * text of decimals loses no digit on the way.
 */
export function stagingField(name: string, type: ColumnType): Field {
  if (type.kind === 'list') return { ...stagingField(name, type.item), mode: 'REPEATED' };
  if (type.kind === 'decimal') return { name, type: isNumeric(type) ? 'NUMERIC' : 'STRING' };
  return { name, type: type.kind === 'json' ? 'STRING' : plainTypes[type.kind] };
}

/** Whether a value is staged as text though its column is not of text. */
export function isStagedAsText(type: ColumnType): boolean {
  return type.kind === 'json' || (type.kind === 'decimal' && !isNumeric(type));
}

/** SQL for a value of a staging table as its table has it. */
export function fromStaging(value: string, type: ColumnType): string {
  if (type.kind === 'json') return `PARSE_JSON(${value}, wide_number_mode => 'round')`;
  if (type.kind === 'list') return items(value, fromStaging('item', type.item));
  return isStagedAsText(type) ? decimalSql(value, type) : value;
}

/**
 * SQL for a value of one type as a wider one, in the text that DuckDB's tables have: numbers without zeros at their end, times in
 * ISO 8601, lists as JSON.
 */
export function widenedSql(value: string, from: ColumnType, to: ColumnType): string {
  if (columnTypeText(from) === columnTypeText(to)) return value;
  if (to.kind === 'list' && from.kind === 'list') return items(value, widenedSql('item', from.item, to.item));
  if (to.kind === 'decimal') return decimalSql(`CAST(${value} AS STRING)`, to);
  return to.kind === 'string' ? textSql(value, from) : `CAST(${value} AS ${castType(to)})`;
}

/** SQL for a value of a key as text, the same for all widths of its column. */
export function keyTextSql(value: string, type: ColumnType): string {
  return type.kind === 'decimal' ? textSql(value, type) : value;
}

/** SQL for a list of what becomes of each `item` of a list. */
function items(value: string, item: string): string {
  if (item === 'item') return value;
  return `ARRAY(SELECT ${item} FROM UNNEST(${value}) AS item WITH OFFSET AS place ORDER BY place)`;
}

/** Not CAST: the stand-in for BigQuery that the tests run on takes a cast to NUMERIC for three digits behind the point. */
function decimalSql(text: string, type: ColumnType): string {
  return `PARSE_${castType(type)}(${text})`;
}

function textSql(value: string, from: ColumnType): string {
  if (from.kind === 'list' && from.item.kind === 'decimal') {
    return `CONCAT('[', ARRAY_TO_STRING(${items(value, textSql('item', from.item))}, ','), ']')`;
  }
  if (from.kind === 'json' || from.kind === 'list') return `TO_JSON_STRING(${value})`;
  const text = `CAST(${value} AS STRING)`;
  if (from.kind === 'float64') {
    // 1.0 is `1` in BigQuery's text and `1.0` in DuckDB's.
    return `IF(REGEXP_CONTAINS(${text}, r'^-?[0-9]+$'), CONCAT(${text}, '.0'), ${text})`;
  }
  if (from.kind === 'decimal' && from.scale > 0) {
    return `IF(STRPOS(${text}, '.') > 0, RTRIM(RTRIM(${text}, '0'), '.'), ${text})`;
  }
  if (from.kind !== 'timestamp') return text;
  const micros = `MOD(MOD(UNIX_MICROS(${value}), 1000000) + 1000000, 1000000)`;
  const digits = `IF(MOD(${micros}, 1000) = 0, LPAD(CAST(DIV(${micros}, 1000) AS STRING), 3, '0'), LPAD(CAST(${micros} AS STRING), 6, '0'))`;
  return `CONCAT(FORMAT_TIMESTAMP('%Y-%m-%dT%H:%M:%S', ${value}), '.', ${digits}, 'Z')`;
}

/** The type of a report schema for a column as the API describes it; undefined where none has such. */
export function columnTypeOfField({ type, mode, precision, scale }: Field): ColumnType | undefined {
  if (mode === 'REPEATED') return listOf(columnTypeOfField({ name: '', type, precision, scale }));
  const kinds: Record<string, string> = { INTEGER: 'int64', FLOAT: 'float64', BOOLEAN: 'bool' };
  const plain = kinds[type] ?? Object.entries(plainTypes).find(([, name]) => name === type)?.[0];
  if (plain) return readColumnType(plain);
  if (type !== 'NUMERIC' && type !== 'BIGNUMERIC') return undefined;
  return readColumnType(`decimal(${precision ?? 38},${scale ?? (precision ? 0 : 9)})`);
}
