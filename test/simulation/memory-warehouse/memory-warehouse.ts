import { ReportsError } from '../../../src/errors/reports-error.js';
import { type Clock, systemClock } from '../../../src/runtime/clock.js';
import {
  isPurged,
  type LedgerRow,
  purgedNote,
  removedReason,
  type Warehouse,
  withoutQuotations,
} from '../../../src/warehouse/types.js';
import { commitLoads, readRowsOf } from './commit-loads.js';
import type { DatabaseLink, DatabaseState } from './database.js';
import { countRows, filtered, periodsOf, rowDifferencesIn, seenIn } from './ledger-reads.js';

/**
 * A warehouse in memory: the smallest one that keeps the contract, for simulations. It has no SQL,
 * so that it answers no queries.
 */
export function openMemoryWarehouse(link: DatabaseLink, clock: Clock = systemClock): Warehouse {
  const unreachable = () => new ReportsError('WAREHOUSE_UNREACHABLE', { path: 'memory', found: 'no answer' });
  const run = <T>(name: string, work: (state: DatabaseState) => T | Promise<T>) =>
    link.run(name, work, unreachable);
  const noSql = () => {
    throw new ReportsError('QUERY_FAILED', { found: 'it has no SQL' });
  };

  return {
    seen: (keys) => run('seen', (state) => seenIn(state, keys)),
    async commit(loads) {
      if (loads.length === 0) return [];
      const rows = await readRowsOf(loads);
      return run('commit', (state) => commitLoads(state, loads, rows, clock));
    },
    removePersonalData: (documents, personalColumns) =>
      run('removePersonalData', (state) => {
        for (const entry of documents) {
          const row = state.ledger.get(entry.key);
          if (!row) continue;
          for (const { name } of row.tables) {
            const stored = state.tables.get(name)?.get(entry.key);
            for (const each of stored?.rows ?? []) {
              const columns = JSON.parse(each.text) as [string, string][];
              const names = columns.map(([column]) => column);
              const cleared = new Set(personalColumns(row.reportType, name, names));
              each.text = JSON.stringify(columns.filter(([column]) => !cleared.has(column)));
            }
          }
          state.ledger.set(entry.key, {
            ...row,
            ...withoutQuotations(row),
            reason: row.reason && removedReason,
            rawPath: null,
            files: entry.files,
          });
        }
      }),
    markPurged: (keys) =>
      run('markPurged', (state) => {
        for (const row of keys.flatMap((key) => state.ledger.get(key) ?? [])) {
          if (row.rawPath !== null || isPurged(row)) continue;
          state.ledger.set(row.key, { ...row, notes: [...row.notes, purgedNote] });
        }
      }),
    checkWritable: () => run('checkWritable', () => {}),
    inspect: () => run('inspect', () => ({ found: 'a warehouse in memory' })),
    tables: () =>
      run('tables', (state) =>
        [...state.tables].map(([name, documents]) => ({
          name,
          reportType: null,
          rows: countRows(documents),
          lastLoadedAt: null,
        })),
      ),
    refreshViews: async () => {},
    dropEmptyTable: (table) =>
      run('dropEmptyTable', (state) => {
        if (countRows(state.tables.get(table) ?? new Map()) > 0) return 'it has rows';
        state.tables.delete(table);
      }),
    viewProblems: async () => new Map(),
    loads: (filter) => run('loads', (state) => filtered(state, filter)),
    countLoads: (filter) => run('countLoads', (state) => filtered(state, filter).length),
    loadFields: (fields, filter) =>
      run('loadFields', (state) => filtered(state, filter).map((row) => picked(row, fields))),
    drift: () => run('drift', () => []),
    periods: () => run('periods', periodsOf),
    rowDifferences: (table, { isAppend }) =>
      run('rowDifferences', (state) => rowDifferencesIn(state, table, isAppend)),
    overview: () => run('overview', () => undefined),
    rejects: () => run('rejects', () => []),
    rejectGroups: () => run('rejectGroups', () => []),
    rowsNow: ({ sellerId, documentId, tables }) =>
      run('rowsNow', (state) =>
        tables.flatMap(({ name }) => {
          const documents = state.tables.get(name);
          const rows = documents?.get(`${sellerId}/${documentId}`)?.rows.length ?? 0;
          return documents ? [{ name, rows }] : [];
        }),
      ),
    query: async () => noSql(),
    queryStream: async () => noSql(),
  };
}

function picked<Field extends keyof LedgerRow>(
  row: LedgerRow,
  fields: readonly Field[],
): Pick<LedgerRow, Field> {
  return Object.fromEntries(fields.map((field) => [field, row[field]])) as Pick<LedgerRow, Field>;
}
