import type { Warehouse } from '../types.js';
import { isReportTable, type Relations } from '../rules/relations.js';
import type { LedgerQueries } from './ledger-queries.js';

/** What a warehouse opens to read its ledger: the ledger, and the tables of reports. */
export interface OpenedLedger {
  ledger: LedgerQueries;
  readRelations(): Promise<Relations>;
}

/** Opens the ledger for one read. Returns `empty` before the first commit. */
export type WithLedger = <T>(empty: T, read: (opened: OpenedLedger) => Promise<T>) => Promise<T>;

/** The methods of a warehouse that only read its ledger. */
export function ledgerReads(
  withLedger: WithLedger,
): Pick<
  Warehouse,
  | 'seen'
  | 'loads'
  | 'countLoads'
  | 'loadFields'
  | 'drift'
  | 'periods'
  | 'rowDifferences'
  | 'rejects'
  | 'rejectGroups'
  | 'rowsNow'
> {
  return {
    seen: (keys) =>
      keys.length === 0
        ? Promise.resolve(new Map())
        : withLedger(new Map(), ({ ledger }) => ledger.readSeen(keys)),
    loads: (filter) => withLedger([], ({ ledger }) => ledger.readLoads(filter)),
    countLoads: (filter) => withLedger(0, ({ ledger }) => ledger.countLoads(filter)),
    loadFields: (fields, filter) => withLedger([], ({ ledger }) => ledger.readFields(fields, filter)),
    drift: (reportType) => withLedger([], ({ ledger }) => ledger.readDrift(reportType)),
    periods: () => withLedger([], ({ ledger }) => ledger.readPeriods()),
    rowDifferences: (table, { isAppend }) =>
      withLedger([], ({ ledger }) => ledger.readRowDifferences(table, isAppend)),
    rejects: (filter) => withLedger([], ({ ledger }) => ledger.readRejects(filter)),
    rejectGroups: (document) => withLedger([], ({ ledger }) => ledger.readRejectGroups(document)),
    rowsNow: ({ tables, ...document }) =>
      withLedger([], async ({ ledger, readRelations }) => {
        const relations = await readRelations();
        const found: { name: string; rows: number }[] = [];
        for (const { name } of tables) {
          const relation = relations.get(name.toLowerCase());
          if (!relation || !isReportTable(relation)) continue;
          found.push({ name, rows: await ledger.countRows(relation.name, document) });
        }
        return found;
      }),
  };
}
