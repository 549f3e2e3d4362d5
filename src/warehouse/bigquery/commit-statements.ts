import type { Relations } from '../rules/relations.js';
import { entriesByTable } from '../rules/documents-by-table.js';
import { documentId } from '../rules/document-id.js';
import type { LedgerEntry } from '../types.js';
import type { BigQueryClient } from './client.js';
import { documentIdSql, identifier, literal } from './sql.js';
import type { StagedBatch } from './stage.js';

/** Deletes the rows that documents loaded before, according to the ledger. */
export function deletePrevious(
  client: BigQueryClient,
  relations: Relations,
  entries: LedgerEntry[],
): string[] {
  return [...entriesByTable(entries)].flatMap(([name, inTable]) => {
    const relation = relations.get(name);
    if (!relation) return [];
    const ids = inTable.map((entry) =>
      literal(documentId({ seller: entry.sellerId, document: entry.documentId })),
    );
    return `DELETE FROM ${client.table(relation.name)} AS here WHERE ${documentIdSql('here')} IN (${ids.join(', ')})${sellersOf(inTable.map(({ sellerId }) => sellerId))}`;
  });
}

/** Tables are clustered by seller: naming the sellers avoids reading the rows of others. */
function sellersOf(sellers: (string | null)[]): string {
  const known = [...new Set(sellers)].flatMap((seller) => (seller === null ? [] : literal(seller)));
  return sellers.includes(null) ? '' : ` AND here._seller_id IN (${known.join(', ')})`;
}

/** Conditions that keep BigQuery from reading rows that the loads of a batch can't replace. */
export function pruningOf(
  loads: { seller: string | null }[],
  range: StagedBatch['partitionRange'],
): string[] {
  const sellers = sellersOf(loads.map(({ seller }) => seller)).replace(/^ AND /, '');
  const column = range && `here.${identifier(range.column)}`;
  return [
    ...(sellers ? [sellers] : []),
    ...(range ? [`${column} BETWEEN ${range.from} AND ${range.to}`] : []),
  ];
}

/** SQL after FROM for all rows of some staging tables. */
export function unionOf(tables: string[]): string {
  return tables.length === 1
    ? (tables[0] as string)
    : `(${tables.map((table) => `SELECT * FROM ${table}`).join(' UNION ALL ')})`;
}
