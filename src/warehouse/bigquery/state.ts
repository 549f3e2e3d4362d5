import { randomUUID } from 'node:crypto';
import { exponentialBackoff, fullJitter, retry } from '../../runtime/retry.js';
import { ReportsError } from '../../errors/reports-error.js';
import { columnTypeText, readColumnType } from '../../schema/column-type.js';
import type { ColumnType } from '../../schema/types.js';
import { bigQueryType, columnTypeOfKind } from './column-types.js';
import type { BigQueryClient, Job } from './client.js';
import { identifier, literal } from './sql.js';
import { ledgerColumns, rejectColumns } from '../ledger/ledger-columns.js';

/** A table as loads created it. */
export interface TableState {
  name: string;
  /** All columns except the lineage, in the order of the table. */
  columns: { name: string; type: ColumnType }[];
  partitionBy: string | null;
  clusterBy: string[];
}

/** A change that is about to be made to a table. */
export interface PendingChange {
  /** Undefined if the table is being created. */
  was: TableState | undefined;
  /** Epoch milliseconds. After this time others repeat the change if it is still pending. */
  untilMs: number;
}

/**
 * What all replicas share beside the ledger: a version that each commit increments, the tables, and
 * the views.
 */
export interface State {
  version: number;
  tables: Map<string, { table: TableState; pending?: PendingChange }>;
  /** The version of each view that this program made. */
  views: Map<string, string>;
}

/** `_state` has rows of tables and of views; a row of a view is named so, as no table can be. */
const viewPrefix = 'view/';

/** The name of a view's row in `_state`. `viewOfRow` reads it back. */
function rowOfView(view: string): string {
  return `${viewPrefix}${view}`;
}

/** The view that a row of `_state` is about; undefined for all other rows. */
function viewOfRow(name: string): string | undefined {
  return name.startsWith(viewPrefix) ? name.slice(viewPrefix.length) : undefined;
}

/**
 * Reads the state; undefined before the first commit. A commit must read it before everything else
 * that it is planned from: if another commit comes in between, the version changes and the plan is
 * not carried out.
 */
export async function readState(client: BigQueryClient): Promise<State | undefined> {
  const job = await selectState(client);
  if (!job) return undefined;
  const state: State = { version: -1, tables: new Map(), views: new Map() };
  for await (const page of client.pages(job)) {
    for (const { f } of page.rows ?? []) {
      const [name, version, body] = f.map(({ v }) => v);
      const view = viewOfRow(String(name));
      if (name === '') state.version = Number(version);
      else if (view !== undefined) state.views.set(view, String(body));
      else state.tables.set(String(name), readBody(String(body)));
    }
  }
  return state;
}

async function selectState(client: BigQueryClient): Promise<Job | undefined> {
  let isMissing = false;
  const select = () => client.run(`SELECT name, version, body FROM ${client.table('_state')}`);
  try {
    return await retry(select, {
      // Another process may have made it in the meantime.
      maxAttempts: 2,
      async isRetryable(error) {
        if (hasNoAnswer(error)) return false;
        // If the dataset is missing, BigQuery reports denied access, or that it does not exist;
        // only this call can distinguish the two.
        const uri = `/datasets/${client.target.dataset}/tables/_state` as const;
        isMissing = (await client.requestIfThere({ uri })) === undefined;
        return !isMissing;
      },
      clock: client.clock,
    });
  } catch (error) {
    if (isMissing) return undefined;
    throw error;
  }
}

/**
 * Creates the dataset, the ledger and the state if they are missing. Replicas may do so at the same
 * time.
 */
export async function makeState(client: BigQueryClient): Promise<void> {
  const { project: projectId, dataset: datasetId, location } = client.target;
  const isThere = async () => (await client.requestIfThere({ uri: `/datasets/${datasetId}` })) !== undefined;
  if (!(await isThere())) {
    const json = { datasetReference: { projectId, datasetId }, location };
    await client.request({ method: 'POST', uri: '/datasets', json }).catch(async (error: unknown) => {
      // Another process may have created it in the meantime.
      if (!(await isThere())) throw error;
    });
  }
  const columns = (spec: typeof rejectColumns) =>
    spec.map(({ column, kind }) => `${identifier(column)} ${bigQueryType(columnTypeOfKind(kind))}`);
  const statements = [
    `CREATE TABLE IF NOT EXISTS ${client.table('_loads')} (${[...columns(ledgerColumns), 'version STRING']}) CLUSTER BY key
     OPTIONS (description = 'The ledger: one row per document.')`,
    `CREATE TABLE IF NOT EXISTS ${client.table('_rejects')} (${columns(rejectColumns)}) CLUSTER BY seller_id, document_id
     OPTIONS (description = 'Values that are not of the type of their column, with their raw text.')`,
    `CREATE TABLE IF NOT EXISTS ${client.table('_costs')} (key STRING, loaded_at TIMESTAMP, job_id STRING, loads INT64, bytes_billed INT64, slot_ms INT64)
     OPTIONS (description = 'What each load cost: its share of the commit it was part of.')`,
    // Created together with its row, so that there is exactly one.
    `CREATE TABLE IF NOT EXISTS ${client.table('_state')} AS SELECT '' AS name, 0 AS version, '' AS writer, '' AS body`,
  ];
  await client.run(statements.join(';\n'));
}

/** The clients whose ledger has all columns. */
const completeLedgers = new WeakSet<BigQueryClient>();

/**
 * The columns of the ledger; none if there is no ledger. Requests them only until
 * the ledger has all.
 */
export async function readLedgerColumns(client: BigQueryClient): Promise<ReadonlySet<string>> {
  const all = ledgerColumns.map(({ column }) => column);
  if (completeLedgers.has(client)) return new Set(all);
  const uri = `/datasets/${client.target.dataset}/tables/_loads` as const;
  const found = await client.requestIfThere<{ schema?: { fields?: { name: string }[] } }>({ uri });
  const names = new Set(found?.schema?.fields?.map(({ name }) => name));
  if (all.every((name) => names.has(name))) completeLedgers.add(client);
  return names;
}

/**
 * Adds the columns that the ledger of an earlier version lacks. Replicas may do so at the same
 * time.
 */
export async function addLedgerColumns(client: BigQueryClient): Promise<void> {
  if (completeLedgers.has(client)) return;
  const names = await readLedgerColumns(client);
  if (names.size === 0) return;
  const missing = ledgerColumns.filter(({ column }) => !names.has(column));
  if (missing.length > 0) {
    const statements = missing.map(
      ({ column, kind }) =>
        `ALTER TABLE ${client.table('_loads')} ADD COLUMN IF NOT EXISTS ${identifier(column)} ${bigQueryType(columnTypeOfKind(kind))}`,
    );
    await client.run(statements.join(';\n'));
  }
  completeLedgers.add(client);
}

/**
 * Reads the state for a commit, after creating it if it is missing. Errors: WAREHOUSE_NOT_FOUND.
 */
export async function readyState(client: BigQueryClient): Promise<State> {
  const state = await readState(client);
  if (state && state.version >= 0) {
    await addLedgerColumns(client);
    return state;
  }
  await makeState(client);
  const made = await readState(client);
  if (made) return made;
  throw new ReportsError('WAREHOUSE_NOT_FOUND', {
    path: client.path,
    found: 'the table _state cannot be created',
  });
}

/** How a commit ended. `changed`: another commit came first, and nothing was done. */
export type TransactionOutcome = 'committed' | 'changed';

/**
 * Runs statements in one transaction on condition that the state still has that version, and
 * increments it. Two simultaneous transactions change the same row, and BigQuery lets only one of
 * them through.
 */
export async function runTransaction(
  client: BigQueryClient,
  version: number,
  statements: string[],
): Promise<{ outcome: TransactionOutcome; job: Job }> {
  const writer = literal(randomUUID());
  const state = client.table('_state');
  const job = await client.run(`BEGIN TRANSACTION;
UPDATE ${state} SET version = version + 1, writer = ${writer} WHERE name = '' AND version = ${version};
IF (SELECT COUNT(*) FROM ${state} WHERE name = '' AND writer = ${writer}) = 1 THEN
${statements.map((statement) => `${statement};\n`).join('')}COMMIT TRANSACTION;
SELECT 'committed' AS outcome;
ELSE
ROLLBACK TRANSACTION;
SELECT 'changed' AS outcome;
END IF;`);
  let outcome: TransactionOutcome | undefined;
  for await (const page of client.pages(job))
    outcome = page.rows?.[0]?.f[0]?.v as TransactionOutcome | undefined;
  return { outcome: outcome ?? 'changed', job };
}

/** How long a commit retries before its messages go back to the queue. */
const maxConflictMs = 120_000;

/** Wide jitter: commits that collided must not collide again. */
const conflictBackoffMs = exponentialBackoff({ firstMs: 100, maxMs: 3000, jitter: fullJitter });

/**
 * Retries what may fail because another commit came first: it then returns undefined, or throws an
 * error to be retried now.
 * Errors: WAREHOUSE_BUSY if other commits always came first; the last error that was retried.
 */
export async function retryOnConflict<T>(
  client: BigQueryClient,
  attempt: () => Promise<T | undefined>,
): Promise<T> {
  const result = await retry(attempt, {
    maxElapsedMs: maxConflictMs,
    backoffMs: conflictBackoffMs,
    isUnfinished: (found) => found === undefined,
    isRetryable: (error) => error instanceof ReportsError && error.retry === 'now',
    clock: client.clock,
  });
  if (result !== undefined) return result;
  throw new ReportsError('WAREHOUSE_BUSY', { path: client.path, found: 'other commits came first' });
}

/** The statements that record a table, and a change that is about to be made to it. */
export function recordTable(client: BigQueryClient, table: TableState, pending?: PendingChange): string[] {
  const body = JSON.stringify({
    ...bodyOf(table),
    pending: pending && { untilMs: pending.untilMs, was: pending.was && bodyOf(pending.was) },
  });
  const key = literal(table.name.toLowerCase());
  return [
    `DELETE FROM ${client.table('_state')} WHERE name = ${key}`,
    `INSERT INTO ${client.table('_state')} (name, version, writer, body) VALUES (${key}, 0, '', ${literal(body)})`,
  ];
}

/** The statements that record the versions of views, and remove those that are gone. */
export function recordViews(client: BigQueryClient, made: Map<string, string>, gone: string[]): string[] {
  const key = (name: string) => literal(rowOfView(name));
  const changed = [...made.keys(), ...gone].map(key);
  if (changed.length === 0) return [];
  const rows = [...made].map(([name, version]) => `(${key(name)}, 0, '', ${literal(version)})`);
  return [
    `DELETE FROM ${client.table('_state')} WHERE name IN (${changed})`,
    ...(rows.length > 0
      ? [`INSERT INTO ${client.table('_state')} (name, version, writer, body) VALUES ${rows.join(', ')}`]
      : []),
  ];
}

function bodyOf({ columns, ...rest }: TableState) {
  return { ...rest, columns: columns.map(({ name, type }) => [name, columnTypeText(type)]) };
}

function readBody(text: string) {
  type Body = Omit<TableState, 'columns'> & { columns: [string, string][] };
  const stateOf = ({ name, columns, partitionBy, clusterBy }: Body): TableState => ({
    name,
    partitionBy,
    clusterBy,
    columns: columns.map(([column, type]) => ({ name: column, type: readColumnType(type) as ColumnType })),
  });
  const { pending, ...body } = JSON.parse(text) as Body & { pending?: { untilMs: number; was?: Body } };
  return {
    table: stateOf(body),
    pending: pending && { untilMs: pending.untilMs, was: pending.was ? stateOf(pending.was) : undefined },
  };
}

/** Whether BigQuery could not be reached, so that another call would take as long once more. */
function hasNoAnswer(error: unknown): boolean {
  return !(error instanceof ReportsError) || error.code === 'WAREHOUSE_UNREACHABLE';
}
