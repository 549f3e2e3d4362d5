import type { DuckDBConnection } from '@duckdb/node-api';
import { historyUpdates } from '../history/personal-history.js';
import { personalUpdates } from '../rules/documents-by-table.js';
import {
  type LedgerEntry,
  type PersonalColumns,
  purgedNote,
  removedReason,
  withoutQuotations,
} from '../types.js';
import type { Relations } from '../rules/relations.js';
import { documentId } from '../rules/document-id.js';
import { ensureLedger } from './ledger.js';
import { documentIdSql, identifier, jsonRows, run } from '../staging/sql.js';

/**
 * Removes personal data from rows, rejects and ledger rows of documents. See
 * `Warehouse.removePersonalData`.
 */
export async function removePersonalData(
  connection: DuckDBConnection,
  relations: Relations,
  documents: LedgerEntry[],
  personalColumns: PersonalColumns,
): Promise<void> {
  await ensureLedger(connection, relations);
  for (const { relation, loaded, ...of } of personalUpdates(documents, relations, personalColumns)) {
    const columns = of.columns.map(identifier);
    await run(
      connection,
      `UPDATE ${identifier(relation.name)} SET ${columns.map((column) => `${column} = NULL`)}
       WHERE ${documentIdSql('_seller_id', '_document_id')} IN (SELECT unnest($documents))
         AND (${columns.map((column) => `${column} IS NOT NULL`).join(' OR ')})`,
      { documents: loaded },
    );
  }
  for (const { relation, ...of } of historyUpdates(documents, relations, personalColumns)) {
    const columns = of.columns.map(identifier);
    await run(
      connection,
      `UPDATE ${identifier(relation.name)} SET ${columns.map((column) => `${column} = NULL`)}
       WHERE ${columns.map((column) => `${column} IS NOT NULL`).join(' OR ')}`,
    );
  }
  await run(
    connection,
    `UPDATE _rejects SET raw = '' WHERE ${documentIdSql('seller_id', 'document_id')} IN (SELECT unnest($documents))`,
    { documents: documents.map(idOf) },
  );
  await run(
    connection,
    `UPDATE _loads SET raw_path = NULL, reason = CASE WHEN reason IS NULL THEN NULL ELSE $reason END,
       files = batch.files, warnings = batch.warnings, decisions = batch.decisions
     FROM ${jsonRows('entries', { key: 'VARCHAR', files: 'JSON', warnings: 'JSON', decisions: 'JSON' })} batch WHERE _loads.key = batch.key`,
    {
      entries: JSON.stringify(
        documents.map((each) => ({ key: each.key, files: each.files, ...withoutQuotations(each) })),
      ),
      reason: removedReason,
    },
  );
}

/** Notes that documents are purged. See `Warehouse.markPurged`. */
export async function markPurged(connection: DuckDBConnection, keys: string[]): Promise<void> {
  await run(
    connection,
    `UPDATE _loads SET notes = list_append(coalesce(notes, []), $note)
     WHERE key IN (SELECT unnest($keys)) AND raw_path IS NULL AND NOT list_contains(coalesce(notes, []), $note)`,
    { keys, note: purgedNote },
  );
}

function idOf({ sellerId, documentId: document }: LedgerEntry): string {
  return documentId({ seller: sellerId, document });
}
