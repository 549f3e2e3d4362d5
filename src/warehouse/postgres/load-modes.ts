import { documentId } from '../rules/document-id.js';
import { keyColumns, lateSnapshots } from '../rules/newest-wins.js';
import { shareSellers, type TableBatch, type TableLoad } from '../rules/plan-batches.js';
import type { ResolvedColumn } from '../../schema/types.js';
import { wrongCount } from '../staging/document-values.js';
import { comparable } from './column-types.js';
import type { PostgresServer } from './connection.js';
import { countOf, filledLoads, rowsOf, type RowSource } from './copy-rows.js';
import { PostgresError } from './errors.js';
import type { Session } from './session.js';
import { identifier, ownName, sameSql, storable, storableJson } from './sql.js';

/** What the rows of a commit are loaded with. */
export interface Loading {
  session: Session;
  server: PostgresServer;
  source: RowSource;
  /**
   * By name, the statements for the indexes of tables that this commit made and that have no rows
   * yet.
   */
  indexes: Map<string, string[]>;
}

/**
 * Loads the rows of documents into their table by load mode, as rules/newest-wins.ts describes
 * them. Returns for each how many of its rows were left out because a newer report has them.
 */
export async function loadRows(loading: Loading, batch: TableBatch): Promise<number[]> {
  const mode = batch.loads[0]?.table.mode;
  if (mode === 'append') return insertAll(loading, batch);
  return mode === 'snapshot' ? loadSnapshots(loading, batch) : loadByKey(loading, batch);
}

async function insertAll(loading: Loading, batch: TableBatch): Promise<number[]> {
  await insert(loading, batch, batch.loads);
  return batch.loads.map(() => 0);
}

async function loadSnapshots(loading: Loading, batch: TableBatch): Promise<number[]> {
  const { session, server } = loading;
  const { loads, relation } = batch;
  await session.run(
    `WITH ${documents}
     DELETE FROM ${server.table(relation.name)} AS here USING documents AS coming
     WHERE coming.is_coming AND ${isOfSeller('here', 'coming')}
       AND (CARDINALITY(coming.marketplaces) = 0 OR COALESCE(CARDINALITY(here._marketplace_ids), 0) = 0
         OR here._marketplace_ids && coming.marketplaces)
       AND coming.rank > COALESCE((SELECT documents.rank FROM documents WHERE ${isOf('here', 'documents')}), 0)`,
    [documentsJson(batch)],
  );
  const late = lateSnapshots(batch);
  await insert(
    loading,
    batch,
    loads.filter((each) => !late.has(each)),
  );
  return loads.map((each) => (late.has(each) ? each.table.rows : 0));
}

/**
 * Inserts all rows, then deletes of each key all rows but those of the newest report: older ones of
 * the table, and of the documents that come those that a newer report has.
 */
async function loadByKey(loading: Loading, batch: TableBatch): Promise<number[]> {
  const keys = keyColumns(batch);
  const filled = filledLoads(batch.loads);
  const isEmpty = loading.indexes.has(batch.relation.name);
  const mayMeet = shareSellers(filled) || (!isEmpty && (await hasOthers(loading, batch)));
  await insert(loading, batch, filled);
  const left = new Map<string, number>();
  if (mayMeet) {
    for (const pattern of await nullPatterns(loading, batch, keys)) {
      for (const [id, count] of await deleteOlder(loading, batch, keys, pattern)) {
        left.set(id, (left.get(id) ?? 0) + count);
      }
    }
  }
  return batch.loads.map((each) => left.get(documentId(each)) ?? 0);
}

/** Whether the table has rows of the sellers of a batch. */
async function hasOthers({ session, server }: Loading, { loads, relation }: TableBatch): Promise<boolean> {
  const sellers = [...new Set(loads.map(({ seller }) => seller))];
  const of = sellers.map((seller, index) =>
    seller === null ? '_seller_id IS NULL' : `_seller_id = $${index + 1}`,
  );
  const { rows } = await session.run(
    `SELECT EXISTS (SELECT 1 FROM ${server.table(relation.name)} WHERE ${of.join(' OR ')})`,
    sellers.map((seller) => (seller === null ? null : storable(seller))),
  );
  return rows[0]?.[0] === 't';
}

/** For the seller and each key column: whether it is NULL. */
type NullPattern = boolean[];

/**
 * Which of seller and key columns are NULL in the rows of the documents: an index finds NULL by IS
 * NULL, and other values by `=`, so that each pattern needs a statement.
 */
async function nullPatterns(
  { session, server }: Loading,
  batch: TableBatch,
  keys: ResolvedColumn[],
): Promise<NullPattern[]> {
  const nulls = ['_seller_id', ...keys.map(({ name }) => identifier(name))].map(
    (column) => `here.${column} IS NULL`,
  );
  const { rows } = await session.run(
    `WITH ${documents}
     SELECT DISTINCT ${nulls.join(', ')} FROM ${server.table(batch.relation.name)} AS here
     JOIN documents ON ${isOf('here', 'documents')} WHERE ${isComing}`,
    [documentsJson(batch), comingIds(batch)],
  );
  return rows.map((row) => row.map((each) => each === 't'));
}

/**
 * Deletes the rows of the keys of a batch that are of an older report than the newest row of their
 * key. Returns by document id how many rows of its own documents it deleted.
 */
async function deleteOlder(
  { session, server }: Loading,
  batch: TableBatch,
  keys: ResolvedColumn[],
  pattern: NullPattern,
): Promise<Map<string, number>> {
  const table = server.table(batch.relation.name);
  const columns = ['_seller_id', ...keys.map(({ name }) => identifier(name))];
  const values = columns.map((column, index) => {
    const type = batch.relation.columns.get(keys[index - 1]?.name.toLowerCase() ?? '')?.type;
    return (alias: string) => (type ? comparable(`${alias}.${column}`, type) : `${alias}.${column}`);
  });
  const own = values.map((value, index) => `${value('here')} AS key_${index}`);
  const here = values.map((value, index) =>
    sameSql(value('here'), `keys.key_${index}`, pattern[index] ?? false),
  );
  const inPattern = columns.map((column, index) => `here.${column} IS ${pattern[index] ? '' : 'NOT '}NULL`);
  const keyList = columns.map((_, index) => `key_${index}`).join(', ');
  const rows = await session.values(
    `WITH ${documents},
     keys AS MATERIALIZED (
       SELECT DISTINCT ${own.join(', ')} FROM ${table} AS here
       JOIN documents ON ${isOf('here', 'documents')} WHERE ${isComing} AND ${inPattern.join(' AND ')}
     ),
     held AS MATERIALIZED (
       SELECT here.ctid AS id, COALESCE(documents.rank, 0) AS rank,
         MAX(COALESCE(documents.rank, 0)) OVER (PARTITION BY ${keyList}) AS newest
       FROM keys JOIN ${table} AS here ON ${here.join(' AND ')}
       LEFT JOIN documents ON ${isOf('here', 'documents')}
     ),
     gone AS (
       DELETE FROM ${table} AS here USING held WHERE here.ctid = held.id AND held.rank < held.newest
       RETURNING here._seller_id, here._document_id
     )
     SELECT gone._seller_id, gone._document_id, COUNT(*) FROM gone
     JOIN documents ON ${isOf('gone', 'documents')} WHERE documents.is_coming
     GROUP BY 1, 2`,
    [documentsJson(batch), comingIds(batch)],
  );
  return new Map(
    rows.map(([seller, document, count]) => [
      documentId({ seller: seller as string | null, document: document as string }),
      Number(count),
    ]),
  );
}

/** Inserts the rows of some of the documents. */
async function insert(loading: Loading, { relation }: TableBatch, loads: TableLoad[]): Promise<void> {
  const { session, server, source } = loading;
  const filled = filledLoads(loads);
  if (filled.length === 0) return;
  const { columns, bytes } = rowsOf(source, relation, filled);
  try {
    const count = await session.copyIn(
      `${server.table(relation.name)} (${columns.map(identifier).join(', ')})`,
      bytes,
    );
    if (count !== countOf(filled)) throw await wrongCount(source.connection, filled);
    await createIndexes(loading, relation.name);
  } catch (error) {
    if (error instanceof PostgresError) error.table = ownName(relation.name);
    throw error;
  }
}

/** Creates the indexes of a table that this commit made, unless it has them. */
export async function createIndexes({ session, indexes }: Loading, table: string): Promise<void> {
  await session.runAll(indexes.get(table) ?? []);
  indexes.delete(table);
}

/**
 * SQL for the documents of a batch and those they are compared with, from the parameter `$1`. A
 * document that is not among them is older than all.
 */
const documents = `documents AS MATERIALIZED (
    SELECT * FROM JSON_TO_RECORDSET(CAST($1 AS json))
      AS documents(seller text, document text, marketplaces text[], rank bigint, is_coming boolean)
  )`;

function documentsJson({ loads, others }: TableBatch): string {
  const row = ({ seller, document, marketplaces, rank }: TableBatch['others'][number], coming: boolean) => ({
    ...{ seller, document, marketplaces, rank },
    is_coming: coming,
  });
  return storableJson([...loads.map((each) => row(each, true)), ...others.map((each) => row(each, false))]);
}

/**
 * SQL for whether a row `here` is of a document that comes. PostgreSQL sees in the values of `$2`
 * that few rows are, and uses the index.
 */
const isComing = 'documents.is_coming AND here._document_id = ANY ($2)';

function comingIds({ loads }: TableBatch): string[] {
  return loads.map(({ document }) => storable(document ?? ''));
}

/** SQL for whether a row is of a document, in a form that an index can be used for. */
function isOf(row: string, documents: string): string {
  return `${row}._document_id = ${documents}.document AND ${isOfSeller(row, documents)}`;
}

function isOfSeller(row: string, documents: string): string {
  return `(${row}._seller_id = ${documents}.seller OR (${row}._seller_id IS NULL AND ${documents}.seller IS NULL))`;
}
