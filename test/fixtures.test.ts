import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import type { Engine, ParsedDocument } from '../src/parse/types.js';
import { convertDocument } from '../src/ingest/convert-document.js';
import { columnTypeText } from '../src/schema/column-type.js';
import { packagedSchemasFolder, readSchemas } from '../src/schema/read.js';
import { keepFile } from '../src/source/document/raw-store.js';
import type { DocumentMetadata } from '../src/source/types.js';
import type { LoadTable } from '../src/warehouse/types.js';
import { openFolderStore } from '../src/store/folder-store.js';
import { onEachCollection } from './collections.js';

/** A case is a document and, beside it, `<case>.expected.json`; adding a pair adds a test. */
interface Expected {
  /** The metadata from Amazon, if it matters. */
  metadata?: Partial<DocumentMetadata>;
  charset: string;
  table: string;
  /** `name type`; schema columns that the document lacks are left out. */
  columns: string[];
  rows: Record<string, string>[];
  /** Rows of the other tables of the document, by table. */
  otherRows?: Record<string, Record<string, string>[]>;
  rejects: Record<string, unknown>[];
}

const folder = new URL('./fixtures/', import.meta.url).pathname;
const engines: Engine[] = ['columnar', 'reference'];
const schemas = readSchemas({ folders: [packagedSchemasFolder()] });

/**
 * Converts a document from a file to Parquet, and reads the Parquet back with DuckDB and hyparquet.
 */
async function readThrough(path: string, metadata: Omit<DocumentMetadata, 'documentId'>, engine: Engine) {
  const home = mkdtempSync(join(tmpdir(), 'sp-reports-fixture-'));
  try {
    const raw = await keepFile(openFolderStore(join(home, 'raw')), path, metadata);
    const schema = schemas.get(metadata.reportType);
    const { document, parsed, written } = await convertDocument(
      raw,
      { lake: openFolderStore(join(home, 'lake')), engine },
      { maxTextBytes: 1e9, schema, schemas },
    );
    return {
      document,
      parsed,
      tables: await Promise.all(written.tables.map((table) => readTable(table))),
      rejects: await readRejects(written.rejectsPath),
    };
  } finally {
    rmSync(home, { recursive: true });
  }
}

async function readTable(table: LoadTable) {
  if (!table.parquetPath) return { ...table, rowsByDuckDb: [], rowsByHyparquet: 0 };
  const columns = table.columns.map(
    ({ name, type }) =>
      `CAST("${name}" AS ${sqlTypes[type.kind] ?? columnTypeText(type)})::VARCHAR AS "${name}"`,
  );
  const rowsByDuckDb = await duckDb(
    `SELECT ${columns} FROM read_parquet('${table.parquetPath}') ORDER BY _row`,
  );
  const read = await parquetReadObjects({ file: await asyncBufferFromFile(table.parquetPath) });
  return { ...table, rowsByDuckDb, rowsByHyparquet: read.length };
}

const sqlTypes: Record<string, string> = {
  string: 'VARCHAR',
  json: 'VARCHAR',
  list: 'VARCHAR',
  int64: 'BIGINT',
  float64: 'DOUBLE',
  bool: 'BOOLEAN',
};

function readRejects(path: string | null) {
  return path
    ? duckDb(
        `SELECT row_number::INT AS row, column_name AS "column", raw, reason FROM read_parquet('${path}')`,
      )
    : [];
}

async function duckDb(sql: string) {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function withoutNulls(rows: Record<string, unknown>[]) {
  return rows.map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)));
}

/** Columns of the document, without those that only the schema has. */
function documentColumns(parsed: ParsedDocument): string[] {
  return (parsed.tables[0]?.columns ?? [])
    .filter(({ header }) => header !== undefined)
    .map(({ name, type }) => `${name} ${columnTypeText(type)}`);
}

describe('fixtures, from the document to Parquet and back:', () => {
  for (const reportType of readdirSync(folder).filter((name) => /^[A-Z]/.test(name))) {
    for (const name of readdirSync(join(folder, reportType)).filter(
      (each) => !each.endsWith('.expected.json'),
    )) {
      for (const engine of engines)
        it(`${reportType}/${name} loads as expected by the ${engine} engine`, async () => {
          const expectedPath = join(folder, reportType, `${name.replace(/\..*$/, '')}.expected.json`);
          const expected = JSON.parse(readFileSync(expectedPath, 'utf8')) as Expected;
          const metadata = { sellerId: 'A1', reportType, marketplaceIds: [], ...expected.metadata };
          const { document, parsed, tables, rejects } = await readThrough(
            join(folder, reportType, name),
            metadata,
            engine,
          );
          const [table, ...others] = tables;
          const rows = withoutNulls(table?.rowsByDuckDb ?? []);
          const otherRows = Object.fromEntries(
            others.map(({ name, rowsByDuckDb }) => [name, withoutNulls(rowsByDuckDb)]),
          );
          assert.deepEqual(
            {
              metadata: expected.metadata,
              charset: document.charset,
              table: table?.name,
              columns: documentColumns(parsed),
              rows,
              otherRows,
              rejects,
            },
            { metadata: expected.metadata, otherRows: {}, ...expected },
          );
          assert.equal(table?.rowsByHyparquet, rows.length);
        });
    }
  }
});

describe('collected documents:', () => {
  onEachCollection('samples', (samples, size) => {
    for (const name of readdirSync(samples).filter((each) => each.includes('--'))) {
      for (const engine of engines) {
        it(`${name} of the ${size} collection loads with every line, by the ${engine} engine`, async () => {
          const reportType = name.replace(/--.*$/, '');
          const metadata = { sellerId: 'A1', reportType, marketplaceIds: [] };
          const { parsed, tables, rejects } = await readThrough(join(samples, name), metadata, engine);
          assert.deepEqual(rejects, []);
          assert.deepEqual(parsed.warnings ?? [], []);
          const rows = tables.reduce((sum, table) => sum + table.rowsByDuckDb.length, 0);
          if (/\.(json|xml)$/.test(name)) return assert.ok(rows > 0);
          const lines = readFileSync(join(samples, name), 'latin1')
            .split('\n')
            .filter((line) => line.trim() !== '');
          assert.equal(rows, lines.length - 1);
        });
      }
    }
  });
});
