import type { Widening } from '../../schema/drift.js';
import type { TimedLoad } from '../rules/commit-rules.js';
import type { Relations } from '../rules/relations.js';
import { planTable, type TablePlans } from '../rules/plan-tables.js';
import type { LoadTable } from '../types.js';
import type { State } from './state.js';
import { plannedTables } from './planned-tables.js';
import { relationOf, relationsOf } from './relations.js';

/** The tables as the loads need them, and the changes that this takes. */
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
