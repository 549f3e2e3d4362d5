import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type ErrorCode, ReportsError } from '../../errors/reports-error.js';
import { columnTypeText, readColumnType } from '../../schema/column-type.js';
import type { ColumnType } from '../../schema/types.js';
import { bigQueryType, columnTypeOfKind } from './column-types.js';
import type { BigQueryClient, Job } from './client.js';
import { identifier, literal } from './sql.js';
import { ledgerColumns, rejectColumns } from '../ledger/ledger-columns.js';

/** A table as loads made it. */
export interface TableState {
  name: string;
  /** All columns but the lineage, in the order of the table. */
  columns: { name: string; type: ColumnType }[];
  partitionBy: string | null;
  clusterBy: string[];
}

/** What is about to be done to a table. */
export interface PendingChange {
  /** Undefined where the table is being made. */
  was: TableState | undefined;
  /** Epoch milliseconds; whoever finds the change pending later than this does it anew. */
  untilMs: number;
}

/** What all replicas share, besides the ledger: a version that each commit counts up, the tables, and the views. */
export interface State {
  version: number;
  tables: Map<string, { table: TableState; pending?: PendingChange }>;
  /** Of each view that was made its version. */
  views: Map<string, string>;
}

/** Begins the name of a view's row in the table of the state; no table has such a name. */
const viewPrefix = 'view/';

/**
 * Reads the state; undefined before the first commit. It is to be read before everything that a commit is planned from: a commit of
 * somebody else in between changes the version, and then the plan is not carried out.
 */
export async function readState(client: BigQueryClient): Promise<State | undefined> {
  const job = await selectState(client);
  if (!job) return undefined;
  const state: State = { version: -1, tables: new Map(), views: new Map() };
  for await (const page of client.pages(job)) {
    for (const { f } of page.rows ?? []) {
      const [name, version, body] = f.map(({ v }) => v);
      const view = String(name).startsWith(viewPrefix) ? String(name).slice(viewPrefix.length) : undefined;
      if (name === '') state.version = Number(version);
      else if (view !== undefined) state.views.set(view, String(body));
      else state.tables.set(String(name), readBody(String(body)));
    }
  }
  return state;
}

async function selectState(client: BigQueryClient): Promise<Job | undefined> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await client.run(`SELECT name, version, body FROM ${client.table('_state')}`);
    } catch (error) {
      if (hasNoAnswer(error)) throw error;
      // Of a dataset that is missing BigQuery says that access is denied, or that it does not exist; so this tells.
      const uri = `/datasets/${client.place.dataset}/tables/_state`;
      if (!(await client.requestIfThere({ uri }))) return undefined;
      // Another process may have made it meanwhile.
      if (tries === 2) throw error;
    }
  }
}

/** Makes the dataset, the ledger and the state where they are missing. Replicas may do so at the same time. */
export async function makeState(client: BigQueryClient): Promise<void> {
  const { project: projectId, dataset: datasetId, location } = client.place;
  const isThere = async () => (await client.requestIfThere({ uri: `/datasets/${datasetId}` })) !== undefined;
  if (!(await isThere())) {
    const json = { datasetReference: { projectId, datasetId }, location };
    await client.request({ method: 'POST', uri: '/datasets', json }).catch(async (error: unknown) => {
      // Another process may have made it meanwhile.
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
    // With its row from the beginning, so that there is exactly one.
    `CREATE TABLE IF NOT EXISTS ${client.table('_state')} AS SELECT '' AS name, 0 AS version, '' AS writer, '' AS body`,
  ];
  await client.run(statements.join(';\n'));
}

/** The clients whose ledger has all columns. */
const completeLedgers = new WeakSet<BigQueryClient>();

/** Adds the columns that the ledger of an earlier version lacks. Replicas may do so at the same time. */
export async function addLedgerColumns(client: BigQueryClient): Promise<void> {
  if (completeLedgers.has(client)) return;
  const uri = `/datasets/${client.place.dataset}/tables/_loads`;
  const found = await client.requestIfThere<{ schema?: { fields?: { name: string }[] } }>({ uri });
  const names = new Set(found?.schema?.fields?.map(({ name }) => name));
  const missing = ledgerColumns.filter(({ column }) => !names.has(column));
  if (found && missing.length > 0) {
    const statements = missing.map(
      ({ column, kind }) =>
        `ALTER TABLE ${client.table('_loads')} ADD COLUMN IF NOT EXISTS ${identifier(column)} ${bigQueryType(columnTypeOfKind(kind))}`,
    );
    await client.run(statements.join(';\n'));
  }
  if (found) completeLedgers.add(client);
}

/** Reads the state for a commit; makes it first where it is missing. Errors: WAREHOUSE_NOT_FOUND. */
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

/** How a commit ended: somebody else's came first where it is `changed`, and nothing was done. */
export type Outcome = 'committed' | 'changed';

/**
 * Runs statements in one transaction, on condition that the state still has that version, and counts it up. Two transactions at the same
 * time change the same row, and BigQuery lets one of them through.
 */
export async function runTransaction(
  client: BigQueryClient,
  version: number,
  statements: string[],
): Promise<{ outcome: Outcome; job: Job }> {
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
  let outcome: Outcome | undefined;
  for await (const page of client.pages(job)) outcome = page.rows?.[0]?.f[0]?.v as Outcome | undefined;
  return { outcome: outcome ?? 'changed', job };
}

/** How long a commit gives way to others before its messages go back to the queue. */
const patienceMs = 120_000;

/** Tries what may come to nothing, `undefined` or a passing error, because another commit came first. Errors: WAREHOUSE_BUSY, or what passed in vain. */
export async function givingWay<T>(
  client: BigQueryClient,
  attempt: () => Promise<T | undefined>,
): Promise<T> {
  const giveUpAtMs = Date.now() + patienceMs;
  for (let tries = 0; ; tries += 1) {
    let found = 'other commits came first';
    let code: ErrorCode = 'WAREHOUSE_BUSY';
    try {
      const result = await attempt();
      if (result !== undefined) return result;
    } catch (error) {
      if (!(error instanceof ReportsError) || error.details.isPassing !== true) throw error;
      found = String(error.details.found);
      code = error.code;
    }
    if (Date.now() > giveUpAtMs) throw new ReportsError(code, { path: client.path, found });
    // Those who met each other are to meet no more.
    await delay(Math.random() * Math.min(100 * 2 ** tries, 3000));
  }
}

/** The statements that note a table, and what is about to be done to it. */
export function noteTable(client: BigQueryClient, table: TableState, pending?: PendingChange): string[] {
  const body = JSON.stringify({
    ...bodyOf(table),
    ...(pending && { pending: { untilMs: pending.untilMs, was: pending.was && bodyOf(pending.was) } }),
  });
  const key = literal(table.name.toLowerCase());
  return [
    `DELETE FROM ${client.table('_state')} WHERE name = ${key}`,
    `INSERT INTO ${client.table('_state')} (name, version, writer, body) VALUES (${key}, 0, '', ${literal(body)})`,
  ];
}

/** The statements that note the versions of views that were made, and forget those that are gone. */
export function noteViews(client: BigQueryClient, made: Map<string, string>, gone: string[]): string[] {
  const key = (name: string) => literal(`${viewPrefix}${name}`);
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
    ...(pending && {
      pending: { untilMs: pending.untilMs, was: pending.was ? stateOf(pending.was) : undefined },
    }),
  };
}

/** Whether BigQuery could not be asked, so that asking again would take as long once more. */
function hasNoAnswer(error: unknown): boolean {
  return !(error instanceof ReportsError) || error.code === 'WAREHOUSE_UNREACHABLE';
}
