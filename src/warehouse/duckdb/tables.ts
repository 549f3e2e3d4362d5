import type { DuckDBConnection } from '@duckdb/node-api';
import type { Logger } from 'pino';
import { columnTypeText, widerType } from '../../schema/column-type.js';
import { type Widening, wideningOf } from '../../schema/drift.js';
import type { ColumnType } from '../../schema/types.js';
import type { Load, LoadTable } from '../types.js';
import {
  duckDbType,
  isReportTable,
  lineageColumns,
  type Relation,
  type Relations,
  type TableColumn,
} from './catalog.js';
import { createTable } from './ddl.js';
import { identifier, run } from './sql.js';

/** A load that can't be committed as it stands, whatever the state of the machine. */
export class Refusal extends Error {
  constructor(
    problem: string,
    /** Where it is known which of several it is. */
    readonly load?: Load,
  ) {
    super(problem);
  }
}

/** What a table becomes so that documents fit into it. Nothing is ever narrowed or dropped. */
export interface TablePlan {
  name: string;
  /** The table as the file has it; undefined where it is to be made. */
  existing: Relation | undefined;
  /** All columns but the lineage, by name in lower case, with the types they will have. */
  columns: Map<string, PlannedColumn>;
}

interface PlannedColumn {
  name: string;
  type: ColumnType;
}

/** The plans of one commit, by table name in lower case. */
export type TablePlans = Map<string, TablePlan>;

/**
 * Adds one document's table to the plans: the columns it lacks, and wider types where the document's don't fit.
 * Returns what it makes wider. Nothing is done to the file yet; see `applyPlan` for why.
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
    const widening = present && wideningOf(present.name, present.type, column.type);
    if (widening) widened.push(widening);
  }
  return widened;
}

/**
 * Makes the table, adds columns, widens types; false where nothing was to be done. DuckDB can't commit a transaction that alters a table after it changed rows of it,
 * so this comes before all rows of a commit.
 */
export async function applyPlan(
  connection: DuckDBConnection,
  plan: TablePlan,
  log?: Logger,
): Promise<boolean> {
  const { existing } = plan;
  const table = identifier(plan.name);
  const planned = [...plan.columns.values()].map((column) => ({
    ...column,
    typeText: duckDbType(column.type),
  }));
  if (!existing) {
    await run(connection, createTable(plan.name, planned));
    return true;
  }
  const canonical: string[] = [];
  let changed = false;
  for (const { name, type, typeText } of planned) {
    const present = existing.columns.get(name.toLowerCase());
    if (present?.typeText === typeText) continue;
    changed = true;
    const column = identifier(name);
    if (!present?.type) {
      await run(connection, `ALTER TABLE ${table} ADD COLUMN ${column} ${typeText}`);
      log?.info({ table: plan.name, column: name, type: typeText }, 'column added');
      continue;
    }
    await run(connection, `ALTER TABLE ${table} ALTER COLUMN ${column} TYPE ${typeText}`);
    log?.info({ table: plan.name, column: name, from: present.typeText, to: typeText }, 'column widened');
    const value = canonicalValue(column, present.type, type);
    if (value !== column) canonical.push(`${column} = ${value}`);
  }
  // Not in the USING clause of the ALTER: DuckDB can't replay one with a function in it from the write-ahead log, and the file would
  // not open after a crash.
  if (canonical.length > 0) await run(connection, `UPDATE ${table} SET ${canonical}`);
  return changed;
}

/**
 * SQL for a value of one type as a wider one. Numbers as text lose the zeros at their end and times are ISO 8601, so that the text does
 * not depend on the widths a column went through before. A list as text is JSON.
 */
export function widened(expression: string, from: ColumnType, to: ColumnType): string {
  if (columnTypeText(from) === columnTypeText(to)) return expression;
  return canonicalValue(`CAST(${expression} AS ${duckDbType(to)})`, from, to);
}

/** SQL for a value that was cast from one type to a wider one, in the spelling that does not depend on its column's width. */
function canonicalValue(value: string, from: ColumnType, to: ColumnType): string {
  if (to.kind === 'string') return canonicalText(value, from);
  if (to.kind !== 'list' || from.kind !== 'list') return value;
  const item = canonicalValue('item', from.item, to.item);
  return item === 'item' ? value : `list_transform(${value}, lambda item: ${item})`;
}

/** SQL for DuckDB's text of a value in the spelling that does not depend on its column's width. */
function canonicalText(text: string, from: ColumnType): string {
  if (from.kind === 'decimal' && from.scale > 0) return `rtrim(rtrim(${text}, '0'), '.')`;
  if (from.kind === 'list') return canonicalList(text, from);
  if (from.kind !== 'timestamp') return text;
  const time = `CAST(${text} AS TIMESTAMP)`;
  return `CASE WHEN microsecond(${time}) % 1000 = 0 THEN strftime(${time}, '%Y-%m-%dT%H:%M:%S.%gZ')
    ELSE strftime(${time}, '%Y-%m-%dT%H:%M:%S.%fZ') END`;
}

/** DuckDB reads its own text of a list without loss. Of decimals, of which nothing in the list is text, zeros go. */
function canonicalList(text: string, type: ColumnType & { kind: 'list' }): string {
  const json = `CAST(CAST(CAST(${text} AS ${duckDbType(type)}) AS JSON) AS VARCHAR)`;
  if (type.item.kind !== 'decimal' || type.item.scale === 0) return json;
  const shorter = `regexp_replace(${json}, '(\\.\\d*?)0+([,\\]])', '\\1\\2', 'g')`;
  return `regexp_replace(${shorter}, '\\.([,\\]])', '\\1', 'g')`;
}

function presentColumn(table: LoadTable, column: TableColumn | undefined): PlannedColumn | undefined {
  if (!column) return undefined;
  const { name, type, typeText } = column;
  if (!type) refuse(table, `column ${name} has the type ${typeText}, which no load made`);
  return { name, type };
}

function checkNames(table: LoadTable): void {
  if (table.name.startsWith('_')) refuse(table, 'names that begin with _ are kept for the ledger');
  const taken = new Set<string>(lineageColumns.map(([name]) => name));
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
