import type { DuckDBConnection } from '@duckdb/node-api';
import type { Logger } from 'pino';
import { type Clock, systemClock } from '../../runtime/clock.js';
import { faultPoint } from '../../runtime/fault-point.js';
import { type Histories, noHistories } from '../../schema/history.js';
import type { Widening } from '../../schema/drift.js';
import {
  ledgerRowsOf,
  otherReplacedKeys,
  sortOut,
  splitIntoTransactions,
  type TimedLoad,
  timedLoads,
} from '../rules/commit-rules.js';
import { entriesByTable } from '../rules/documents-by-table.js';
import type { LedgerEntry, LedgerRow, Load, LoadTable } from '../types.js';
import { rankDocuments } from '../ledger/rank-documents.js';
import { isReportTable, type Relations } from '../rules/relations.js';
import { readRelations } from './relations.js';
import { ensureLedger, writeLedger } from './ledger.js';
import { duckDbLedger } from './ledger-queries.js';
import { HistoryRows, historyTablesToPlan, warnOfHistories } from '../history/history-tables.js';
import { planHistories } from '../history/plan-history.js';
import { applyHistories } from './histories.js';
import { loadRows } from './load-modes.js';
import { planBatches } from '../rules/plan-batches.js';
import { documentId } from '../rules/document-id.js';
import { documentIdSql, identifier, run } from '../staging/sql.js';
import { applyPlan } from './change-tables.js';
import { planTable, type TablePlans } from '../rules/plan-tables.js';
import { commitError } from '../staging/commit-error.js';
import { dropOwnViews } from './views.js';

export interface CommitOptions {
  log?: Logger;
  clock?: Clock | undefined;
  histories?: Histories;
  /**
   * Called after the commit with the tables and views, and whether tables were created or changed.
   */
  onCommitted?: (relations: Relations, tablesChanged: boolean) => Promise<void>;
}

/**
 * Commits loads in one transaction. Returns the keys of those left out. See `Warehouse.commit`.
 * Errors: WAREHOUSE_REFUSED, and those of the file.
 */
export async function commitLoads(
  connection: DuckDBConnection,
  loads: Load[],
  path: string,
  { log, clock = systemClock, histories = noHistories, onCommitted }: CommitOptions = {},
): Promise<string[]> {
  const timed = timedLoads(loads, clock);
  const leftOut: string[] = [];
  try {
    await run(connection, 'BEGIN');
    const prepared = await prepareTables(connection, loads, histories, log);
    const previous = await readPrevious(connection, timed);
    const groups = splitIntoTransactions(timed, previous);
    for (const together of groups) {
      // The loads of earlier groups are in the ledger by now.
      const known = groups.length > 1 ? await readPrevious(connection, together) : previous;
      leftOut.push(
        ...(await applyLoads(connection, prepared, together, known, { histories, nowMs: clock.now() })),
      );
    }
    faultPoint('rows-in');
    await run(connection, 'COMMIT');
    faultPoint('transaction-ended');
    await onCommitted?.(prepared.relations, prepared.changed);
    // Closing the connection would also write the checkpoint, but block the whole process
    // meanwhile. If this fails, the commit still stands.
    await run(connection, 'CHECKPOINT').catch(() => {});
    return leftOut;
  } catch (error) {
    // The transaction ends with the connection, and nothing of it remains.
    throw commitError(error, loads, path);
  }
}

interface PreparedTables {
  /** All tables, wide enough for the loads. */
  relations: Relations;
  /** Whether a table was created or changed. */
  changed: boolean;
  /** What each table of a load widened. */
  widened: Map<LoadTable, Widening[]>;
}

/** Creates and widens the tables that the loads need. */
async function prepareTables(
  connection: DuckDBConnection,
  loads: Load[],
  histories: Histories,
  log?: Logger,
): Promise<PreparedTables> {
  let relations = await readRelations(connection);
  await ensureLedger(connection, relations);
  const tables = loads.flatMap((load) => load.tables);
  const names = new Set(tables.map(({ name }) => name.toLowerCase()));
  const views = [...names].filter((name) => relations.get(name)?.isView);
  if (await dropOwnViews(connection, views)) relations = await readRelations(connection);
  const plans: TablePlans = new Map();
  const widened = new Map<LoadTable, Widening[]>();
  for (const table of tables) widened.set(table, planTable(plans, relations, table));
  warnOfHistories(loads, relations, histories, log);
  for (const table of historyTablesToPlan(loads, relations, histories)) planTable(plans, relations, table);
  let changed = false;
  for (const plan of plans.values()) changed = (await applyPlan(connection, plan, log)) || changed;
  return { relations: changed ? await readRelations(connection) : relations, changed, widened };
}

/**
 * The ledger rows that the loads replace, by key. All in one read, because each looks at the keys
 * of the whole ledger.
 */
function readPrevious(connection: DuckDBConnection, loads: TimedLoad[]): Promise<Map<string, LedgerEntry>> {
  return duckDbLedger(connection).readByKey(
    loads.flatMap(({ load }) => [load.entry.key, ...otherReplacedKeys(load)]),
  );
}

/**
 * Loads documents, each at most once, all together, in place of the ledger rows `previous`. Returns
 * the keys of those left out.
 */
async function applyLoads(
  connection: DuckDBConnection,
  { relations, widened }: PreparedTables,
  loads: TimedLoad[],
  previous: ReadonlyMap<string, LedgerEntry>,
  { histories, nowMs }: { histories: Histories; nowMs: number },
): Promise<string[]> {
  const { coming, leftOutKeys } = sortOut(loads, previous);
  await deletePrevious(
    connection,
    relations,
    coming.flatMap(({ load }) => previous.get(load.entry.key) ?? []),
  );
  const superseded = new Map<LoadTable, number>();
  const ledger = duckDbLedger(connection);
  for (const batches of await planBatches(relations, coming, (table, ofTable) =>
    rankDocuments(ledger, table, ofTable),
  )) {
    for (const batch of batches) {
      const counts = await loadRows(connection, batch);
      for (const [index, { table }] of batch.loads.entries()) superseded.set(table, counts[index] ?? 0);
    }
  }
  const changes = { relations, coming, previous, histories, rows: new HistoryRows(histories), nowMs };
  await applyHistories(connection, await planHistories(changes, ledger));
  const rows = ledgerRowsOf(coming, superseded, widened, previous);
  await writeLedger(
    connection,
    coming.map(({ load }, index) => ({
      load,
      row: rows[index] as LedgerRow,
      replaces: previous.has(load.entry.key),
    })),
    coming.flatMap(({ load }) => otherReplacedKeys(load)).filter((key) => previous.has(key)),
  );
  return leftOutKeys;
}

/** Deletes the rows that documents loaded before, according to the ledger. */
async function deletePrevious(
  connection: DuckDBConnection,
  relations: Relations,
  entries: LedgerEntry[],
): Promise<void> {
  for (const [name, inTable] of entriesByTable(entries)) {
    const relation = relations.get(name);
    if (!relation || !isReportTable(relation)) continue;
    await run(
      connection,
      `DELETE FROM ${identifier(relation.name)} WHERE _document_id IN (SELECT unnest($documents))
         AND ${documentIdSql('_seller_id', '_document_id')} IN (SELECT unnest($ids))`,
      {
        documents: inTable.map((entry) => entry.documentId ?? ''),
        ids: inTable.map((entry) => documentId({ seller: entry.sellerId, document: entry.documentId })),
      },
    );
  }
}
