import type { Logger } from 'pino';
import {
  type Histories,
  historyColumnNames,
  historyColumns,
  historyModeOf,
  historyName,
  tableOfHistory,
} from '../../schema/history.js';
import { lineage } from '../../schema/lineage.js';
import type { HistoryMode, ResolvedColumn } from '../../schema/types.js';
import { isReportTable, type Relation, type Relations, type TableColumn } from '../rules/relations.js';
import type { LedgerEntry, Load, LoadTable, TableInfo } from '../types.js';
import { timeOf } from './history-documents.js';

/** A history that exists. */
export interface HistoryTable {
  relation: Relation;
  mode: HistoryMode;
}

/** The history of a table; undefined if there is none. */
export function findHistory(relations: Relations, table: string): HistoryTable | undefined {
  const relation = relations.get(historyName(table).toLowerCase());
  const mode = relation && modeOf(relation);
  return relation && mode && { relation, mode };
}

/** Whether a table is the history of another one that is there. */
export function isHistory(relations: Relations, name: string): boolean {
  const table = tableOfHistory(name)?.toLowerCase();
  return table !== undefined && relations.has(table) && findHistory(relations, table) !== undefined;
}

function modeOf(relation: Relation): HistoryMode | undefined {
  return isReportTable(relation) ? historyModeOf(relation.columns) : undefined;
}

/** The columns of a history that it has from its table. */
export function ownColumns({ relation }: HistoryTable): TableColumn[] {
  const others = new Set(lineage.map(({ name }) => name));
  return [...relation.columns]
    .filter(([key]) => !others.has(key) && !historyColumnNames.has(key))
    .map(([, column]) => column);
}

/**
 * The tables that the histories of a commit need beside those of its loads, to be planned for. A
 * history that exists keeps its mode.
 */
export function historyTablesToPlan(loads: Load[], relations: Relations, histories: Histories): LoadTable[] {
  const tables = loads.flatMap((load) => (timeOf(load.entry) === null ? [] : load.tables));
  return tables.flatMap((table): LoadTable[] => {
    const mode = modeFor(table, relations, histories);
    if (!mode) return [];
    const own = historyColumns[mode].map(
      ({ name, type }): ResolvedColumn => ({ name, type, origin: 'schema' }),
    );
    const { columns, ...rest } = rowsFor(table, histories);
    return [{ ...rest, partitionBy: own[0]?.name, columns: [...own, ...columns] }];
  });
}

/** Warns of histories that cannot be as the settings want them, or lack a document. */
export function warnOfHistories(
  loads: Load[],
  relations: Relations,
  histories: Histories,
  log: Logger | undefined,
): void {
  const tables = new Set(loads.flatMap((load) => load.tables.map(({ name }) => name)));
  for (const { entry, tables: filled } of loads) {
    if (timeOf(entry) !== null) continue;
    for (const { name } of filled.filter((table) => histories.has(table.name.toLowerCase()))) {
      log?.info(
        { document: entry.documentId },
        `${historyName(name)} leaves the document out, because nothing says what time its rows are from`,
      );
    }
  }
  for (const table of tables) {
    const wanted = histories.get(table.toLowerCase())?.mode;
    const name = historyName(table);
    if (!wanted || !relations.has(name.toLowerCase())) continue;
    const existing = findHistory(relations, table)?.mode;
    if (!existing) log?.warn({ table }, `${table} gets no history: something else has the name ${name}`);
    else if (existing !== wanted) {
      log?.warn(
        { table },
        `${name} stays \`${existing}\`, as it was created; to begin one that is \`${wanted}\`, run \`sp-reports drop ${name}\``,
      );
    }
  }
}

function modeFor(table: LoadTable, relations: Relations, histories: Histories): HistoryMode | undefined {
  const wanted = histories.get(table.name.toLowerCase());
  if (!wanted || table.mode !== 'snapshot') return undefined;
  const existing = findHistory(relations, table.name);
  if (!existing && relations.has(historyName(table.name).toLowerCase())) return undefined;
  return existing?.mode ?? wanted.mode;
}

/**
 * The rows of a document for the history of its table: all columns but those with personal data,
 * because a history would keep them for long, and those that have the name of a column of
 * histories.
 */
function rowsFor(table: LoadTable, histories: Histories): LoadTable {
  const isPersonal = histories.get(table.name.toLowerCase())?.isPersonal;
  const columns = table.columns.filter(
    ({ name, pii }) => !pii && !historyColumnNames.has(name.toLowerCase()) && !isPersonal?.(name),
  );
  return { ...table, name: historyName(table.name), mode: 'append', key: [], columns };
}

/** The rows of documents for histories, as tables to load: the same one each time. */
export class HistoryRows {
  private readonly made = new Map<LoadTable, LoadTable>();

  constructor(private readonly histories: Histories) {}

  /**
   * Undefined if there is no history, the settings want none, or the document has no rows or no
   * time.
   */
  of(entry: LedgerEntry, table: LoadTable, relations: Relations): LoadTable | undefined {
    const { histories, made } = this;
    const history = findHistory(relations, table.name);
    if (!history || !table.parquetPath || timeOf(entry) === null) return undefined;
    if (!modeFor(table, relations, histories)) return undefined;
    const rows = made.get(table) ?? rowsFor(table, histories);
    made.set(table, rows);
    return rows;
  }
}

/**
 * The tables with what histories are of. The ledger does not name a history: its report type and
 * last load are those of its table.
 */
export function withHistories(tables: TableInfo[], relations: Relations): TableInfo[] {
  const byName = new Map(tables.map((table) => [table.name.toLowerCase(), table]));
  const histories = new Map<string, TableInfo>();
  for (const base of tables) {
    const found = findHistory(relations, base.name);
    const info = found && byName.get(found.relation.name.toLowerCase());
    if (!found || !info) continue;
    const { reportType, lastLoadedAt } = base;
    histories.set(info.name, {
      ...info,
      reportType,
      lastLoadedAt,
      history: { of: base.name, mode: found.mode },
    });
  }
  return tables.map((table) => histories.get(table.name) ?? table);
}
