import type { DuckDBConnection, DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { LIST, listValue, VARCHAR } from '@duckdb/node-api';

/** A parameter: text, text list or number; null is a NULL of text. */
export type Parameter = string | number | bigint | null | string[];

/** Quotes a name for SQL text. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Quotes text for SQL text, for the few places that take no parameter. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * Reads Parquet files of those exact paths: glob characters in them stand for themselves, and `seller=A1` in them is no column.
 * `fileColumn` then has the path of each row.
 */
export function parquets(paths: string[], fileColumn?: string): string {
  const files = paths.map((path) => literal(path.replace(/[*?[]/g, '[$&]')));
  const named = fileColumn === undefined ? '' : `, filename = ${literal(fileColumn)}`;
  return `read_parquet([${files}], hive_partitioning = false${named})`;
}

/** SQL for rows with those columns, out of the parameter of that name: a list of objects as JSON text. */
export function jsonRows(parameter: string, columns: Record<string, string | string[]>): string {
  return `(SELECT unnest(from_json($${parameter}::JSON, ${literal(JSON.stringify([columns]))}), recursive := true))`;
}

/**
 * SQL for a time as TIMESTAMP in UTC. An offset in the text counts, which a plain cast to TIMESTAMP would ignore; a text without
 * one is UTC, as that is the zone of every connection.
 */
export function utcTimestamp(expression: string): string {
  return `CAST(CAST(${expression} AS TIMESTAMPTZ) AS TIMESTAMP)`;
}

/** Runs one statement with `$name` parameters and gives its rows as arrays of DuckDB's values. */
export async function run(
  connection: DuckDBConnection,
  sql: string,
  parameters: Record<string, Parameter> = {},
): Promise<DuckDBValue[][]> {
  return (await execute(connection, sql, parameters)).getRows();
}

/** The same, its rows as objects by the names of columns. */
export async function runForRecords(
  connection: DuckDBConnection,
  sql: string,
  parameters: Record<string, Parameter>,
): Promise<Record<string, DuckDBValue>[]> {
  return (await execute(connection, sql, parameters)).getRowObjects();
}

function execute(connection: DuckDBConnection, sql: string, parameters: Record<string, Parameter>) {
  const values: Record<string, DuckDBValue> = {};
  const types: Record<string, DuckDBType> = {};
  for (const [name, value] of Object.entries(parameters)) {
    values[name] = Array.isArray(value) ? listValue(value) : value;
    if (Array.isArray(value)) types[name] = LIST(VARCHAR);
    if (value === null || typeof value === 'string') types[name] = VARCHAR;
  }
  return connection.run(sql, values, types);
}

/** SQL for what `documentId` gives, out of columns. */
export function documentIdSql(seller: string, document: string): string {
  return `coalesce(${seller}, '') || '/' || ${document}`;
}
