import { historyUpdates } from '../history/personal-history.js';
import { documentId } from '../rules/document-id.js';
import { personalUpdates } from '../rules/documents-by-table.js';
import {
  type LedgerEntry,
  type PersonalColumns,
  purgedNote,
  removedReason,
  withoutQuotations,
} from '../types.js';
import type { BigQueryClient } from './client.js';
import { documentIdSql, identifier, literal } from './sql.js';
import { addLedgerColumns, retryOnConflict, readState, runTransaction } from './state.js';
import type { Relations } from '../rules/relations.js';
import { relationsOf } from './relations.js';
import { shareTransactions } from './table-limit.js';

/** Documents per statement: a script may have a megabyte. */
const maxPerStatement = 1000;

/**
 * Removes personal data from rows, rejects and ledger rows of documents. See
 * `Warehouse.removePersonalData`.
 */
export async function removePersonalData(
  client: BigQueryClient,
  documents: LedgerEntry[],
  personalColumns: PersonalColumns,
): Promise<void> {
  const tablesOf = ({ tables }: LedgerEntry) => tables.map(({ name }) => name.toLowerCase());
  for (const some of shareTransactions(documents, tablesOf, maxPerStatement)) {
    const cleared = some.map((each) => ({ ...each, ...withoutQuotations(each) }));
    await change(client, (tables) => [
      ...personalUpdates(some, tables, personalColumns).map(
        ({ relation, columns, loaded }) =>
          `UPDATE ${client.table(relation.name)} AS here SET ${columns.map((column) => `${identifier(column)} = NULL`).join(', ')}
           WHERE ${documentIdSql('here')} IN (${loaded.map(literal).join(', ')})`,
      ),
      ...historyUpdates(some, tables, personalColumns).map(
        ({ relation, columns }) =>
          `UPDATE ${client.table(relation.name)} SET ${columns.map((column) => `${identifier(column)} = NULL`).join(', ')}
           WHERE ${columns.map((column) => `${identifier(column)} IS NOT NULL`).join(' OR ')}`,
      ),
      `UPDATE ${client.table('_rejects')} SET raw = ''
       WHERE CONCAT(IFNULL(seller_id, ''), '/', document_id) IN (${some.map(idOf).map(literal).join(', ')})`,
      `UPDATE ${client.table('_loads')} SET raw_path = NULL, reason = IF(reason IS NULL, NULL, ${literal(removedReason)}),
         ${(['files', 'warnings', 'decisions'] as const).map((column) => `${column} = CASE key ${cleared.map((each) => `WHEN ${literal(each.key)} THEN PARSE_JSON(${literal(JSON.stringify(each[column]))})`).join(' ')} END`).join(', ')}
       WHERE key IN (${some.map(({ key }) => literal(key)).join(', ')})`,
    ]);
  }
}

/** Notes that documents are purged. See `Warehouse.markPurged`. */
export async function markPurged(client: BigQueryClient, keys: string[]): Promise<void> {
  const note = literal(purgedNote);
  for (let at = 0; at < keys.length; at += maxPerStatement) {
    const some = keys.slice(at, at + maxPerStatement).map(literal);
    await change(client, () => [
      `UPDATE ${client.table('_loads')} SET notes = ARRAY_CONCAT(notes, [${note}])
       WHERE key IN (${some.join(', ')}) AND raw_path IS NULL AND ${note} NOT IN UNNEST(notes)`,
    ]);
  }
}

/** Runs statements as a commit does, and retries if another commit comes first. */
async function change(client: BigQueryClient, statementsFor: (tables: Relations) => string[]): Promise<void> {
  await retryOnConflict(client, async () => {
    const state = await readState(client);
    if (!state) return 'nothing to change';
    await addLedgerColumns(client);
    const statements = statementsFor(relationsOf(state));
    const { outcome } = await runTransaction(client, state.version, statements);
    return outcome === 'committed' ? outcome : undefined;
  });
}

function idOf({ sellerId, documentId: document }: LedgerEntry): string {
  return documentId({ seller: sellerId, document });
}
