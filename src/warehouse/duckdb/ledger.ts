import { jsonOfTexts } from '../../text/well-formed.js';
import type { DuckDBConnection } from '@duckdb/node-api';
import { version } from '../../runtime/version.js';
import type { LedgerRow, Load } from '../types.js';
import { ledgerColumns, rejectColumns as rejectKinds } from '../ledger/ledger-columns.js';
import type { Relations } from '../rules/relations.js';
import { documentId } from '../rules/document-id.js';
import { documentIdSql, identifier, parquets, run, utcTimestamp } from '../staging/sql.js';
import { ledgerRows, ledgerTypes } from '../staging/ledger-rows.js';

/** Name and DuckDB type of each column of `_rejects`. */
const rejectColumns = rejectKinds.map(({ column, kind }) => [column, ledgerTypes[kind]] as const);

/**
 * Creates `_loads` and `_rejects` if they are missing, and adds columns that the ledger of an
 * earlier version lacks. `_loads` has no primary key: rows are replaced by key within a
 * transaction, which DuckDB's unique index refuses, and a single writer keeps the key unique.
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

/**
 * Writes the ledger rows and rejects of loads, replacing existing ones. `gone` has the keys of rows
 * without a successor.
 */
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
    rows: jsonOfTexts(rows),
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

/** Whether the file has a ledger: only a load creates one. */
export function hasLedger(relations: Relations): boolean {
  return relations.has('_loads') && relations.has('_rejects');
}
