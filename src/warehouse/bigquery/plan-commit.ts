import type { Widening } from '../../schema/drift.js';
import { inOrder, tableEntry, type TimedLoad } from '../rules/commit-rules.js';
import type { Relations } from '../rules/relations.js';
import { planTable, type TablePlans } from '../rules/plan-tables.js';
import type { LedgerRow, LoadTable } from '../types.js';
import type { StagedBatch } from './stage.js';
import type { State } from './state.js';
import { plannedTables, relationOf, relationsOf } from './planned-tables.js';

/** The tables as the loads need them, and what is to be changed for that. */
export function planChanges(state: State, coming: TimedLoad[]) {
  const relations: Relations = relationsOf(state);
  const plans: TablePlans = new Map();
  const widened = new Map<LoadTable, Widening[]>();
  for (const table of coming.flatMap(({ load }) => load.tables)) {
    widened.set(table, planTable(plans, relations, table));
  }
  const changes = plannedTables(
    plans,
    state,
    coming.map(({ load }) => load),
  );
  for (const table of changes) relations.set(table.name.toLowerCase(), relationOf(table));
  const all = [...[...state.tables.values()].map(({ table }) => table), ...changes];
  const partitions = new Map(all.map((table) => [table.name.toLowerCase(), table.partitionBy]));
  return { relations, changes, widened, partitions };
}

/** The ledger rows of what was staged. */
export function ledgerRowsOf(
  coming: TimedLoad[],
  staged: StagedBatch[],
  superseded: Map<LoadTable, number>,
  widened: Map<LoadTable, Widening[]>,
  previous: Map<string, LedgerRow>,
): LedgerRow[] {
  const broughtIn = new Set(staged.flatMap(({ batch }) => batch.loads.map(({ table }) => table)));
  return coming.map(({ load, loadedAt }) => {
    const tables = load.tables
      .filter((table) => broughtIn.has(table))
      .map((table) =>
        tableEntry(table, superseded.get(table) ?? 0, widened.get(table), previous.get(load.entry.key)),
      );
    return { ...load.entry, tables: inOrder(tables, load), loadedAt };
  });
}
