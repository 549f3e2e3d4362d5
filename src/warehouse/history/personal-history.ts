import type { LedgerEntry, PersonalColumns } from '../types.js';
import type { Relation, Relations } from '../rules/relations.js';
import { findHistory, ownColumns } from './history-tables.js';

/** Columns of a history to empty in all of its rows. */
export interface HistoryUpdate {
  relation: Relation;
  columns: string[];
}

/**
 * The columns with personal data that histories of the documents' tables have, although no commit
 * brings any: those that a schema marks since they came in. Several documents may have a row, so
 * that all rows lose them.
 */
export function historyUpdates(
  documents: LedgerEntry[],
  relations: Relations,
  personalColumns: PersonalColumns,
): HistoryUpdate[] {
  const found = new Map<string, HistoryUpdate>();
  for (const { reportType, tables } of documents) {
    for (const { name } of tables) {
      const history = findHistory(relations, name);
      if (!history) continue;
      const names = ownColumns(history).map((column) => column.name);
      const columns = personalColumns(reportType, name, names);
      if (columns.length > 0) found.set(history.relation.name, { relation: history.relation, columns });
    }
  }
  return [...found.values()];
}
