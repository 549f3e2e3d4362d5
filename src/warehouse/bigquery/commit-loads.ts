import type { Logger } from 'pino';
import { ReportsError } from '../../errors/reports-error.js';
import { faultPoint } from '../../runtime/fault-point.js';
import { settleAll } from '../../runtime/settle-all.js';
import { type Histories, noHistories } from '../../schema/history.js';
import type { Staging } from '../../store/staging.js';
import {
  ledgerRowsOf,
  otherReplacedKeys,
  sortOut,
  splitIntoTransactions,
  type TimedLoad,
  timedLoads,
} from '../rules/commit-rules.js';
import { HistoryRows, warnOfHistories } from '../history/history-tables.js';
import { planHistories } from '../history/plan-history.js';
import type { Relations } from '../rules/relations.js';
import { Refusal } from '../rules/refusal.js';
import { commitError } from '../staging/commit-error.js';
import { planBatches, type TableBatch } from '../rules/plan-batches.js';
import { documentId } from '../rules/document-id.js';
import type { LedgerRow, Load } from '../types.js';
import type { BigQueryClient } from './client.js';
import { deletePrevious, pruningOf, unionOf } from './commit-statements.js';
import { writeCosts } from './costs.js';
import { isTableMissing } from './errors.js';
import { countSuperseded } from './superseded-rows.js';
import { ledgerStatements, stageLedger, stageRejects } from './ledger.js';
import { bigQueryLedger } from './ledger-queries.js';
import { beginListNulls, countListNulls, recordListNulls } from './list-nulls.js';
import { historyScript, stageHistories } from './histories.js';
import { dropStaging, loadStaging } from './load-jobs.js';
import { loadStatements } from './load-modes.js';
import { planChanges } from './plan-commit.js';
import { rankTogether } from './rank-together.js';
import { type Stager, withStager } from '../staging/stager.js';
import { type StagedBatch, type StagingFile, stageBatch } from './stage.js';
import { retryOnConflict, recordTables, readyState, runTransaction, type State } from './state.js';
import { changeTables, pendingTables } from './change-tables.js';
import type { Descriptions } from './create-table.js';
import { recreateDropped } from './recreate-dropped.js';
import { splitByTables } from './table-limit.js';
import { dropOwnViews } from './views.js';

export interface CommitOptions {
  descriptions: Descriptions;
  histories?: Histories;
  memoryLimitMegabytes?: number;
  /** Where BigQuery reads the loaded rows from. Without it they are sent to the load jobs. */
  staging?: Staging;
  log?: Logger;
  /**
   * Called after the commit with the tables, whether some were created or changed, and the new
   * state.
   */
  onCommitted?: (tables: Relations, tablesChanged: boolean, state: State) => Promise<void>;
}

/**
 * Commits loads in one transaction and returns the keys of those left out. If a document is in the
 * commit twice, its later load gets a transaction of its own, and many tables take several. See
 * `Warehouse.commit`.
 * Errors: WAREHOUSE_REFUSED, and those of `failureRows`.
 */
export async function commitLoads(
  client: BigQueryClient,
  loads: Load[],
  options: CommitOptions,
): Promise<string[]> {
  if (loads.length === 0) return [];
  const leftOut: string[] = [];
  const timed = timedLoads(loads, client.clock);
  let current = timed;
  try {
    let basis: Basis | undefined = await withRetry(client, options, () => readBasis(client, timed));
    const { previous } = basis;
    for (const together of splitByTables(
      splitIntoTransactions(timed, previous),
      previous,
      options.histories,
    )) {
      current = together;
      const known = basis;
      // The commit of the first group changes it for the others.
      basis = undefined;
      leftOut.push(...(await commitTogether(client, together, known, options)));
    }
  } catch (error) {
    throw refusal(error, current, client.path);
  }
  return leftOut;
}

/** What a commit is planned from. */
interface Basis {
  state: State;
  /** The ledger rows of the loads' keys, and the others that the loads replace. */
  previous: Map<string, LedgerRow>;
}

async function readBasis(client: BigQueryClient, loads: TimedLoad[]): Promise<Basis> {
  const state = await readyState(client);
  return {
    state,
    previous: await bigQueryLedger(client).readByKey(
      loads.flatMap(({ load }) => [load.entry.key, ...otherReplacedKeys(load)]),
    ),
  };
}

/**
 * Plans and commits, repeatedly while other commits come first. `known` serves for the first
 * attempt.
 */
async function commitTogether(
  client: BigQueryClient,
  loads: TimedLoad[],
  known: Basis | undefined,
  options: CommitOptions,
): Promise<string[]> {
  const staging = new Map<string, string>();
  let basis = known;
  return withStager(options.memoryLimitMegabytes, async (stager) => {
    const leftOut = await withRetry(client, options, async () => {
      const from = basis ?? (await readBasis(client, loads));
      basis = undefined;
      try {
        return await tryToCommit(client, loads, from, stager, staging, options);
      } catch (error) {
        // Another process with the same document may have removed the staging table.
        staging.clear();
        throw error;
      }
    });
    await dropStaging(client, [...new Set(staging.values())]);
    return leftOut;
  });
}

/** Retries if other commits come first. Recreates a table of this program that somebody dropped. */
function withRetry<T>(
  client: BigQueryClient,
  { descriptions, log }: CommitOptions,
  attempt: () => Promise<T | undefined>,
): Promise<T> {
  return retryOnConflict(client, () =>
    attempt().catch(async (error: unknown) => {
      if (isTableMissing(error)) await recreateDropped(client, descriptions, log);
      throw error;
    }),
  );
}

/** Returns undefined if another commit came first and nothing was done. */
async function tryToCommit(
  client: BigQueryClient,
  loads: TimedLoad[],
  { state, previous }: Basis,
  stager: Stager,
  staging: Map<string, string>,
  options: CommitOptions,
): Promise<string[] | undefined> {
  const { coming, leftOutKeys: leftOut } = sortOut(loads, previous);
  if (coming.length === 0) return leftOut;
  const { descriptions, histories = noHistories, log } = options;
  const planned = planChanges(state, coming, histories);
  const batches = (
    await planBatches(planned.relations, coming, rankTogether(bigQueryLedger(client), coming))
  ).flat();
  const staged: StagedBatch[] = [];
  await beginListNulls(stager);
  for (const batch of batches) {
    const partitionBy = planned.partitions.get(batch.relation.name.toLowerCase()) ?? null;
    staged.push(await stageBatch(stager, batch, partitionBy));
    await recordListNulls(stager, batch);
  }
  const nulls = await countListNulls(stager);
  const changes = {
    ...{ relations: planned.relations, coming, previous, histories },
    ...{ rows: new HistoryRows(histories), nowMs: client.clock.now() },
  };
  const stagedHistories = await stageHistories(stager, await planHistories(changes, bigQueryLedger(client)));
  const rejects = await stageRejects(stager, coming, nulls.size > 0);
  const names = [
    ...batches.map(({ relation }) => relation.name),
    ...stagedHistories.map(({ plan }) => plan.history.relation.name),
  ];
  const interrupted = await pendingTables(client, state, names);
  if (interrupted === 'changing') return undefined;
  const changed = new Map(
    [...interrupted, ...planned.changes].map((table) => [table.name.toLowerCase(), table]),
  );
  warnOfHistories(
    coming.map(({ load }) => load),
    planned.relations,
    histories,
    log,
  );
  await dropOwnViews(client, names, state);
  if (!(await changeTables(client, state, [...changed.values()], descriptions, log))) return undefined;
  const send = async (file: StagingFile) => {
    const table = staging.get(file.digest) ?? (await loadStaging(client, file, options.staging));
    staging.set(file.digest, table);
    return client.table(table);
  };
  // An upload reads its file until the end, and the files are removed when this function fails.
  const rowTables = await settleAll(staged.map(({ files }) => settleAll(files.map(send))));
  const rowsSql = rowTables.map(unionOf);
  const ofHistories = await settleAll(
    stagedHistories.map(async ({ plan, staged: batchesOf }) => ({
      plan,
      batches: await settleAll(
        batchesOf.map(async ({ batch, files }) => ({
          batch,
          rows: unionOf(await settleAll(files.map(send))),
        })),
      ),
    })),
  );
  const superseded = await countSuperseded(client, staged, rowsSql);
  const rows = ledgerRowsOf(coming, superseded, planned.widened, previous).map((row) => ({
    ...row,
    rejects: row.rejects + (nulls.get(documentId({ seller: row.sellerId, document: row.documentId })) ?? 0),
  }));
  const own = [await stageLedger(stager, rows), ...(rejects ? [rejects] : [])];
  const [ledger = '', rejectsTable] = await settleAll(own.map(send));
  const stagedOf = (batch: TableBatch, index: number, ledgerTable: string) => ({
    rows: rowsSql[index] ?? '',
    ledger: ledgerTable,
    table: client.table(batch.relation.name),
  });
  const replaced = coming.flatMap(({ load }) => previous.get(load.entry.key) ?? []);
  faultPoint('rows-in');
  const { outcome, job } = await runTransaction(client, state.version, [
    ...deletePrevious(client, planned.relations, replaced),
    ...staged.flatMap(({ batch, partitionRange }, index) =>
      loadStatements(batch, stagedOf(batch, index, ledger), pruningOf(batch.loads, partitionRange)),
    ),
    ...historyScript(client, ofHistories, ledger),
    ...ledgerStatements(
      client,
      { ledger, rejects: rejectsTable },
      replaced,
      // BigQuery bills a DELETE for the whole ledger, so it is sent only if it deletes something.
      coming.flatMap(({ load }) => otherReplacedKeys(load)).filter((key) => previous.has(key)),
    ),
    ...recordTables(
      client,
      [...changed.values()].map((table) => ({ table })),
    ),
  ]);
  if (outcome === 'changed') return undefined;
  faultPoint('transaction-ended');
  await writeCosts(client, rows, job, log);
  await options.onCommitted?.(planned.relations, changed.size > 0, { ...state, version: state.version + 1 });
  return leftOut;
}

/** Names the document if there is only one. */
function refusal(error: unknown, loads: TimedLoad[], path: string): unknown {
  const ofLoads = loads.map(({ load }) => load);
  if (!(error instanceof ReportsError)) return commitError(error, ofLoads, path);
  if (error.code !== 'WAREHOUSE_REFUSED') return error;
  return commitError(new Refusal(String(error.details.found)), ofLoads, path);
}
