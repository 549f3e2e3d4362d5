import type { Logger } from 'pino';
import { ReportsError } from '../../errors.js';
import { faultPoint } from '../../fault-point.js';
import type { Staging } from '../../store/staging.js';
import type { Widening } from '../../schema/drift.js';
import {
  apart,
  inOrder,
  isLeftOut,
  otherKeys,
  tableEntry,
  type TimedLoad,
  timedLoads,
} from '../commit-rules.js';
import type { Relations } from '../duckdb/catalog.js';
import { commitError } from '../duckdb/commit-loads.js';
import { planBatches } from '../duckdb/plan-batches.js';
import type { TableBatch } from '../duckdb/load-modes.js';
import { documentId } from '../duckdb/sql.js';
import { planTable, Refusal, type TablePlans } from '../duckdb/tables.js';
import type { LedgerEntry, LedgerRow, Load, LoadTable } from '../types.js';
import type { BigQueryClient, Job } from './client.js';
import { ledgerStatements, rankDocuments, readByKey, readRows, stageLedger, stageRejects } from './ledger.js';
import { isTableMissing } from './errors.js';
import { beginListNulls, countListNulls, noteListNulls } from './list-nulls.js';
import { dropStaging, loadStaging } from './load-jobs.js';
import { countKept, lateSnapshots, loadStatements, mayLeaveOut } from './load-modes.js';
import { documentIdSql, identifier, literal } from './sql.js';
import { type StagedBatch, type StagingFile, type Stager, stageBatch, withStager } from './stage.js';
import { givingWay, makeState, noteTable, readState, runTransaction, type State } from './state.js';
import {
  changeTables,
  type Descriptions,
  pendingTables,
  plannedTables,
  relationOf,
  relationsOf,
  remakeDropped,
} from './tables.js';
import { dropOwnViews } from './views.js';

export interface CommitOptions {
  descriptions: Descriptions;
  memoryLimitMegabytes?: number;
  /** Where what is loaded is put for BigQuery to read; it is sent to the load jobs without. */
  staging?: Staging;
  log?: Logger;
  /** Told behind the commit which tables there are, whether some of them were made or changed, and the state it left. */
  onCommitted?: (tables: Relations, tablesChanged: boolean, state: State) => Promise<void>;
}

/**
 * Commits loads in one transaction, and gives the keys of those left out. A document that is in the commit twice has its later load in a
 * transaction of its own. See `Warehouse.commit`. Errors: WAREHOUSE_REFUSED, and those of `failureRows`.
 */
export async function commitLoads(
  client: BigQueryClient,
  loads: Load[],
  options: CommitOptions,
): Promise<string[]> {
  const leftOut: string[] = [];
  const previous =
    loads.length > 1 && (await readState(client))
      ? await readByKey(
          client,
          loads.map(({ entry }) => entry.key),
        )
      : new Map<string, LedgerRow>();
  for (const together of apart(timedLoads(loads), previous)) {
    try {
      leftOut.push(
        ...(await withStager(options.memoryLimitMegabytes, (stager) =>
          commitTogether(client, together, stager, options),
        )),
      );
    } catch (error) {
      throw refusal(error, together, client.path);
    }
  }
  return leftOut;
}

/** Plans and commits, again and again while others come first. */
async function commitTogether(
  client: BigQueryClient,
  loads: TimedLoad[],
  stager: Stager,
  options: CommitOptions,
): Promise<string[]> {
  const staging = new Map<string, string>();
  const leftOut = await givingWay(client, () =>
    tryToCommit(client, loads, stager, staging, options).catch(async (error: unknown) => {
      // Another process with the same document may have taken the staging table away; or somebody has dropped one of ours.
      staging.clear();
      if (isTableMissing(error)) await remakeDropped(client, options.descriptions, options.log);
      throw error;
    }),
  );
  await dropStaging(client, [...new Set(staging.values())]);
  return leftOut;
}

/** Undefined where somebody else's commit came first, and nothing was done. */
async function tryToCommit(
  client: BigQueryClient,
  loads: TimedLoad[],
  stager: Stager,
  staging: Map<string, string>,
  options: CommitOptions,
): Promise<string[] | undefined> {
  const state = await stateOf(client);
  const previous = await readByKey(
    client,
    loads.map(({ load }) => load.entry.key),
  );
  const isOut = ({ load }: TimedLoad) => isLeftOut(load, previous.get(load.entry.key));
  const coming = loads.filter((each) => !isOut(each));
  const leftOut = loads.filter(isOut).map(({ load }) => load.entry.key);
  if (coming.length === 0) return leftOut;
  for (const { load } of coming) {
    if (load.tables.length > 0 && load.entry.documentId === null) {
      throw new Refusal('rows without a document id', load);
    }
  }
  const planned = planChanges(state, coming);
  const batches = (
    await planBatches(planned.relations, coming, (table, ofTable) => rankDocuments(client, table, ofTable))
  ).flat();
  const staged: StagedBatch[] = [];
  await beginListNulls(stager);
  for (const batch of batches) {
    const partitionBy = planned.partitions.get(batch.relation.name.toLowerCase()) ?? null;
    staged.push(await stageBatch(stager, batch, partitionBy));
    await noteListNulls(stager, batch);
  }
  const nulls = await countListNulls(stager);
  const rejects = await stageRejects(stager, coming, nulls.size > 0);
  const names = batches.map(({ relation }) => relation.name);
  const brokenOff = await pendingTables(state, names);
  if (brokenOff === 'changing') return undefined;
  const changed = new Map(
    [...brokenOff, ...planned.changes].map((table) => [table.name.toLowerCase(), table]),
  );
  const { descriptions, log } = options;
  await dropOwnViews(client, names, state);
  if (!(await changeTables(client, state, [...changed.values()], descriptions, log))) return undefined;
  const send = async (file: StagingFile) => {
    const table = staging.get(file.digest) ?? (await loadStaging(client, file, options.staging));
    staging.set(file.digest, table);
    return client.table(table);
  };
  const rowTables = await Promise.all(staged.map(({ files }) => Promise.all(files.map(send))));
  const rowsSql = rowTables.map(unionOf);
  const superseded = await countLeftOut(client, staged, rowsSql);
  const rows = ledgerRows(coming, staged, superseded, planned.widened, previous).map((row) => ({
    ...row,
    rejects: row.rejects + (nulls.get(documentId({ seller: row.sellerId, document: row.documentId })) ?? 0),
  }));
  const [ledger, rejectsTable] = await Promise.all([
    stageLedger(stager, rows).then(send),
    rejects ? send(rejects) : undefined,
  ]);
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
    ...ledgerStatements(
      client,
      { ledger, ...(rejectsTable && { rejects: rejectsTable }) },
      replaced,
      coming.flatMap(({ load }) => otherKeys(load)),
    ),
    ...[...changed.values()].flatMap((table) => noteTable(client, table)),
  ]);
  if (outcome === 'changed') return undefined;
  faultPoint('transaction-ended');
  await writeCosts(client, rows, job, log);
  await options.onCommitted?.(planned.relations, changed.size > 0, { ...state, version: state.version + 1 });
  return leftOut;
}

async function stateOf(client: BigQueryClient): Promise<State> {
  const state = await readState(client);
  if (state && state.version >= 0) return state;
  await makeState(client);
  const made = await readState(client);
  if (made) return made;
  throw new ReportsError('WAREHOUSE_NOT_FOUND', {
    path: client.path,
    found: 'the table _state can not be made',
  });
}

/** The tables as the loads need them, and what is to be changed for that. */
function planChanges(state: State, coming: TimedLoad[]) {
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

/** How many rows of each load of each batch a newer report holds. */
async function countLeftOut(
  client: BigQueryClient,
  staged: StagedBatch[],
  rowsSql: string[],
): Promise<Map<LoadTable, number>> {
  const counts = new Map<LoadTable, number>();
  for (const [index, { batch, files }] of staged.entries()) {
    if (batch.loads[0]?.table.mode === 'snapshot') {
      for (const { table } of lateSnapshots(batch)) counts.set(table, table.rows);
    }
    if (files.length === 0 || !mayLeaveOut(batch)) continue;
    const found = await readRows(
      client,
      countKept(batch, { rows: rowsSql[index] ?? '', ledger: '', table: client.table(batch.relation.name) }),
    );
    const kept = new Map(
      found.map((row) => Object.values(row)).map(([document, count]) => [document, Number(count)]),
    );
    for (const load of batch.loads) {
      counts.set(load.table, load.table.rows - (kept.get(documentId(load)) ?? 0));
    }
  }
  return counts;
}

function ledgerRows(
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

/** Takes out what documents loaded before, by what the ledger says. */
function deletePrevious(client: BigQueryClient, relations: Relations, entries: LedgerEntry[]): string[] {
  const loaded = new Map<string, LedgerEntry[]>();
  for (const entry of entries) {
    for (const { name } of entry.tables) {
      loaded.set(name.toLowerCase(), [...(loaded.get(name.toLowerCase()) ?? []), entry]);
    }
  }
  return [...loaded].flatMap(([name, inTable]) => {
    const relation = relations.get(name);
    if (!relation) return [];
    const ids = inTable.map((entry) =>
      literal(documentId({ seller: entry.sellerId, document: entry.documentId })),
    );
    return `DELETE FROM ${client.table(relation.name)} AS here WHERE ${documentIdSql('here')} IN (${ids.join(', ')})${sellersOf(inTable.map(({ sellerId }) => sellerId))}`;
  });
}

/** Tables are clustered by seller, so naming them spares the reading of others' rows. */
function sellersOf(sellers: (string | null)[]): string {
  const known = [...new Set(sellers)].flatMap((seller) => (seller === null ? [] : literal(seller)));
  return sellers.includes(null) ? '' : ` AND here._seller_id IN (${known.join(', ')})`;
}

function pruningOf(loads: { seller: string | null }[], range: StagedBatch['partitionRange']): string[] {
  const sellers = sellersOf(loads.map(({ seller }) => seller)).replace(/^ AND /, '');
  const column = range && `here.${identifier(range.column)}`;
  return [
    ...(sellers ? [sellers] : []),
    ...(range ? [`${column} BETWEEN ${range.from} AND ${range.to}`] : []),
  ];
}

/** SQL that may follow FROM for all rows of some staging tables. */
function unionOf(tables: string[]): string {
  return tables.length === 1
    ? (tables[0] as string)
    : `(${tables.map((table) => `SELECT * FROM ${table}`).join(' UNION ALL ')})`;
}

/** What the commit cost, a share for each load. Behind the commit, as BigQuery tells it only then; what is lost here is in its own list of jobs. */
async function writeCosts(client: BigQueryClient, rows: LedgerRow[], job: Job, log?: Logger): Promise<void> {
  const { statistics, jobReference } = job;
  const share = (text: string | undefined) => Math.round(Number(text ?? 0) / rows.length);
  const values = rows.map(
    ({ key, loadedAt }) =>
      `(${literal(key)}, TIMESTAMP ${literal(loadedAt)}, ${literal(jobReference.jobId)}, ${rows.length}, ${share(statistics?.query?.totalBytesBilled)}, ${share(statistics?.totalSlotMs)})`,
  );
  await client
    .run(
      `INSERT INTO ${client.table('_costs')} (key, loaded_at, job_id, loads, bytes_billed, slot_ms) VALUES ${values.join(', ')}`,
    )
    .catch((error: unknown) => log?.warn(`noting what a commit cost: ${String(error)}`));
}

/** Names the document where there is but one. */
function refusal(error: unknown, loads: TimedLoad[], path: string): unknown {
  const ofLoads = loads.map(({ load }) => load);
  if (!(error instanceof ReportsError)) return commitError(error, ofLoads, path);
  if (error.code !== 'WAREHOUSE_REFUSED') return error;
  return commitError(new Refusal(String(error.details.found)), ofLoads, path);
}
