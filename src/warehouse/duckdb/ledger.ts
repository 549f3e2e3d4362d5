import type { DuckDBConnection } from '@duckdb/node-api';
import { version } from '../../version.js';
import { type LedgerEntry, type LedgerFilter, type LedgerRow, type Load, ledgerKey } from '../types.js';
import type { Relations } from './catalog.js';
import { identifier, type Parameter, parquet, run, utcTimestamp } from './sql.js';
import { toJsonValue } from './values.js';

type ColumnKind = 'text' | 'list' | 'time' | 'count' | 'json';

/** Each field of a ledger entry, its column, and how it is kept. */
const ledgerColumns: { field: keyof LedgerRow; column: string; kind: ColumnKind }[] = [
  { field: 'key', column: 'key', kind: 'text' },
  { field: 'status', column: 'status', kind: 'text' },
  { field: 'sellerId', column: 'seller_id', kind: 'text' },
  { field: 'documentId', column: 'document_id', kind: 'text' },
  { field: 'reportId', column: 'report_id', kind: 'text' },
  { field: 'reportType', column: 'report_type', kind: 'text' },
  { field: 'marketplaceIds', column: 'marketplace_ids', kind: 'list' },
  { field: 'dataStart', column: 'data_start', kind: 'time' },
  { field: 'dataEnd', column: 'data_end', kind: 'time' },
  { field: 'reportCreatedAt', column: 'report_created_at', kind: 'time' },
  { field: 'reasonCode', column: 'reason_code', kind: 'text' },
  { field: 'reason', column: 'reason', kind: 'text' },
  { field: 'notes', column: 'notes', kind: 'list' },
  { field: 'tables', column: 'tables', kind: 'json' },
  { field: 'rejects', column: 'rejects', kind: 'count' },
  { field: 'rawPath', column: 'raw_path', kind: 'text' },
  { field: 'rawBytes', column: 'raw_bytes', kind: 'count' },
  { field: 'textBytes', column: 'text_bytes', kind: 'count' },
  { field: 'charset', column: 'charset', kind: 'text' },
  { field: 'dialect', column: 'dialect', kind: 'json' },
  { field: 'engine', column: 'engine', kind: 'text' },
  { field: 'pipeline', column: 'pipeline', kind: 'text' },
  { field: 'body', column: 'body', kind: 'text' },
  { field: 'durationMs', column: 'duration_ms', kind: 'count' },
  { field: 'loadedAt', column: 'loaded_at', kind: 'time' },
];

const duckDbTypes: Record<ColumnKind, string> = {
  text: 'VARCHAR',
  list: 'VARCHAR[]',
  time: 'TIMESTAMP',
  count: 'BIGINT',
  json: 'JSON',
};

const rejectColumns = [
  ['seller_id', 'VARCHAR'],
  ['document_id', 'VARCHAR'],
  ['report_id', 'VARCHAR'],
  ['report_type', 'VARCHAR'],
  ['table_name', 'VARCHAR'],
  ['row_number', 'BIGINT'],
  ['column_name', 'VARCHAR'],
  ['raw', 'VARCHAR'],
  ['reason', 'VARCHAR'],
  ['loaded_at', 'TIMESTAMP'],
] as const;

/** A document of the ledger that is newer than the one in hand. */
export interface Newer {
  documentId: string;
  marketplaceIds: string[];
}

/**
 * Makes `_loads` and `_rejects` where they are missing. `_loads` has no primary key: rows are replaced by key within a transaction, which
 * DuckDB's unique index refuses, and the one writer keeps the key unique.
 */
export async function ensureLedger(connection: DuckDBConnection): Promise<void> {
  const loads = ledgerColumns.map(({ column, kind }) => `${identifier(column)} ${duckDbTypes[kind]}`);
  const rejects = rejectColumns.map(([column, type]) => `${identifier(column)} ${type}`);
  await run(connection, `CREATE TABLE IF NOT EXISTS _loads (${[...loads, 'version VARCHAR']})`);
  await run(connection, `CREATE TABLE IF NOT EXISTS _rejects (${rejects})`);
}

/** The ledger rows of those keys. */
export async function readByKey(
  connection: DuckDBConnection,
  keys: string[],
): Promise<Map<string, LedgerRow>> {
  const rows = await readLedger(connection, 'WHERE key IN (SELECT unnest($keys))', { keys });
  return new Map(rows.map((row) => [row.key, row]));
}

/**
 * The ledger rows of those keys; the key of a report without a document finds the report's documents too, for a notification may lack the
 * document id that the ledger has.
 */
export async function readSeen(
  connection: DuckDBConnection,
  keys: string[],
): Promise<Map<string, LedgerRow>> {
  const rows = await readLedger(
    connection,
    `WHERE key IN (SELECT unnest($keys)) OR seller_id || '/report/' || report_id IN (SELECT unnest($keys))
     ORDER BY document_id IS NULL DESC`,
    { keys },
  );
  const wanted = new Set(keys);
  const seen = new Map<string, LedgerRow>();
  for (const row of rows) {
    const { key, sellerId, reportId } = row;
    const keysOfRow = [key, ...(sellerId && reportId ? [ledgerKey({ sellerId, reportId })] : [])];
    for (const each of keysOfRow) if (wanted.has(each)) seen.set(each, row);
  }
  return seen;
}

/** Ledger rows, the last loaded first. */
export async function readLoads(connection: DuckDBConnection, filter: LedgerFilter): Promise<LedgerRow[]> {
  const { where, parameters } = conditions(filter);
  return readLedger(connection, `${where} ORDER BY loaded_at DESC, key ${limit(filter)}`, parameters);
}

/** Rejects of the documents that the filter finds, the last loaded first, then in document order. */
export async function readRejects(
  connection: DuckDBConnection,
  filter: LedgerFilter,
): Promise<Record<string, unknown>[]> {
  const { documentOrTable, ...ofDocument } = filter;
  const { where, parameters } = conditions(ofDocument);
  const named = documentOrTable === undefined ? '' : 'WHERE $name IN (document_id, report_id, table_name)';
  const rows = await run(
    connection,
    `SELECT ${rejectColumns.map(([column]) => column)} FROM _rejects rejects
     SEMI JOIN (SELECT seller_id AS seller, document_id AS document FROM _loads ${where}) loads
       ON seller IS NOT DISTINCT FROM seller_id AND document IS NOT DISTINCT FROM document_id
     ${named}
     ORDER BY loaded_at DESC, document_id, table_name, row_number, column_name ${limit(filter)}`,
    { ...parameters, ...(documentOrTable !== undefined && { name: documentOrTable }) },
  );
  return rows.map((row) =>
    Object.fromEntries(rejectColumns.map(([column], index) => [column, toJsonValue(row[index] ?? null)])),
  );
}

/**
 * Other documents of the same seller that filled this table from a newer report: later created, or created at the same time with a
 * higher report id. A document without a report's creation time, one from disk, counts as created when it was loaded.
 */
export async function readNewer(
  connection: DuckDBConnection,
  entry: LedgerEntry,
  table: string,
  loadedAt: string,
): Promise<Newer[]> {
  const rows = await run(
    connection,
    `SELECT document_id, marketplace_ids FROM _loads
     WHERE seller_id IS NOT DISTINCT FROM $seller AND document_id IS NOT NULL AND key <> $key
       AND list_contains(tables->>'$[*].name', $table)
       AND (coalesce(report_created_at, loaded_at), length(coalesce(report_id, '')), coalesce(report_id, ''), key)
         > (${utcTimestamp('$created')}, length($report), $report, $key)`,
    {
      seller: entry.sellerId,
      key: entry.key,
      table,
      created: entry.reportCreatedAt ?? loadedAt,
      report: entry.reportId ?? '',
    },
  );
  return rows.map((row) => ({
    documentId: String(row[0]),
    marketplaceIds: toJsonValue(row[1] ?? null) as string[],
  }));
}

/** Writes the ledger row of a load and its rejects, in place of those that are there. */
export async function writeLedger(
  connection: DuckDBConnection,
  load: Load,
  tables: LedgerEntry['tables'],
  loadedAt: string,
  replaces: boolean,
): Promise<void> {
  const row: LedgerRow = { ...load.entry, tables, loadedAt };
  const ids = { seller: row.sellerId, document: row.documentId };
  if (replaces) {
    await run(connection, 'DELETE FROM _loads WHERE key = $key', { key: row.key });
    await run(
      connection,
      'DELETE FROM _rejects WHERE seller_id IS NOT DISTINCT FROM $seller AND document_id IS NOT DISTINCT FROM $document',
      ids,
    );
  }
  const parameters: Record<string, Parameter> = { version };
  for (const { field, column, kind } of ledgerColumns) parameters[column] = toParameter(row[field], kind);
  const values = ledgerColumns.map(({ column, kind }) =>
    kind === 'time' ? utcTimestamp(`$${column}`) : `$${column}`,
  );
  await run(connection, `INSERT INTO _loads VALUES (${[...values, '$version']})`, parameters);
  if (!load.rejectsPath) return;
  await run(
    connection,
    `INSERT INTO _rejects SELECT $seller, $document, $report, $type, table_name, row_number, column_name, raw, reason,
       ${utcTimestamp('$loadedAt')} FROM ${parquet(load.rejectsPath)}`,
    { ...ids, report: row.reportId, type: row.reportType, loadedAt },
  );
}

/** Whether the file has a ledger: a file that no load has touched has none. */
export function hasLedger(relations: Relations): boolean {
  return relations.has('_loads') && relations.has('_rejects');
}

async function readLedger(
  connection: DuckDBConnection,
  rest: string,
  parameters: Record<string, Parameter>,
): Promise<LedgerRow[]> {
  const rows = await run(
    connection,
    `SELECT ${ledgerColumns.map(({ column }) => column)} FROM _loads ${rest}`,
    parameters,
  );
  return rows.map((row) => {
    const fields = ledgerColumns.map(({ field, kind }, index) => {
      const value = row[index] ?? null;
      if (value === null) return [field, null];
      if (kind === 'count') return [field, Number(value)];
      return [field, kind === 'json' ? JSON.parse(String(value)) : toJsonValue(value)];
    });
    return Object.fromEntries(fields) as LedgerRow;
  });
}

function toParameter(value: LedgerRow[keyof LedgerRow], kind: ColumnKind): Parameter {
  if (value === null) return null;
  if (kind === 'json') return JSON.stringify(value);
  if (kind === 'count') return BigInt(value as number);
  return value as string | string[];
}

function conditions(filter: LedgerFilter): { where: string; parameters: Record<string, Parameter> } {
  const parts: string[] = [];
  const parameters: Record<string, Parameter> = {};
  const add = (name: string, value: string | string[] | undefined, condition: string) => {
    if (value === undefined) return;
    parts.push(condition);
    parameters[name] = value;
  };
  add('statuses', filter.statuses, 'status IN (SELECT unnest($statuses))');
  add('type', filter.reportType, 'report_type = $type');
  add('seller', filter.sellerId, 'seller_id = $seller');
  add(
    'name',
    filter.documentOrTable,
    `($name IN (document_id, report_id) OR list_contains(tables->>'$[*].name', $name))`,
  );
  return { where: parts.length > 0 ? `WHERE ${parts.join(' AND ')}` : '', parameters };
}

function limit(filter: LedgerFilter): string {
  return filter.limit === undefined ? '' : `LIMIT ${Math.max(0, Math.trunc(filter.limit))}`;
}
