import { DuckDBInstance } from '@duckdb/node-api';
import { packagedSchemasFolder, readSchemas } from '../../dist/schema/read.js';

const sqlTypes = {
  string: (column) => column,
  list: (column) => `CAST(to_json(${column}) AS VARCHAR)`,
  json: (column) => column,
  int64: (column) => `CAST(${column} AS BIGINT)`,
  decimal: (column, { precision, scale }) => `CAST(${column} AS DECIMAL(${precision},${scale}))`,
  float64: (column) => `CAST(${column} AS DOUBLE)`,
  bool: (column) => `CAST(${column} AS BOOLEAN)`,
  date: (column) => `CAST(${column} AS DATE)`,
  timestamp: (column) => `CAST(${column} AS TIMESTAMPTZ)`,
};

/**
 * Returns the SELECT with which DuckDB reads the document with the columns and casts of the report
 * schema. It states the dialect, or the structure of JSON, so that DuckDB need not guess.
 */
export function selectDocument(reportType, path, header) {
  if (isJson(reportType)) return selectJson(reportType, path, { hasStructure: true });
  const columns = columnsOf(reportType, header).map(
    ({ name, found, type }) => `${sqlTypes[type.kind](`"${found}"`, type)} AS "${name}"`,
  );
  return `SELECT ${columns} FROM read_csv('${path}', delim='\t', quote='', escape='', header=true, all_varchar=true, auto_detect=false, columns={${header.map((cell) => `'${cell}': 'VARCHAR'`)}})`;
}

/**
 * Returns the SELECT for a JSON document whose rows are a list at its top. Without a given
 * structure, DuckDB detects it.
 */
export function selectJson(reportType, path, { hasStructure }) {
  const [{ rows }] = schemaOf(reportType).tables;
  const columns = columnsOf(reportType, []);
  const values = columns.map(({ name, from, type }) => {
    const value = from.startsWith('$.') ? from.slice(2) : `item.${from}`;
    return `${sqlTypes[type.kind](value, type)} AS "${name}"`;
  });
  const items = columns.filter(({ from }) => !from.startsWith('$.'));
  const item = items.map(({ from, type }) => `${from} ${jsonTypes[type.kind](type)}`).join(', ');
  const columnsOption = `, columns={reportSpecification: 'STRUCT(marketplaceIds VARCHAR[], reportOptions STRUCT(reportPeriod VARCHAR), dataStartTime DATE, dataEndTime DATE)', ${rows}: 'STRUCT(${item})[]'}`;
  return `SELECT ${values} FROM (SELECT reportSpecification, unnest(${rows}) AS item FROM read_json('${path}', maximum_object_size=2000000000${hasStructure ? columnsOption : ''}))`;
}

const jsonTypes = {
  string: () => 'VARCHAR',
  int64: () => 'BIGINT',
  decimal: ({ precision, scale }) => `DECIMAL(${precision},${scale})`,
};

export function isJson(reportType) {
  return schemaOf(reportType).format === 'json';
}

/** Returns the cells of the header line; none for a JSON document. */
export async function headerOf(reportType, path) {
  if (isJson(reportType)) return [];
  const [first] = await runDuckDb([
    `SELECT * FROM read_csv('${path}', delim='\t', quote='', header=true, all_varchar=true) LIMIT 1`,
  ]);
  return Object.keys(first ?? {});
}

function schemaOf(reportType) {
  return readSchemas({ folders: [packagedSchemasFolder()] }).get(reportType);
}

/** Returns the columns of the schema in the header, with its spelling; for JSON, all columns. */
export function columnsOf(reportType, header) {
  const { tables, format } = schemaOf(reportType);
  return tables[0].columns.flatMap(({ name, from, type }) => {
    if (format === 'json') return [{ name, from: from[0], type }];
    const found = header.find((cell) => from.includes(cell));
    return found ? [{ name, found, type }] : [];
  });
}

/** Runs statements one after the other in a new database; returns the rows of the last one. */
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
