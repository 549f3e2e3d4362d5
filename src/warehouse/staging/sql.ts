import type { DuckDBConnection, DuckDBDataChunk, DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { LIST, listValue, VARCHAR } from '@duckdb/node-api';

/** A parameter: text, list of texts or number. Null is a NULL of text. */
export type Parameter = string | number | bigint | null | string[];

/** Quotes a name. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Quotes text, where a statement takes no parameter. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * Reads the Parquet files with exactly those paths: glob characters are escaped, and `seller=A1` in
 * a path is no column. `fileColumn` names a column for the path of each row.
 */
export function parquets(paths: string[], fileColumn?: string): string {
  const files = paths.map((path) => literal(path.replace(/[*?[]/g, '[$&]')));
  const named = fileColumn === undefined ? '' : `, filename = ${literal(fileColumn)}`;
  return `read_parquet([${files}], hive_partitioning = false${named})`;
}

/**
 * SQL for rows with those columns, read from a parameter that holds a list of objects as JSON text.
 */
export function jsonRows(parameter: string, columns: Record<string, string | string[]>): string {
  return `(SELECT unnest(from_json($${parameter}::JSON, ${literal(JSON.stringify([columns]))}), recursive := true))`;
}

/**
 * SQL for a time as TIMESTAMP in UTC. Respects an offset in the text, which a plain cast to
 * TIMESTAMP would ignore. A text without offset is UTC, the time zone of every connection. A cast
 * of TIMESTAMPTZ to TIMESTAMP would ask the calendar of the time zone for each value.
 */
export function utcTimestamp(expression: string): string {
  return `make_timestamp(epoch_us(CAST(${expression} AS TIMESTAMPTZ)))`;
}

/** Runs one statement with `$name` parameters. Returns its rows as arrays of DuckDB values. */
export async function run(
  connection: DuckDBConnection,
  sql: string,
  parameters: Record<string, Parameter> = {},
): Promise<DuckDBValue[][]> {
  return (await execute(connection, sql, parameters)).getRows();
}

/** As `run`, with each row as an object by column name. */
export async function runForRecords(
  connection: DuckDBConnection,
  sql: string,
  parameters: Record<string, Parameter>,
): Promise<Record<string, DuckDBValue>[]> {
  return (await execute(connection, sql, parameters)).getRowObjects();
}

/** As `run`, with the rows in chunks as they are computed. Nothing else may run meanwhile. */
export async function* streamChunks(
  connection: DuckDBConnection,
  sql: string,
  parameters: Record<string, Parameter> = {},
): AsyncGenerator<DuckDBDataChunk> {
  const { values, types } = typed(parameters);
  const result = await connection.stream(sql, values, types);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) return;
    yield chunk;
  }
}

function execute(connection: DuckDBConnection, sql: string, parameters: Record<string, Parameter>) {
  const { values, types } = typed(parameters);
  return connection.run(sql, values, types);
}

function typed(parameters: Record<string, Parameter>) {
  const values: Record<string, DuckDBValue> = {};
  const types: Record<string, DuckDBType> = {};
  for (const [name, value] of Object.entries(parameters)) {
    values[name] = Array.isArray(value) ? listValue(value) : value;
    if (Array.isArray(value)) types[name] = LIST(VARCHAR);
    if (value === null || typeof value === 'string') types[name] = VARCHAR;
  }
  return { values, types };
}

/** `documentId` in SQL. */
export function documentIdSql(seller: string, document: string): string {
  return `coalesce(${seller}, '') || '/' || ${document}`;
}
