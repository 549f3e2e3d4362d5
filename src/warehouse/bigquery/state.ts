import { randomUUID } from 'node:crypto';
import { exponentialBackoff, fullJitter, retry } from '../../runtime/retry.js';
import { ReportsError } from '../../errors/reports-error.js';
import { columnTypeText, readColumnType } from '../../schema/column-type.js';
import type { ColumnType } from '../../schema/types.js';
import { bigQueryType, columnTypeOfKind } from './column-types.js';
import type { BigQueryClient, Job } from './client.js';
import { makeState } from './make-state.js';
import { identifier, literal } from './sql.js';
import { ledgerColumns } from '../ledger/ledger-columns.js';

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
  /** Identifies who makes the change; undefined for one that an earlier version noted. */
  by?: string;
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
  tables: Map<string, TableRecord>;
  /** The version of each view that this program made. */
  views: Map<string, string>;
}

/** `_state` has rows of tables and of views; a row of a view is named so, as no table can be. */
const viewPrefix = 'view/';

/** The name of a table's row in `_state`: names have no case. */
export function rowOfTable(table: string): string {
  return table.toLowerCase();
}

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

/**
 * Whether a commit has made the state; true if this account may not know. Reads no table, because
 * an account may query single tables or views only.
 */
export async function hasState(client: BigQueryClient): Promise<boolean> {
  try {
    return (await client.requestIfThere({ uri: client.tableUri('_state') })) !== undefined;
  } catch (error) {
    if (error instanceof ReportsError && error.code === 'WAREHOUSE_ACCESS_DENIED') return true;
    throw error;
  }
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
        isMissing = (await client.requestIfThere({ uri: client.tableUri('_state') })) === undefined;
        return !isMissing;
      },
      clock: client.clock,
    });
  } catch (error) {
    if (isMissing) return undefined;
    throw error;
  }
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
  const uri = client.tableUri('_loads');
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
  return { outcome: ((await outcomeOf(client, job)) as TransactionOutcome | undefined) ?? 'changed', job };
}

/** The single value that a script selects last. */
export async function outcomeOf(client: BigQueryClient, job: Job): Promise<unknown> {
  let outcome: unknown;
  for await (const page of client.pages(job)) outcome = page.rows?.[0]?.f[0]?.v;
  return outcome;
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

/** A table to record, and a change that is about to be made to it. */
export interface TableRecord {
  table: TableState;
  pending?: PendingChange;
}

/** The statements that record tables, and remove those that are gone. */
export function recordTables(client: BigQueryClient, records: TableRecord[], gone: string[] = []): string[] {
  const bodies = records.map(({ table, pending }): [string, string] => {
    const { by, untilMs, was } = pending ?? {};
    const noted = pending && { by, untilMs, was: was && bodyOf(was) };
    return [rowOfTable(table.name), JSON.stringify({ ...bodyOf(table), pending: noted })];
  });
  return recordRows(client, bodies, gone.map(rowOfTable));
}

/** The statements that record the versions of views, and remove those that are gone. */
export function recordViews(client: BigQueryClient, made: Map<string, string>, gone: string[]): string[] {
  const bodies = [...made].map(([name, version]): [string, string] => [rowOfView(name), version]);
  return recordRows(client, bodies, gone.map(rowOfView));
}

/** At most two statements, because each one is billed for reading the table. */
function recordRows(
  client: BigQueryClient,
  bodies: [name: string, body: string][],
  gone: string[],
): string[] {
  const names = [...bodies.map(([name]) => name), ...gone].map(literal);
  if (names.length === 0) return [];
  const state = client.table('_state');
  const rows = bodies.map(([name, body]) => `(${literal(name)}, 0, '', ${literal(body)})`);
  return [
    `DELETE FROM ${state} WHERE name IN (${names.join(', ')})`,
    ...(rows.length > 0
      ? [`INSERT INTO ${state} (name, version, writer, body) VALUES ${rows.join(', ')}`]
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
  type Pending = Pick<PendingChange, 'by' | 'untilMs'> & { was?: Body };
  const { pending, ...body } = JSON.parse(text) as Body & { pending?: Pending };
  return {
    table: stateOf(body),
    pending: pending && { ...pending, was: pending.was && stateOf(pending.was) },
  };
}

/** Whether BigQuery could not be reached, so that another call would take as long once more. */
function hasNoAnswer(error: unknown): boolean {
  return !(error instanceof ReportsError) || error.code === 'WAREHOUSE_UNREACHABLE';
}
