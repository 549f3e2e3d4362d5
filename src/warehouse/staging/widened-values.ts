import { columnTypeText } from '../../schema/column-type.js';
import type { ColumnType } from '../../schema/types.js';
import { duckDbType } from './column-types.js';

/**
 * SQL that converts a value to a wider type. Numbers as text lose trailing zeros, times are ISO
 * 8601 and lists are JSON, so that the text does not depend on the widths that the column had
 * before.
 */
export function widened(expression: string, from: ColumnType, to: ColumnType): string {
  if (columnTypeText(from) === columnTypeText(to)) return expression;
  return canonicalValue(`CAST(${expression} AS ${duckDbType(to)})`, from, to);
}

/** SQL for a value that was cast to a wider type, spelled independently of its column's width. */
export function canonicalValue(value: string, from: ColumnType, to: ColumnType): string {
  if (to.kind === 'string') return canonicalText(value, from);
  if (to.kind !== 'list' || from.kind !== 'list') return value;
  const item = canonicalValue('item', from.item, to.item);
  return item === 'item' ? value : `list_transform(${value}, lambda item: ${item})`;
}

/** SQL for DuckDB's text of a value, spelled independently of its column's width. */
function canonicalText(text: string, from: ColumnType): string {
  if (from.kind === 'decimal' && from.scale > 0) return `rtrim(rtrim(${text}, '0'), '.')`;
  if (from.kind === 'list') return canonicalList(text, from);
  if (from.kind !== 'timestamp') return text;
  const time = `CAST(${text} AS TIMESTAMP)`;
  return `CASE WHEN microsecond(${time}) % 1000 = 0 THEN strftime(${time}, '%Y-%m-%dT%H:%M:%S.%gZ')
    ELSE strftime(${time}, '%Y-%m-%dT%H:%M:%S.%fZ') END`;
}

/**
 * DuckDB reads its own text of a list without loss. Trailing zeros are removed only from lists of
 * decimals, which contain no text.
 */
function canonicalList(text: string, type: ColumnType & { kind: 'list' }): string {
  const json = `CAST(CAST(CAST(${text} AS ${duckDbType(type)}) AS JSON) AS VARCHAR)`;
  if (type.item.kind !== 'decimal' || type.item.scale === 0) return json;
  const shorter = `regexp_replace(${json}, '(\\.\\d*?)0+([,\\]])', '\\1\\2', 'g')`;
  return `regexp_replace(${shorter}, '\\.([,\\]])', '\\1', 'g')`;
}
