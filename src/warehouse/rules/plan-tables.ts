import { widerType } from '../../schema/column-type.js';
import { type Widening, wideningOf } from '../../schema/drift.js';
import { lineage } from '../../schema/lineage.js';
import type { ColumnType } from '../../schema/types.js';
import { Refusal } from './refusal.js';
import { isReportTable, type Relation, type Relations, type TableColumn } from './relations.js';
import type { LoadTable } from '../types.js';

/**
 * What a table has to become so that documents fit into it. Nothing is ever narrowed or dropped.
 */
export interface TablePlan {
  name: string;
  /** The table as it is in the warehouse; undefined if it must be created. */
  existing: Relation | undefined;
  /** All columns except the lineage, by name in lower case, with their future types. */
  columns: Map<string, PlannedColumn>;
}

interface PlannedColumn {
  name: string;
  type: ColumnType;
}

/** The plans of one commit, by table name in lower case. */
export type TablePlans = Map<string, TablePlan>;

/**
 * Adds one document's table to the plans: missing columns, and wider types if the document's don't
 * fit. Returns what is widened. Changes nothing in the warehouse yet; `applyPlan` says why.
 */
export function planTable(plans: TablePlans, relations: Relations, table: LoadTable): Widening[] {
  checkNames(table);
  const existing = relations.get(table.name.toLowerCase());
  if (existing && !isReportTable(existing)) {
    refuse(
      table,
      `the file already has a ${existing.isView ? 'view' : 'table'} of that name that no load made`,
    );
  }
  const plan = plans.get(table.name.toLowerCase()) ?? {
    name: existing?.name ?? table.name,
    existing,
    columns: new Map(),
  };
  plans.set(table.name.toLowerCase(), plan);
  const widened: Widening[] = [];
  for (const column of table.columns) {
    const name = column.name.toLowerCase();
    const present = plan.columns.get(name) ?? presentColumn(table, existing?.columns.get(name));
    const type = present ? widerType(present.type, column.type) : column.type;
    plan.columns.set(name, { name: present?.name ?? column.name, type });
    // A column that the schema does not know is drift as a whole.
    const isKnown = column.origin !== 'added';
    const widening = present && isKnown && wideningOf(present.name, present.type, column.type);
    if (widening) widened.push(widening);
  }
  return widened;
}

/**
 * The tables as they will be once the plans are carried out. `typeText` spells a type as the
 * warehouse does.
 */
export function withPlans(
  relations: Relations,
  plans: TablePlans,
  typeText: (type: ColumnType) => string,
): Relations {
  const planned: Relations = new Map(relations);
  for (const [key, { name, existing, columns }] of plans) {
    const all = new Map<string, TableColumn>(existing?.columns);
    for (const column of [...columns.values(), ...(existing ? [] : lineage)]) {
      const present = existing?.columns.get(column.name.toLowerCase());
      all.set(column.name.toLowerCase(), { ...present, ...column, typeText: typeText(column.type) });
    }
    planned.set(key, { name, isView: false, columns: all });
  }
  return planned;
}

function presentColumn(table: LoadTable, column: TableColumn | undefined): PlannedColumn | undefined {
  if (!column) return undefined;
  const { name, type, typeText } = column;
  if (!type) refuse(table, `column ${name} has the type ${typeText}, which no load made`);
  return { name, type };
}

function checkNames(table: LoadTable): void {
  if (table.name.startsWith('_')) refuse(table, 'names that begin with _ are kept for the ledger');
  const taken = new Set<string>(lineage.map(({ name }) => name));
  for (const column of table.columns) {
    const name = column.name.toLowerCase();
    if (taken.has(name)) {
      refuse(table, `column ${column.name} is there twice; names have no case, and lineage columns count`);
    }
    taken.add(name);
  }
}

function refuse(table: LoadTable, problem: string): never {
  throw new Refusal(`table ${table.name}: ${problem}`);
}
