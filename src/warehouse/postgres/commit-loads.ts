import type { Logger } from 'pino';
import { ReportsError } from '../../errors/reports-error.js';
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
import { HistoryRows, historyTablesToPlan, warnOfHistories } from '../history/history-tables.js';
import { planHistories } from '../history/plan-history.js';
import { entriesByTable } from '../rules/documents-by-table.js';
import { planBatches } from '../rules/plan-batches.js';
import { planTable, type TablePlans, withPlans } from '../rules/plan-tables.js';
import { Refusal } from '../rules/refusal.js';
import { isReportTable, type Relations } from '../rules/relations.js';
import { rankDocuments } from '../ledger/rank-documents.js';
import { commitError } from '../staging/commit-error.js';
import { withStager } from '../staging/stager.js';
import type { LedgerEntry, LedgerRow, Load, LoadTable } from '../types.js';
import { changeTable, type Descriptions, dropKeyIndex, isChange, makeTable } from './change-tables.js';
import { castType } from './column-types.js';
import type { PostgresServer } from './connection.js';
import { checkRows, countNulRejects, type RowSource } from './copy-rows.js';
import { PostgresError } from './errors.js';
import { applyHistories } from './histories.js';
import { readHolder } from './holder.js';
import { ensureLedger, isOutdated, writeLedger, type WrittenLoad } from './ledger.js';
import { postgresLedger } from './ledger-queries.js';
import { createIndexes, type Loading, loadRows } from './load-modes.js';
import { lockCommits } from './lock.js';
import { readRelations } from './relations.js';
import type { Session } from './session.js';
import { documentParameters, isOfDocuments, ownName } from './sql.js';
import { checkSupported } from './supported.js';
import { dropViews, readVersions } from './views.js';

export interface CommitOptions {
  descriptions: Descriptions;
  histories?: Histories;
  memoryLimitMegabytes?: number;
  log?: Logger;
  /** Called after the commit, with whether tables were created or changed. */
  onCommitted?: (session: Session, tablesChanged: boolean) => Promise<void>;
  /** Called when a table was changed, which drops its views, before its rows are loaded. */
  onTableChanged?: () => void;
}

/** What a commit has done so far, and keeps for its next attempt. */
interface Progress {
  source: RowSource;
  /** What each table of a load widened. */
  widened: Map<LoadTable, Widening[]>;
  tablesChanged: boolean;
  /** The tables in PostgreSQL whose keys are too long for an index. */
  withoutKeyIndex: Set<string>;
  /** The rows for histories. */
  histories: HistoryRows;
}

/**
 * Commits loads in one transaction and returns the keys of those left out. See `Warehouse.commit`.
 * Rows are converted while they are sent. Tables that exist are changed in short transactions of
 * their own, so that a long commit never keeps readers from a table. Commits to a schema follow
 * one another, whichever process they come from.
 * Errors: WAREHOUSE_REFUSED, and those of `failureRows`.
 */
export async function commitLoads(
  server: PostgresServer,
  loads: Load[],
  options: CommitOptions,
): Promise<string[]> {
  const timed = timedLoads(loads, server.clock);
  try {
    return await withStager(options.memoryLimitMegabytes, async (stager) => {
      const progress: Progress = {
        source: { connection: stager.connection, replacesNul: false },
        widened: new Map(),
        tablesChanged: false,
        withoutKeyIndex: new Set(),
        histories: new HistoryRows(options.histories ?? noHistories),
      };
      for (;;) {
        try {
          return await server.work('commit', (session) => attempt(session, server, timed, progress, options));
        } catch (error) {
          const isAdapted = await adapt(server, error, progress);
          if (!isAdapted) throw error;
        }
      }
    });
  } catch (error) {
    throw refusal(await explained(error, server), loads, server.path);
  }
}

/** Says which session is in the way, if one is. */
async function explained(error: unknown, server: PostgresServer): Promise<unknown> {
  if (!(error instanceof PostgresError) || error.sqlState !== '55P03') return error;
  const holder = await server
    .once((session) =>
      session.transaction('read', () => readHolder(session, server, { isIdle: false, minMinutes: 0 })),
    )
    .catch(() => undefined);
  if (!holder) return error;
  const found = `${error.details.found}; ${holder}`;
  return new ReportsError(error.code, { ...error.details, found }, { cause: error });
}

/**
 * Makes the next attempt avoid a limit of PostgreSQL that few documents meet, so that the others do
 * not pay for it. Returns whether it can.
 */
async function adapt(server: PostgresServer, error: unknown, progress: Progress): Promise<boolean> {
  if (!(error instanceof PostgresError)) return false;
  // From DuckDB comes valid UTF-8, so the bytes that no text can have are U+0000.
  if (error.sqlState === '22021' && !progress.source.replacesNul) {
    progress.source.replacesNul = true;
    return true;
  }
  const { table } = error;
  const isOfIndex = error.sqlState === '54000' && /^index row/.test(String(error.details.found));
  if (!isOfIndex || table === undefined || progress.withoutKeyIndex.has(table)) return false;
  progress.withoutKeyIndex.add(table);
  await server.work('commit', (session) =>
    session.transaction('write', async () => {
      await lockCommits(session, server);
      await dropKeyIndex(session, server, table);
    }),
  );
  return true;
}

async function attempt(
  session: Session,
  server: PostgresServer,
  loads: TimedLoad[],
  progress: Progress,
  options: CommitOptions,
): Promise<string[]> {
  for (;;) {
    await session.begin('write');
    await checkSupported(session, server);
    await lockCommits(session, server);
    const plan = planAll(await readTables(session, server, loads), loads, options);
    for (const [table, widened] of plan.widened) {
      // Once tables are changed, a later plan finds nothing to widen.
      if (widened.length > 0) progress.widened.set(table, widened);
    }
    const changes = [...plan.plans.values()].filter(isChange);
    const isLedgerOld = isOutdated(plan.before);
    if (changes.length > 0 || isLedgerOld) {
      // A load that will be refused changes no table.
      if (changes.length > 0) await checkRows(progress.source, plan.relations, loads);
      if (isLedgerOld) await ensureLedger(session, server, plan.before);
      for (const each of changes) await changeTable(session, { server, ...options }, each);
      await session.commit();
      progress.tablesChanged ||= changes.length > 0;
      if (changes.length > 0) options.onTableChanged?.();
      continue;
    }
    const leftOut = await loadAll(
      { session, server, source: progress.source, indexes: new Map() },
      loads,
      plan,
      progress,
      options,
    );
    faultPoint('rows-in');
    await session.commit();
    faultPoint('transaction-ended');
    await options.onCommitted?.(session, progress.tablesChanged);
    return leftOut;
  }
}

interface CommitPlan {
  plans: TablePlans;
  /** The tables as they are, and as the loads need them. */
  before: Relations;
  relations: Relations;
  widened: Map<LoadTable, Widening[]>;
}

function planAll(
  before: Relations,
  loads: TimedLoad[],
  { histories = noHistories }: Pick<CommitOptions, 'histories'>,
): CommitPlan {
  const plans: TablePlans = new Map();
  const widened = new Map<LoadTable, Widening[]>();
  const all = loads.map(({ load }) => load);
  for (const table of all.flatMap(({ tables }) => tables)) {
    checkTableName(table);
    widened.set(table, planTable(plans, before, table));
  }
  for (const table of historyTablesToPlan(all, before, histories)) {
    if (hasOwnName(table)) planTable(plans, before, table);
  }
  return { plans, before, widened, relations: withPlans(before, plans, castType) };
}

/** A column may have a shorter name than in its document; others find a table by its name. */
function checkTableName({ name }: LoadTable): void {
  if (hasOwnName({ name })) return;
  throw new Refusal(`table ${name}: PostgreSQL has no names of more than 63 bytes`);
}

function hasOwnName({ name }: Pick<LoadTable, 'name'>): boolean {
  return ownName(name) === name.toLowerCase();
}

/**
 * Reads the tables. A table of a report has precedence over a view of its name that this program
 * made.
 */
async function readTables(session: Session, server: PostgresServer, loads: TimedLoad[]): Promise<Relations> {
  const relations = await readRelations(session, server);
  const names = loads.flatMap(({ load }) => load.tables.map(({ name }) => name.toLowerCase()));
  const views = [...new Set(names)].filter((name) => relations.get(name)?.isView);
  if (views.length === 0) return relations;
  const versions = await readVersions(session, server);
  const own = views.filter((name) => versions.has(name));
  await dropViews(session, server, own);
  for (const name of own) relations.delete(name);
  return relations;
}

/** Does everything that a commit is, within its transaction. */
async function loadAll(
  loading: Loading,
  loads: TimedLoad[],
  { plans, before, relations }: CommitPlan,
  progress: Progress,
  options: CommitOptions,
): Promise<string[]> {
  const { session, server } = loading;
  const { histories = noHistories, log } = options;
  await ensureLedger(session, server, before);
  warnOfHistories(
    loads.map(({ load }) => load),
    relations,
    histories,
    log,
  );
  const unnamed = historyTablesToPlan(
    loads.map(({ load }) => load),
    before,
    histories,
  ).find((table) => !hasOwnName(table));
  if (unnamed) log?.warn(`there is no ${unnamed.name}: PostgreSQL has no names of more than 63 bytes`);
  for (const plan of plans.values()) {
    if (plan.existing) continue;
    const key = progress.withoutKeyIndex.has(ownName(plan.name)) ? [] : keyOf(loads, plan.name);
    loading.indexes.set(plan.name, await makeTable(session, { server, ...options }, plan, key));
    progress.tablesChanged = true;
  }
  const ledger = postgresLedger(session, server);
  const readPrevious = (some: TimedLoad[]) =>
    ledger.readByKey(some.flatMap(({ load }) => [load.entry.key, ...otherReplacedKeys(load)]));
  const previous = await readPrevious(loads);
  const groups = splitIntoTransactions(loads, previous);
  const leftOut: string[] = [];
  for (const together of groups) {
    // The loads of earlier groups are in the ledger by now.
    const known = groups.length > 1 ? await readPrevious(together) : previous;
    const { coming, leftOutKeys } = sortOut(together, known);
    leftOut.push(...leftOutKeys);
    const replaced = coming.flatMap(({ load }) => known.get(load.entry.key) ?? []);
    await deletePrevious(loading, relations, replaced);
    const superseded = new Map<LoadTable, number>();
    const planned = await planBatches(relations, coming, (table, ofTable) =>
      rankDocuments(ledger, table, ofTable),
    );
    for (const batches of planned) {
      for (const batch of batches) {
        const counts = await loadRows(loading, batch);
        for (const [at, { table }] of batch.loads.entries()) superseded.set(table, counts[at] ?? 0);
      }
    }
    const changes = {
      ...{ relations, coming, previous: known, histories, rows: progress.histories },
      nowMs: server.clock.now(),
    };
    await applyHistories(loading, await planHistories(changes, ledger));
    const rows = ledgerRowsOf(coming, superseded, progress.widened, known);
    const written: WrittenLoad[] = [];
    for (const [index, timed] of coming.entries()) {
      const row = rows[index] as LedgerRow;
      const rejects = row.rejects + (await countNulRejects(loading.source, timed.load));
      written.push({ ...timed, row: { ...row, rejects }, replaces: known.has(row.key) });
    }
    await writeLedger(
      loading,
      written,
      coming.flatMap(({ load }) => otherReplacedKeys(load)).filter((key) => known.has(key)),
    );
  }
  for (const table of loading.indexes.keys()) await createIndexes(loading, table);
  return leftOut;
}

/** The key of the load that fills a table first. */
function keyOf(loads: TimedLoad[], name: string): string[] {
  const tables = loads.flatMap(({ load }) => load.tables);
  const first = tables.find((table) => table.name.toLowerCase() === name.toLowerCase());
  return first && first.mode !== 'append' ? first.key : [];
}

/** Deletes the rows that documents loaded before, according to the ledger. */
async function deletePrevious(
  { session, server }: Loading,
  relations: Relations,
  entries: LedgerEntry[],
): Promise<void> {
  for (const [name, inTable] of entriesByTable(entries)) {
    const relation = relations.get(name);
    if (!relation || !isReportTable(relation)) continue;
    await session.run(
      `DELETE FROM ${server.table(relation.name)} WHERE ${isOfDocuments('_seller_id', '_document_id')}`,
      documentParameters(inTable),
    );
  }
}

/** Names the document if there is only one. */
function refusal(error: unknown, loads: Load[], path: string): unknown {
  if (!(error instanceof ReportsError)) return commitError(error, loads, path);
  if (error.code !== 'WAREHOUSE_REFUSED') return error;
  return commitError(new Refusal(String(error.details.found)), loads, path);
}
