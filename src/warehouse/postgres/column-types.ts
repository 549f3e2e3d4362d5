import { columnTypeText, listOf, readColumnType } from '../../schema/column-type.js';
import type { ColumnType } from '../../schema/types.js';

/**
 * The type of a column. Text is compared byte by byte, as in the other warehouses, so that no
 * upgrade of the system's collations can damage an index. JSON is kept as the text that it was.
 */
export function postgresType(type: ColumnType): string {
  return `${castType(type)}${isText(type) ? ' COLLATE "C"' : ''}`;
}

/** As `postgresType`, in the form that CAST accepts. */
export function castType(type: ColumnType): string {
  if (type.kind === 'list') return `${castType(type.item)}[]`;
  return type.kind === 'decimal' ? `numeric(${type.precision},${type.scale})` : plainTypes[type.kind];
}

/** The report schema's type for a type as `format_type` spells it; undefined if there is none. */
export function columnTypeOf(typeText: string): ColumnType | undefined {
  if (typeText.endsWith('[]')) return listOf(columnTypeOf(typeText.slice(0, -2)));
  const plain = Object.entries(plainTypes).find(([, text]) => text === typeText);
  if (plain) return readColumnType(plain[0]);
  return readColumnType(typeText.replace(/^numeric/, 'decimal'));
}

/** Whether values of the type can be in an index, whatever they are. */
export function isIndexable({ kind }: ColumnType): boolean {
  return kind !== 'json' && kind !== 'list';
}

/** A value in the form that `=` compares. */
export function comparable(value: string, { kind }: ColumnType): string {
  return kind === 'json' ? `CAST(${value} AS text)` : value;
}

const plainTypes = {
  string: 'text',
  int64: 'bigint',
  float64: 'double precision',
  bool: 'boolean',
  date: 'date',
  timestamp: 'timestamp with time zone',
  json: 'json',
} as const;

function isText(type: ColumnType): boolean {
  return type.kind === 'list' ? isText(type.item) : type.kind === 'string';
}

/**
 * SQL that converts a value to a wider type, with the same text as in DuckDB's tables: numbers
 * without trailing zeros, times in ISO 8601, lists as JSON.
 */
export function widenedSql(value: string, from: ColumnType, to: ColumnType): string {
  if (columnTypeText(from) === columnTypeText(to)) return value;
  if (from.kind === 'list' && to.kind === 'list') {
    // Of no items, ARRAY_AGG makes NULL.
    return `CASE WHEN ${value} IS NOT NULL THEN COALESCE(
      (SELECT ARRAY_AGG(${widenedSql('item', from.item, to.item)} ORDER BY position)
      FROM UNNEST(${value}) WITH ORDINALITY AS items(item, position)), '{}') END`;
  }
  if (to.kind === 'string') return textSql(value, from);
  // The session is in UTC.
  return `CAST(${value} AS ${castType(to)})`;
}

function textSql(value: string, from: ColumnType): string {
  const text = `CAST(${value} AS text)`;
  switch (from.kind) {
    case 'decimal':
      return from.scale > 0 ? `CAST(TRIM_SCALE(${value}) AS text)` : text;
    case 'float64':
      return floatText(value);
    case 'timestamp':
      return `TO_CHAR(${value}, CASE WHEN CAST(EXTRACT(MICROSECONDS FROM ${value}) AS bigint) % 1000 = 0
        THEN 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"' ELSE 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"' END)`;
    case 'list':
      return listText(value, from.item);
    default:
      return text;
  }
}

/**
 * DuckDB writes whole numbers with `.0`, and begins to write exponents a digit later than
 * PostgreSQL.
 */
function floatText(value: string): string {
  const text = `CAST(${value} AS text)`;
  const plain = `CASE WHEN ABS(${value}) >= 1e15 AND ABS(${value}) < 1e16 THEN CAST(CAST(${text} AS numeric) AS text) ELSE ${text} END`;
  return `CASE WHEN ${plain} ~ '^-?[0-9]+$' THEN ${plain} || '.0' ELSE ${plain} END`;
}

/** DuckDB writes fewer exponents in JSON than in text. */
function floatJson(value: string): string {
  const text = `CAST(${value} AS text)`;
  const digits = `CAST(CAST(${text} AS numeric) AS text)`;
  return `CASE WHEN ${value} = 0 THEN ${text} || '.0'
    WHEN ABS(${value}) >= 1e-6 AND ABS(${value}) < 1e21 THEN ${digits} || CASE WHEN ${digits} LIKE '%.%' THEN '' ELSE '.0' END
    ELSE REPLACE(REGEXP_REPLACE(${text}, 'e([-+])0*', 'e\\1'), 'e+', 'e') END`;
}

/** A list as JSON text, as DuckDB writes it. */
function listText(value: string, item: ColumnType): string {
  const items = `UNNEST(${value}) WITH ORDINALITY AS items(item, position)`;
  const joined = (each: string) =>
    `(SELECT '[' || COALESCE(STRING_AGG(COALESCE(${each}, 'null'), ',' ORDER BY position), '') || ']' FROM ${items})`;
  const list =
    item.kind === 'decimal'
      ? joined(textSql('item', item))
      : item.kind === 'float64'
        ? joined(floatJson('item'))
        : item.kind === 'timestamp'
          ? joined(`'"' || CAST(CAST(item AS timestamp) AS text) || '"'`)
          : `CAST(ARRAY_TO_JSON(${value}) AS text)`;
  return `CASE WHEN ${value} IS NULL THEN NULL ELSE ${list} END`;
}
