import { DuckDBInstance } from '@duckdb/node-api';
import { packagedSchemasFolder, readSchemas } from '../../dist/schema/read.js';

const sqlTypes = {
  string: (column) => column,
  list: (column) => column,
  json: (column) => column,
  int64: (column) => `CAST(${column} AS BIGINT)`,
  decimal: (column, { precision, scale }) => `CAST(${column} AS DECIMAL(${precision},${scale}))`,
  float64: (column) => `CAST(${column} AS DOUBLE)`,
  bool: (column) => `CAST(${column} AS BOOLEAN)`,
  date: (column) => `CAST(${column} AS DATE)`,
  timestamp: (column) => `CAST(${column} AS TIMESTAMPTZ)`,
};

/**
 * The SELECT by which DuckDB reads the document with the same columns and casts as the report schema: told the dialect, so that it need
 * not guess.
 */
export function selectDocument(reportType, path, header) {
  const columns = columnsOf(reportType, header).map(
    ({ name, found, type }) => `${sqlTypes[type.kind](`"${found}"`, type)} AS "${name}"`,
  );
  return `SELECT ${columns} FROM read_csv('${path}', delim='\t', quote='', escape='', header=true, all_varchar=true, auto_detect=false, columns={${header.map((cell) => `'${cell}': 'VARCHAR'`)}})`;
}

/** Columns of the schema that the header has, as it spells them. */
export function columnsOf(reportType, header) {
  const schema = readSchemas({ folders: [packagedSchemasFolder()] }).get(reportType);
  return schema.tables[0].columns.flatMap(({ name, from, type }) => {
    const found = header.find((cell) => from.includes(cell));
    return found ? [{ name, found, type }] : [];
  });
}

/** Runs statements one after the other in a database of their own; gives the rows of the last. */
export async function runDuckDb(statements, { path = ':memory:', threads } = {}) {
  const instance = await DuckDBInstance.create(path, threads ? { threads: String(threads) } : {});
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    let rows = [];
    for (const statement of statements) {
      rows = (await connection.runAndReadAll(statement)).getRowObjectsJson();
    }
    return rows;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
