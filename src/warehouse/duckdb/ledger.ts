import type { DuckDBConnection } from '@duckdb/node-api';
import { version } from '../../runtime/version.js';
import { type LedgerEntry, type LedgerFilter, type LedgerRow, type Load, rowsByKeys } from '../types.js';
import { absentValue, ledgerColumns, rejectColumns as rejectKinds } from '../ledger/ledger-columns.js';
import type { Relations } from '../rules/relations.js';
import { documentId } from '../rules/document-id.js';
import {
  documentIdSql,
  identifier,
  jsonRows,
  type Parameter,
  parquets,
  run,
  runForRecords,
  utcTimestamp,
} from '../staging/sql.js';
import { ledgerRows, ledgerTypes } from '../staging/ledger-rows.js';
import { toJsonValue } from './values.js';

/** Of each column of `_rejects` its name and its type in DuckDB. */
const rejectColumns = rejectKinds.map(({ column, kind }) => [column, ledgerTypes[kind]] as const);

/**
 * Makes `_loads` and `_rejects` where they are missing, and the columns that the ledger of an earlier version lacks. `_loads` has no primary key: rows are replaced by key within a transaction, which
 * DuckDB's unique index refuses, and the one writer keeps the key unique.
 */
export async function ensureLedger(connection: DuckDBConnection, relations: Relations): Promise<void> {
  if (hasLedger(relations)) {
    for (const { column, kind } of ledgerColumns) {
      if (relations.get('_loads')?.columns.has(column)) continue;
      await run(connection, `ALTER TABLE _loads ADD COLUMN ${identifier(column)} ${ledgerTypes[kind]}`);
    }
    return;
  }
  const loads = ledgerColumns.map(({ column, kind }) => `${identifier(column)} ${ledgerTypes[kind]}`);
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
  return rowsByKeys(rows, keys);
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
 * Ranks documents that come into a table among those that are in it: the later its report was created, or at the same time the higher its
 * report id, the higher the rank. A document without a report's creation time, one from disk, counts as created when it was loaded.
 * Documents in the table that are older than all that come have no rank.
 */
export async function rankDocuments(
  connection: DuckDBConnection,
  table: string,
  coming: { entry: LedgerEntry; loadedAt: string }[],
): Promise<{ key: string; rank: number; seller: string | null; document: string; marketplaces: string[] }[]> {
  const documents = coming.map(({ entry, loadedAt }) => ({
    key: entry.key,
    seller: entry.sellerId,
    document: entry.documentId,
    marketplaces: entry.marketplaceIds,
    created: entry.reportCreatedAt ?? loadedAt,
    report: entry.reportId ?? '',
  }));
  const rows = await run(
    connection,
    `WITH coming AS (
       SELECT key, seller, document, marketplaces, ${utcTimestamp('created')} AS created, report FROM ${comingRows}
     )
     SELECT key, row_number() OVER (ORDER BY created, length(report), report, key), seller, document, marketplaces FROM (
       FROM coming UNION ALL
       SELECT key, seller_id, document_id, marketplace_ids, coalesce(report_created_at, loaded_at) AS made, coalesce(report_id, '')
       FROM _loads WHERE document_id IS NOT NULL AND list_contains(tables->>'$[*].name', $table)
         AND key NOT IN (SELECT key FROM coming)
         AND EXISTS (FROM coming WHERE seller IS NOT DISTINCT FROM seller_id AND created <= made)
     )`,
    { table, coming: JSON.stringify(documents) },
  );
  return rows.map((row) => ({
    key: String(row[0]),
    rank: Number(row[1]),
    seller: row[2] as string | null,
    document: String(row[3]),
    marketplaces: toJsonValue(row[4] ?? null) as string[],
  }));
}

const comingRows = jsonRows('coming', {
  key: 'VARCHAR',
  seller: 'VARCHAR',
  document: 'VARCHAR',
  marketplaces: ['VARCHAR'],
  created: 'VARCHAR',
  report: 'VARCHAR',
});

/** Writes the ledger rows of loads and their rejects, in place of those that are there. `gone` are keys of rows that have no successor. */
export async function writeLedger(
  connection: DuckDBConnection,
  loads: { load: Load; row: LedgerRow; replaces: boolean }[],
  gone: string[],
): Promise<void> {
  const replaced = loads.filter(({ replaces }) => replaces).map(({ row }) => row);
  if (replaced.length > 0) {
    await run(
      connection,
      `DELETE FROM _rejects WHERE ${documentIdSql('seller_id', 'document_id')} IN (SELECT unnest($documents))`,
      {
        documents: replaced.map(({ sellerId, documentId: document }) =>
          documentId({ seller: sellerId, document }),
        ),
      },
    );
  }
  const keys = [...replaced.map(({ key }) => key), ...gone];
  if (keys.length > 0) {
    await run(connection, 'DELETE FROM _loads WHERE key IN (SELECT unnest($keys))', { keys });
  }
  const rows = loads.map(({ row }) =>
    Object.fromEntries(ledgerColumns.map(({ field, column }) => [column, row[field]])),
  );
  const values = ledgerColumns.map(({ column, kind }) => (kind === 'time' ? utcTimestamp(column) : column));
  const names = [...ledgerColumns.map(({ column }) => column), 'version'];
  await run(connection, `INSERT INTO _loads (${names}) SELECT ${values}, $version FROM ${ledgerRows}`, {
    version,
    rows: JSON.stringify(rows),
  });
  for (const { load, row } of loads) {
    if (!load.rejectsPath) continue;
    await run(
      connection,
      `INSERT INTO _rejects SELECT $seller, $document, $report, $type, table_name, row_number, column_name, raw, reason,
         ${utcTimestamp('$loadedAt')} FROM ${parquets([load.rejectsPath])}`,
      {
        seller: row.sellerId,
        document: row.documentId,
        report: row.reportId,
        type: row.reportType,
        loadedAt: row.loadedAt,
      },
    );
  }
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
  // By the names that come, as the ledger of an earlier version has fewer.
  const rows = await runForRecords(connection, `SELECT * FROM _loads ${rest}`, parameters);
  return rows.map((row) => {
    const fields = ledgerColumns.map(({ field, column, kind }) => {
      const value = row[column] ?? null;
      if (value === null) return [field, absentValue(field)];
      if (kind === 'count') return [field, Number(value)];
      return [field, kind === 'json' ? JSON.parse(String(value)) : toJsonValue(value)];
    });
    return Object.fromEntries(fields) as LedgerRow;
  });
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
  add('endSince', filter.dataEndSince, `data_end >= ${utcTimestamp('$endSince')}`);
  add('createdSince', filter.createdSince, `report_created_at >= ${utcTimestamp('$createdSince')}`);
  return { where: parts.length > 0 ? `WHERE ${parts.join(' AND ')}` : '', parameters };
}

function limit(filter: LedgerFilter): string {
  return filter.limit === undefined ? '' : `LIMIT ${Math.max(0, Math.trunc(filter.limit))}`;
}
