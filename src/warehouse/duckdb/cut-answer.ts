import {
  DuckDBArrayType,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  type DuckDBType,
  DuckDBTypeId,
} from '@duckdb/node-api';
import { identifier, literal } from '../staging/sql.js';

/**
 * SQL for an answer with its first rows and with short cells, so that a long cell never leaves
 * DuckDB. Each column becomes two: the value if it is short, and otherwise the beginning of its
 * text with `…` at its end. One of the two is always NULL.
 */
export function cutAnswer(sql: string, types: DuckDBType[], limits: { rows: number; characters: number }) {
  const columns = types.flatMap((type, index) => cutCell(`c${index}`, type, limits.characters));
  const names = types.map((_, index) => `c${index}`).join(', ');
  // A comment at the end of the query ends with its line.
  return `SELECT ${columns.join(', ')} FROM (${sql}\n) AS answer(${names}) LIMIT ${limits.rows}`;
}

function cutCell(column: string, type: DuckDBType, characters: number): [string, string] {
  if (isFixed(type)) return [column, 'NULL'];
  const { text, isLong } = asText(column, type, characters);
  return [
    `CASE WHEN ${isLong} THEN NULL ELSE ${column} END`,
    `CASE WHEN ${isLong} THEN left(${text}, ${characters}) || '…' END`,
  ];
}

function asText(column: string, type: DuckDBType, characters: number): { text: string; isLong: string } {
  const isTextLong = (text: string) => `length(${text}) > ${characters}`;
  if (type.typeId === DuckDBTypeId.VARCHAR) return { text: column, isLong: isTextLong(column) };
  if (type.typeId === DuckDBTypeId.BLOB) {
    return { text: `lower(hex(${column}))`, isLong: `octet_length(${column}) > ${characters / 2}` };
  }
  const json = jsonType(type);
  if (json === undefined) {
    const text = `CAST(${column} AS VARCHAR)`;
    return { text, isLong: isTextLong(text) };
  }
  const text = `CAST(to_json(CAST(${shortened(column, type, characters)} AS ${json})) AS VARCHAR)`;
  return { text, isLong: isTextLong(text) };
}

/**
 * A value whose JSON begins like that of the whole value, and is too long if that is. Each item of
 * a list takes at least two characters, so further items are not needed, and neither is more of a
 * text than one character beyond the limit.
 */
function shortened(value: string, type: DuckDBType, characters: number, depth = 0): string {
  if (type.typeId === DuckDBTypeId.VARCHAR) return `left(${value}, ${characters + 1})`;
  if (type instanceof DuckDBListType) {
    const items = `list_slice(${value}, 1, ${characters})`;
    const item = `i${depth}`;
    const short = shortened(item, type.valueType, characters, depth + 1);
    return short === item ? items : `list_transform(${items}, lambda ${item}: ${short})`;
  }
  if (type instanceof DuckDBStructType && isNamed(type)) {
    const fields = type.entryNames.map((name, index) => {
      const field = `struct_extract(${value}, ${literal(name)})`;
      return `${identifier(name)} := ${shortened(field, type.entryTypes[index] as DuckDBType, characters, depth)}`;
    });
    return `struct_pack(${fields.join(', ')})`;
  }
  return value;
}

function isNamed(type: DuckDBStructType): boolean {
  return type.entryNames.every((name) => name !== '');
}

/**
 * The type whose JSON matches `toJsonValue`: numbers that JSON may not hold become text. Undefined
 * if it is not a list or an object.
 */
function jsonType(type: DuckDBType): string | undefined {
  const inner = (each: DuckDBType) => jsonType(each) ?? (isJsonOwn(each) ? String(each) : 'VARCHAR');
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) return `${inner(type.valueType)}[]`;
  if (type instanceof DuckDBMapType) return `MAP(VARCHAR, ${inner(type.valueType)})`;
  if (type instanceof DuckDBStructType && isNamed(type)) {
    const fields = type.entryNames.map(
      (name, index) => `${identifier(name)} ${inner(type.entryTypes[index] as DuckDBType)}`,
    );
    return `STRUCT(${fields.join(', ')})`;
  }
  return undefined;
}

const jsonOwn = new Set([
  DuckDBTypeId.BOOLEAN,
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.FLOAT,
  DuckDBTypeId.DOUBLE,
]);

function isJsonOwn({ typeId }: DuckDBType): boolean {
  return jsonOwn.has(typeId);
}

const fixed = new Set([
  ...jsonOwn,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UHUGEINT,
  DuckDBTypeId.DECIMAL,
  DuckDBTypeId.DATE,
  DuckDBTypeId.TIME,
  DuckDBTypeId.TIME_NS,
  DuckDBTypeId.TIME_TZ,
  DuckDBTypeId.TIMESTAMP,
  DuckDBTypeId.TIMESTAMP_S,
  DuckDBTypeId.TIMESTAMP_MS,
  DuckDBTypeId.TIMESTAMP_NS,
  DuckDBTypeId.TIMESTAMP_TZ,
  DuckDBTypeId.INTERVAL,
  DuckDBTypeId.UUID,
  DuckDBTypeId.SQLNULL,
]);

/** Whether all values of the type have the same size. */
function isFixed({ typeId }: DuckDBType): boolean {
  return fixed.has(typeId);
}
