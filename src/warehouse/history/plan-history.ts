import { defaultKeep, type Histories } from '../../schema/history.js';
import { beforeMs } from '../../yaml/span.js';
import type { LedgerQueries } from '../ledger/ledger-queries.js';
import { epochMicros } from '../ledger/rank-documents.js';
import type { TimedLoad } from '../rules/commit-rules.js';
import type { TableBatch } from '../rules/plan-batches.js';
import type { Relations } from '../rules/relations.js';
import type { LedgerEntry, LoadTable } from '../types.js';
import { dayOf, historyDocuments, type HistoryEntry, timeOf } from './history-documents.js';
import { findHistory, type HistoryRows, type HistoryTable } from './history-tables.js';
import type { DocumentChange } from './plan-changes.js';

/** What a commit does to the history of one table. */
export interface HistoryPlan {
  history: HistoryTable;
  change: DocumentChange;
  /** The loads that have rows for it. */
  loads: { timed: TimedLoad; rows: LoadTable }[];
  /** ISO 8601. Rows that stopped being valid before it are removed. */
  keptSince: string;
}

/** The documents that come and those that leave, and the tables. */
export interface HistoryCommit {
  relations: Relations;
  coming: TimedLoad[];
  /** The ledger rows that the loads replace, by key. */
  previous: ReadonlyMap<string, LedgerEntry>;
  histories: Histories;
  rows: HistoryRows;
  nowMs: number;
}

/**
 * Plans what loads change in histories. Must read the ledger before their ledger rows are written.
 * A history that the settings no longer want gets no rows, and its current ones end with the next
 * document.
 */
export async function planHistories(
  commit: HistoryCommit,
  ledger: Pick<LedgerQueries, 'readAround'>,
): Promise<HistoryPlan[]> {
  const plans: HistoryPlan[] = [];
  for (const [table, entries] of changedTables(commit)) {
    const history = findHistory(commit.relations, table);
    if (!history) continue;
    const period = periodOf(entries);
    const known = period
      ? await ledger.readAround({
          table,
          reportTypes: [...new Set(entries.map(({ reportType }) => reportType ?? ''))],
          sellers: [...new Set(entries.map(({ sellerId }) => sellerId))],
          ...period,
        })
      : [];
    plans.push(planOf(table, history, known, commit));
  }
  return plans;
}

/** The tables that documents of the commit fill or filled, with what comes and what leaves. */
function changedTables({ coming, previous }: HistoryCommit): Map<string, LedgerEntry[]> {
  const replaced = coming.flatMap(({ load }) => previous.get(load.entry.key) ?? []);
  const loaded = coming.map(({ load }) => ({ ...load.entry, tables: load.tables }));
  const found = new Map<string, LedgerEntry[]>();
  for (const entry of [...loaded, ...replaced]) {
    for (const { name } of entry.tables) found.set(name, [...(found.get(name) ?? []), entry]);
  }
  return found;
}

/** The whole days, in UTC, that rows of documents are from: others stay as they are. */
function periodOf(entries: LedgerEntry[]): { sinceIso: string; untilIso: string } | undefined {
  const times = entries
    .flatMap((entry) => timeOf(entry) ?? [])
    .map(epochMicros)
    .sort((a, b) => Number(a - b));
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  return { sinceIso: `${dayOf(first)}T00:00:00.000000Z`, untilIso: `${dayOf(last)}T23:59:59.999999Z` };
}

function planOf(
  name: string,
  history: HistoryTable,
  known: HistoryEntry[],
  { relations, coming, histories, rows: rowsOf, nowMs }: HistoryCommit,
): HistoryPlan {
  const filling = coming.flatMap((timed) => {
    const table = timed.load.tables.find((each) => each.name === name);
    const rows = table && rowsOf.of(timed.load.entry, table, relations);
    return table ? [{ timed, rows }] : [];
  });
  const entries = filling.map(
    ({ timed }): HistoryEntry => ({ ...timed.load.entry, loadedAt: timed.loadedAt }),
  );
  const keys = new Set(coming.map(({ load }) => load.entry.key));
  const wanted = histories.get(name.toLowerCase());
  const keep = wanted?.keep ?? defaultKeep[history.mode];
  // A day keeps the rows that it has.
  const isLeftAlone = !wanted && history.mode === 'daily';
  return {
    history,
    change: {
      before: historyDocuments(known),
      after: historyDocuments([...known.filter(({ key }) => !keys.has(key)), ...entries]),
      coming: new Set(isLeftAlone ? [] : historyDocuments(entries).map(({ id }) => id)),
    },
    loads: filling.flatMap(({ timed, rows }) => (rows ? [{ timed, rows }] : [])),
    keptSince: new Date(beforeMs(nowMs, keep)).toISOString(),
  };
}

/** The rows that come for a history; documents with the same columns are in one batch. */
export function batchesOf({ history: { relation }, loads }: HistoryPlan): TableBatch[] {
  const alike = new Map<string, TableBatch>();
  for (const { timed, rows: table } of loads) {
    const { load, loadedAt } = timed;
    const { sellerId: seller, documentId: document, marketplaceIds: marketplaces } = load.entry;
    const kind = JSON.stringify(table.columns.map(({ name, type }) => [name, type]));
    const batch = alike.get(kind) ?? { relation, loads: [], others: [] };
    batch.loads.push({ load, loadedAt, table, seller, document, marketplaces, rank: 1 });
    alike.set(kind, batch);
  }
  return [...alike.values()];
}
