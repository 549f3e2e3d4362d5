import { historyUpdates } from '../history/personal-history.js';
import { personalUpdates } from '../rules/documents-by-table.js';
import type { Relations } from '../rules/relations.js';
import {
  type LedgerEntry,
  type PersonalColumns,
  purgedNote,
  removedReason,
  withoutQuotations,
} from '../types.js';
import type { PostgresServer } from './connection.js';
import type { Session } from './session.js';
import { documentParameters, identifier, isOfDocuments, storable, storableJson } from './sql.js';

/**
 * Removes personal data from rows, rejects and ledger rows of documents. See
 * `Warehouse.removePersonalData`.
 */
export async function removePersonalData(
  session: Session,
  server: PostgresServer,
  relations: Relations,
  documents: LedgerEntry[],
  personalColumns: PersonalColumns,
): Promise<void> {
  const [names, ids] = documentParameters(documents);
  for (const { relation, loaded, ...of } of personalUpdates(documents, relations, personalColumns)) {
    const columns = of.columns.map(identifier);
    await session.run(
      `UPDATE ${server.table(relation.name)} SET ${columns.map((column) => `${column} = NULL`).join(', ')}
       WHERE ${isOfDocuments('_seller_id', '_document_id')}
         AND (${columns.map((column) => `${column} IS NOT NULL`).join(' OR ')})`,
      [names, loaded.map(storable)],
    );
  }
  for (const { relation, ...of } of historyUpdates(documents, relations, personalColumns)) {
    const columns = of.columns.map(identifier);
    await session.run(
      `UPDATE ${server.table(relation.name)} SET ${columns.map((column) => `${column} = NULL`).join(', ')}
       WHERE ${columns.map((column) => `${column} IS NOT NULL`).join(' OR ')}`,
    );
  }
  await session.run(
    `UPDATE ${server.table('_rejects')} SET raw = '' WHERE ${isOfDocuments('seller_id', 'document_id')}`,
    [names, ids],
  );
  await session.run(
    `UPDATE ${server.table('_loads')} AS loads SET raw_path = NULL,
       reason = CASE WHEN loads.reason IS NULL THEN NULL ELSE $2 END,
       files = batch.files, warnings = batch.warnings, decisions = batch.decisions
     FROM JSON_TO_RECORDSET(CAST($1 AS json)) AS batch(key text, files jsonb, warnings jsonb, decisions jsonb)
     WHERE loads.key = batch.key`,
    [
      storableJson(
        documents.map((each) => ({ key: each.key, files: each.files, ...withoutQuotations(each) })),
      ),
      removedReason,
    ],
  );
}

/** Notes that documents are purged. See `Warehouse.markPurged`. */
export async function markPurged(session: Session, server: PostgresServer, keys: string[]): Promise<void> {
  await session.run(
    `UPDATE ${server.table('_loads')} SET notes = ARRAY_APPEND(COALESCE(notes, '{}'), $2)
     WHERE key = ANY ($1) AND raw_path IS NULL AND NOT COALESCE(notes, '{}') @> ARRAY[$2]`,
    [keys.map(storable), purgedNote],
  );
}
