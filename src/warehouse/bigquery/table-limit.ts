import { type Histories, historyName, noHistories } from '../../schema/history.js';
import type { TimedLoad } from '../rules/commit-rules.js';
import { Refusal } from '../rules/refusal.js';
import type { LedgerEntry } from '../types.js';

/**
 * A transaction of BigQuery changes at most 100 tables:
 * https://docs.cloud.google.com/bigquery/docs/transactions#limitations
 * Three of them are `_state`, `_loads` and `_rejects`.
 */
export const maxTablesPerTransaction = 100 - 3;

/**
 * Splits loads that can share a transaction so that none changes too many tables. A document stays
 * in one transaction. `previous` has the ledger rows of the loads' keys.
 * Errors: `Refusal` for a document that alone has too many tables.
 */
export function splitByTables(
  groups: TimedLoad[][],
  previous: ReadonlyMap<string, LedgerEntry>,
  histories: Histories = noHistories,
): TimedLoad[][] {
  const entries = new Map(previous);
  return groups.flatMap((group) => {
    const tables = new Map<TimedLoad, string[]>();
    for (const timed of group) {
      const { entry } = timed.load;
      // The rows that the document loaded before are deleted.
      const before = entries.get(entry.key)?.tables ?? [];
      const names = [...timed.load.tables, ...before].flatMap(({ name }) => {
        const table = name.toLowerCase();
        return histories.has(table) ? [table, ...tablesOfHistory(table)] : [table];
      });
      const { size } = new Set(names);
      if (size > maxTablesPerTransaction) {
        throw new Refusal(
          `${size} tables, and a transaction of BigQuery changes at most ${maxTablesPerTransaction} beside the ledger`,
          timed.load,
        );
      }
      tables.set(timed, names);
      entries.set(entry.key, entry);
    }
    return shareTransactions(group, (timed) => tables.get(timed) ?? []);
  });
}

/** A history, and as many names as it takes temporary tables. */
function tablesOfHistory(table: string): string[] {
  const temporary = 6;
  return Array.from({ length: 1 + temporary }, (_, index) => `${historyName(table)} ${index}`);
}

/** Groups items, in order, so that no group has too many tables, nor more items than `maxItems`. */
export function shareTransactions<T>(
  items: T[],
  tablesOf: (item: T) => string[],
  maxItems = Number.POSITIVE_INFINITY,
): T[][] {
  const groups: T[][] = [];
  let tables = new Set<string>();
  for (const item of items) {
    const own = tablesOf(item);
    const together = new Set([...tables, ...own]);
    const last = groups.at(-1);
    if (!last || together.size > maxTablesPerTransaction || last.length >= maxItems) {
      groups.push([item]);
      tables = new Set(own);
    } else {
      last.push(item);
      tables = together;
    }
  }
  return groups;
}
