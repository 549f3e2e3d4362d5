import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { ledgerEntry } from '../../src/warehouse/ledger/ledger-entry.js';
import { readColumnType } from '../../src/schema/column-type.js';
import type { LoadMode, ResolvedColumn } from '../../src/schema/types.js';
import { type LedgerEntry, type Load, type LoadTable, ledgerKey } from '../../src/warehouse/types.js';

type Cell = string | null;

export interface MadeTable {
  name?: string;
  mode?: LoadMode;
  key?: string[];
  partitionBy?: string;
  /** Column name to type, as in YAML. */
  columns: Record<string, string>;
  rows: Record<string, Cell>[];
  /** DuckDB type per column in the Parquet file, if it is not text. */
  parquetTypes?: Record<string, string>;
}

export interface MadeReject {
  table: string;
  row: number;
  column: string | null;
  raw: string;
  reason: string;
}

let scratch: DuckDBConnection | undefined;
let files = 0;

/** A load of one document whose Parquet files are made by DuckDB itself, in `folder`. */
export async function makeLoad(
  folder: string,
  entry: Partial<LedgerEntry>,
  tables: MadeTable | MadeTable[] = [],
  rejects: MadeReject[] = [],
): Promise<Load> {
  const ids = { sellerId: 'A1', documentId: 'doc-1', reportId: '1', ...entry };
  const made = await Promise.all([tables].flat().map((table) => makeTable(folder, table)));
  return {
    entry: ledgerEntry({
      status: 'loaded',
      reportType: 'GET_TEST',
      ...ids,
      key: ledgerKey({ ...ids, sellerId: ids.sellerId ?? '' }),
      tables: made.map(({ name, rows }) => ({ name, rows })),
      rejects: rejects.length,
      ...entry,
    }),
    tables: made,
    rejectsPath: rejects.length > 0 ? await writeRejects(folder, rejects) : null,
  };
}

async function makeTable(folder: string, table: MadeTable): Promise<LoadTable> {
  const columns = Object.entries(table.columns).map(([name, text]): ResolvedColumn => {
    const type = readColumnType(text);
    if (!type) throw new Error(`no column type: ${text}`);
    return { name, header: name, type, origin: 'schema' };
  });
  const rows = table.rows.map((row, index) => [
    ...columns.map(
      ({ name }) => `CAST(${literal(row[name] ?? null)} AS ${table.parquetTypes?.[name] ?? 'VARCHAR'})`,
    ),
    `CAST(${index + 1} AS BIGINT)`,
  ]);
  const names = [...columns.map(({ name }) => name), '_row'];
  return {
    name: table.name ?? 'things',
    mode: table.mode ?? 'append',
    key: table.key ?? [],
    partitionBy: table.partitionBy,
    columns,
    parquetPath: rows.length > 0 ? await writeParquet(folder, names, rows) : null,
    rows: rows.length,
  };
}

function writeRejects(folder: string, rejects: MadeReject[]): Promise<string> {
  return writeParquet(
    folder,
    ['table_name', 'row_number', 'column_name', 'raw', 'reason'],
    rejects.map((each) => [
      literal(each.table),
      `CAST(${each.row} AS BIGINT)`,
      `CAST(${literal(each.column)} AS VARCHAR)`,
      literal(each.raw),
      literal(each.reason),
    ]),
  );
}

async function writeParquet(folder: string, names: string[], rows: string[][]): Promise<string> {
  scratch ??= await (await DuckDBInstance.create(':memory:')).connect();
  const path = join(folder, 'seller=A1', `${++files}.parquet`);
  mkdirSync(dirname(path), { recursive: true });
  const columns = names.map((name) => `"${name.replaceAll('"', '""')}"`);
  const values = rows.map((row) => `(${row})`);
  const to = path.replaceAll("'", "''");
  await scratch.run(`COPY (SELECT * FROM (VALUES ${values}) made(${columns})) TO '${to}' (FORMAT parquet)`);
  return path;
}

function literal(text: Cell): string {
  if (text === null) return 'NULL';
  // DuckDB's SQL cannot contain U+0000.
  return `(${text
    .split('\0')
    .map((part) => `'${part.replaceAll("'", "''")}'`)
    .join(' || chr(0) || ')})`;
}
