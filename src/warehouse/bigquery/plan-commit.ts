import { columnTypeText } from '../../schema/column-type.js';
import type { Histories } from '../../schema/history.js';
import type { Widening } from '../../schema/drift.js';
import { historyTablesToPlan } from '../history/history-tables.js';
import type { TimedLoad } from '../rules/commit-rules.js';
import { planTable, type TablePlan, type TablePlans } from '../rules/plan-tables.js';
import type { Relations } from '../rules/relations.js';
import type { LoadTable } from '../types.js';
import { relationOf, relationsOf } from './relations.js';
import type { State, TableState } from './state.js';

/** The tables as the loads need them, and the changes that this takes. */
export function planChanges(state: State, coming: TimedLoad[], histories: Histories) {
  const relations: Relations = relationsOf(state);
  const plans: TablePlans = new Map();
  const widened = new Map<LoadTable, Widening[]>();
  const loads = coming.map(({ load }) => load);
  const tables = loads.flatMap((load) => load.tables);
  for (const table of tables) widened.set(table, planTable(plans, relations, table));
  const ofHistories = historyTablesToPlan(loads, relations, histories);
  for (const table of ofHistories) planTable(plans, relations, table);
  const changes = plannedTables(plans, state, [...tables, ...ofHistories]);
  for (const table of changes) relations.set(table.name.toLowerCase(), relationOf(table));
  const all = [...[...state.tables.values()].map(({ table }) => table), ...changes];
  const partitions = new Map(all.map((table) => [table.name.toLowerCase(), table.partitionBy]));
  return { relations, changes, widened, partitions };
}

/** The tables that the plans change, as they will be. */
function plannedTables(plans: TablePlans, state: State, keyed: LoadTable[]): TableState[] {
  return [...plans.values()].flatMap((plan): TableState[] => {
    const existing = state.tables.get(plan.name.toLowerCase())?.table;
    const columns = plannedColumns(plan, existing);
    const maker = keyed.find(({ name }) => name.toLowerCase() === plan.name.toLowerCase());
    const layout = existing ?? layoutOf(columns, maker?.partitionBy, maker?.key ?? []);
    const { partitionBy, clusterBy } = layout;
    const table = { name: plan.name, columns, partitionBy, clusterBy };
    return existing && bodyText(existing) === bodyText(table) ? [] : [table];
  });
}

function plannedColumns(plan: TablePlan, existing: TableState | undefined): TableState['columns'] {
  const planned = new Map(plan.columns);
  const kept = (existing?.columns ?? []).map((column) => {
    const wider = planned.get(column.name.toLowerCase());
    planned.delete(column.name.toLowerCase());
    return wider ?? column;
  });
  return [...kept, ...planned.values()];
}

/**
 * Partitions by month of the schema's column, and clusters by seller and key. Partitions by day
 * would be small, and a table has at most 10,000.
 */
function layoutOf(columns: TableState['columns'], partitionBy: string | undefined, key: string[]) {
  const named = (name: string) => columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
  const partition = partitionBy === undefined ? undefined : named(partitionBy);
  const isTime = partition?.type.kind === 'date' || partition?.type.kind === 'timestamp';
  const clustering = key.flatMap((name) => {
    const column = named(name);
    return column && !['float64', 'json', 'list'].includes(column.type.kind) ? [column.name] : [];
  });
  return {
    partitionBy: isTime && partition ? partition.name : null,
    clusterBy: ['_seller_id', ...clustering].slice(0, 4),
  };
}

function bodyText(table: TableState): string {
  return JSON.stringify(table.columns.map(({ name, type }) => [name, columnTypeText(type)]));
}
