import { documentId } from './document-id.js';
import type { LedgerEntry, PersonalColumns } from '../types.js';
import { isReportTable, type Relation, type Relations } from './relations.js';

/**
 * The documents that loaded rows, as `documentId` names them, by table (in lower case) and report
 * type.
 */
function documentsByTable(
  documents: LedgerEntry[],
): { table: string; reportType: string | null; loaded: string[] }[] {
  const found = new Map<string, { table: string; reportType: string | null; loaded: string[] }>();
  for (const { sellerId, documentId: document, reportType, tables } of documents) {
    for (const { name } of tables) {
      const table = name.toLowerCase();
      const key = `${table} ${reportType}`;
      const group = found.get(key) ?? { table, reportType, loaded: [] };
      found.set(key, group);
      group.loaded.push(documentId({ seller: sellerId, document }));
    }
  }
  return [...found.values()];
}

/** The ledger entries of documents that loaded rows, by table, in lower case. */
export function entriesByTable(entries: LedgerEntry[]): Map<string, LedgerEntry[]> {
  const found = new Map<string, LedgerEntry[]>();
  for (const entry of entries) {
    for (const { name } of entry.tables) {
      found.set(name.toLowerCase(), [...(found.get(name.toLowerCase()) ?? []), entry]);
    }
  }
  return found;
}

/** Columns of a table to empty in the rows of documents, as `documentId` names them. */
export interface PersonalUpdate {
  relation: Relation;
  columns: string[];
  loaded: string[];
}

/** Which columns hold personal data of documents; tables without any are left out. */
export function personalUpdates(
  documents: LedgerEntry[],
  relations: Relations,
  personalColumns: PersonalColumns,
): PersonalUpdate[] {
  return documentsByTable(documents).flatMap(({ table, reportType, loaded }): PersonalUpdate[] => {
    const relation = relations.get(table);
    if (!relation || !isReportTable(relation)) return [];
    const names = [...relation.columns.values()].map(({ name }) => name);
    const columns = personalColumns(reportType, relation.name, names);
    return columns.length > 0 ? [{ relation, columns, loaded }] : [];
  });
}
