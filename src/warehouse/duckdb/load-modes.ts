import type { DuckDBConnection } from '@duckdb/node-api';
import { documentId } from '../rules/document-id.js';
import { documentValue, wrongCount } from '../staging/document-values.js';
import {
  describeDocuments,
  documentRows,
  lineageValues,
  parquetRows,
  presentColumns,
} from '../staging/document-rows.js';
import { documentIdSql, identifier, type Parameter, run } from '../staging/sql.js';
import { keyColumns, lateSnapshots } from '../rules/newest-wins.js';
import {
  countOf,
  filledLoads,
  shareSellers,
  type TableBatch,
  type TableLoad,
} from '../rules/plan-batches.js';

/**
 * Loads the rows of documents into their table by load mode, as rules/newest-wins.ts describes
 * them. Returns for each how many of its rows were left out because a newer report has them.
 */
export async function loadRows(connection: DuckDBConnection, batch: TableBatch): Promise<number[]> {
  const mode = batch.loads[0]?.table.mode;
  if (mode === 'append') return insert(connection, batch, { loads: batch.loads });
  return mode === 'snapshot' ? loadSnapshots(connection, batch) : loadByKey(connection, batch);
}

/** Inserts the rows of documents into a table that has the columns of their own. */
export async function insertInto(
  connection: DuckDBConnection,
  batch: TableBatch,
  table: string,
): Promise<void> {
  await insert(connection, batch, { loads: batch.loads, table });
}

async function loadSnapshots(connection: DuckDBConnection, batch: TableBatch): Promise<number[]> {
  const { loads } = batch;
  const isOlder = `batch.seller IS NOT DISTINCT FROM here._seller_id
    AND (len(batch.marketplaces) = 0 OR len(here._marketplace_ids) = 0
      OR list_has_any(here._marketplace_ids, batch.marketplaces))
    AND batch.rank > ${rankOfHere}`;
  await deleteMatches(connection, batch, `${documentRows} batch ON ${isOlder}`);
  const late = lateSnapshots(batch);
  await insert(connection, batch, { loads: loads.filter((each) => !late.has(each)) });
  return loads.map((each) => (late.has(each) ? each.table.rows : 0));
}

async function loadByKey(connection: DuckDBConnection, batch: TableBatch): Promise<number[]> {
  const { relation, loads } = batch;
  const columns = keyColumns(batch);
  const tableKeys = columns.map(
    ({ name }, index) => `here.${identifier(name)} IS NOT DISTINCT FROM document.__key${index}`,
  );
  const documentKeys = columns.map((column, index) => `${documentValue(relation, column)} AS __key${index}`);
  const filled = filledLoads(loads);
  if (filled.length === 0) return loads.map(() => 0);
  const sameKey = `here._seller_id IS NOT DISTINCT FROM document.__seller AND ${tableKeys.join(' AND ')}`;
  const mayBeNewer = batch.others.some((other) => filled.some((each) => other.rank > each.rank));
  const keys = `SELECT ${documentKeys}, batch.seller AS __seller, batch.rank AS __rank FROM ${rowsOf(filled)}`;
  if (!mayBeNewer && !shareSellers(filled)) {
    await deleteMatches(connection, batch, `(${keys}) document ON ${sameKey}`);
    return insert(connection, batch, { loads: filled });
  }
  await runOn(connection, batch, `CREATE OR REPLACE TEMP TABLE ${keysTable} AS ${keys} GROUP BY ALL`);
  const table = identifier(relation.name);
  await runOn(
    connection,
    batch,
    `CREATE OR REPLACE TEMP TABLE ${matchesTable} AS
     SELECT here.rowid AS row_here, ${rankOfHere} AS rank_here, document.rowid AS document_key, document.__rank AS rank
     FROM ${table} here JOIN ${keysTable} document ON ${sameKey}`,
  );
  await runOn(
    connection,
    batch,
    `DELETE FROM ${table} WHERE rowid IN (SELECT row_here FROM ${matchesTable} WHERE rank_here < rank)`,
  );
  const names = columns.map((_, index) => `__key${index}`);
  const newest = `SELECT rowid FROM ${keysTable} QUALIFY __rank = max(__rank) OVER (PARTITION BY ${['__seller', ...names]})`;
  const newerInTable = `SELECT document_key FROM ${matchesTable} WHERE rank_here > rank`;
  const [left] = await runOn(
    connection,
    batch,
    `DELETE FROM ${keysTable} WHERE rowid NOT IN (${newest}) OR rowid IN (${newerInTable})`,
  );
  if (Number(left?.[0]) === 0) return insert(connection, batch, { loads: filled });
  const same = [...names, '__seller', '__rank'].map(
    (name) => `kept.${name} IS NOT DISTINCT FROM document.${name}`,
  );
  return insert(connection, batch, {
    loads: filled,
    filter: {
      columns: [...documentKeys, 'batch.seller AS __seller', 'batch.rank AS __rank'],
      condition: `SEMI JOIN ${keysTable} kept ON ${same.join(' AND ')}`,
    },
  });
}

/**
 * Deletes the rows `here` of the batch's table that match the other side of a join. For EXISTS with
 * a rank in it, DuckDB would first collect all distinct rows of the table.
 */
function deleteMatches(connection: DuckDBConnection, batch: TableBatch, otherSide: string) {
  const table = identifier(batch.relation.name);
  return runOn(
    connection,
    batch,
    `DELETE FROM ${table} WHERE rowid IN (SELECT here.rowid FROM ${table} here SEMI JOIN ${otherSide})`,
  );
}

/** The keys of a batch's documents; in the end only those whose rows are inserted. */
const keysTable = '_document_keys';
/** The rows of the table that have one of these keys, and which is newer. */
const matchesTable = '_rows_with_document_keys';

interface Insertion {
  loads: TableLoad[];
  /** Another table than that of the batch. */
  table?: string;
  /** Columns to add to the rows as `document`, and what follows FROM. */
  filter?: { columns: string[]; condition: string };
}

/**
 * Inserts the rows of some of the documents. Returns for each document of the batch how many of its
 * rows the filter left out.
 */
async function insert(
  connection: DuckDBConnection,
  batch: TableBatch,
  { loads, table, filter }: Insertion,
): Promise<number[]> {
  const { relation } = batch;
  const filled = filledLoads(loads);
  if (filled.length === 0) return batch.loads.map(() => 0);
  const columns = presentColumns(filled).map((column) => ({
    name: identifier(column.name),
    value: documentValue(relation, column),
  }));
  const lineage = Object.entries(lineageValues);
  const names = [...columns.map((each) => each.name), ...lineage.map(([name]) => name)];
  const values = [...columns.map((each) => each.value), ...lineage.map(([, value]) => value)];
  const valueColumns = values.map((value, index) => `${value} AS __value${index}`);
  const rows = filter
    ? `SELECT ${values.map((_, index) => `document.__value${index}`)}
       FROM (SELECT ${[...valueColumns, ...filter.columns]} FROM ${rowsOf(filled)}) document ${filter.condition}`
    : `SELECT ${values} FROM ${rowsOf(filled)}`;
  const [count] = await runOn(
    connection,
    batch,
    `INSERT INTO ${identifier(table ?? relation.name)} (${names}) ${rows}`,
  );
  if (Number(count?.[0]) === countOf(filled)) return batch.loads.map(() => 0);
  if (!filter) throw await wrongCount(connection, filled);
  return countSuperseded(connection, batch);
}

/** How many rows of each document are not in the table. */
async function countSuperseded(connection: DuckDBConnection, batch: TableBatch): Promise<number[]> {
  const counted = await runOn(
    connection,
    batch,
    `SELECT batch.rank, count(*) FROM ${identifier(batch.relation.name)} here
     JOIN ${documentRows} batch ON here._document_id = batch.document AND here._seller_id IS NOT DISTINCT FROM batch.seller
     GROUP BY batch.rank`,
  );
  const rows = new Map(counted.map((row) => [Number(row[0]), Number(row[1])]));
  return batch.loads.map(({ table, rank }) => (table.parquetPath ? table.rows - (rows.get(rank) ?? 0) : 0));
}

/**
 * The rows of the documents' Parquet files as `document`, each joined with its document as `batch`.
 */
function rowsOf(loads: TableLoad[]): string {
  return `${parquetRows(loads)} JOIN ${documentRows} batch ON batch.path = document.__file`;
}

/**
 * SQL for the rank of the document that the row `here` came from; 0 if it is older than all in the
 * batch.
 */
const rankOfHere = `coalesce(CAST($ranks AS BIGINT[])[list_position($ranked, ${documentIdSql('here._seller_id', 'here._document_id')})], 0)`;

/** Runs a statement about the documents of a batch. */
function runOn(connection: DuckDBConnection, { loads, others }: TableBatch, sql: string) {
  const ranked = [...loads, ...others];
  const parameters: Record<string, Parameter> = {
    documents: JSON.stringify(describeDocuments(loads)),
    ranks: ranked.map(({ rank }) => String(rank)),
    ranked: ranked.map(documentId),
  };
  // DuckDB refuses parameters that a statement doesn't name.
  const named = Object.entries(parameters).filter(([name]) => sql.includes(`$${name}`));
  return run(connection, sql, Object.fromEntries(named));
}
