import { DuckDBInstance } from '@duckdb/node-api';
import { packagedSchemasFolder, readSchemas } from '../../src/schema/read.js';
import type { ColumnType } from '../../src/schema/types.js';
import { reportType } from './document.js';

const sqlTypes: Record<ColumnType['kind'], (column: string, type: ColumnType) => string> = {
  string: (column) => column,
  list: (column) => column,
  json: (column) => column,
  int64: (column) => `CAST(${column} AS BIGINT)`,
  decimal: (column, type) =>
    type.kind === 'decimal' ? `CAST(${column} AS DECIMAL(${type.precision},${type.scale}))` : column,
  float64: (column) => `CAST(${column} AS DOUBLE)`,
  bool: (column) => `CAST(${column} AS BOOLEAN)`,
  date: (column) => `CAST(${column} AS DATE)`,
  timestamp: (column) => `CAST(${column} AS TIMESTAMPTZ)`,
};

/**
 * The SELECT by which DuckDB reads the document with the same columns and casts as the report schema: told the dialect, so that it need
 * not guess.
 */
export function selectDocument(path: string, header: string[]): string {
  const schema = readSchemas({ folders: [packagedSchemasFolder()] }).get(reportType);
  const columns = schema?.tables[0]?.columns.flatMap(({ name, from, type }) => {
    const found = header.find((cell) => from.includes(cell));
    return found ? [`${sqlTypes[type.kind](`"${found}"`, type)} AS "${name}"`] : [];
  });
  return `SELECT ${columns} FROM read_csv('${path}', delim='\t', quote='', escape='', header=true, all_varchar=true, auto_detect=false, columns={${header.map((cell) => `'${cell}': 'VARCHAR'`)}})`;
}

/** Runs statements one after the other in a database of their own. */
export async function runDuckDb(statements: string[], options: { path?: string; threads?: number } = {}) {
  const settings: Record<string, string> = options.threads ? { threads: String(options.threads) } : {};
  const instance = await DuckDBInstance.create(options.path ?? ':memory:', settings);
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) {
      rows = (await connection.runAndReadAll(statement)).getRowObjectsJson();
    }
    return rows;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
