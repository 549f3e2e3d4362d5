import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { columnTypeText } from '../../schema/column-type.js';
import type { ColumnType } from '../../schema/types.js';
import type { Relation } from '../rules/relations.js';
import { documentValue, wrongCount } from '../staging/document-values.js';
import { keyColumns } from '../rules/newest-wins.js';
import { countOf, filledLoads, type TableBatch, type TableLoad } from '../rules/plan-batches.js';
import { documentId } from '../rules/document-id.js';
import { identifier, literal, type Parameter, parquets, run } from '../staging/sql.js';
import type { Stager } from '../staging/stager.js';
import { type Field, isStagedAsText, stagingField } from './column-types.js';

/** A Parquet file that becomes a staging table. */
export interface StagingFile {
  path: string;
  fields: Field[];
  /**
   * Derived from the rows and their types, whoever stages them. Job and table are named after it.
   */
  digest: string;
}

/** A batch, with its rows in files of its table's types. */
export interface StagedBatch {
  batch: TableBatch;
  files: StagingFile[];
  /**
   * Minimum and maximum of a partition column in the rows, as SQL literals, if the column is part
   * of the key.
   */
  partitionRange?: { column: string; from: string; to: string };
}

/**
 * A document with at least this much Parquet gets a load job of its own, so that a retry finds its
 * rows already sent.
 */
const ownJobBytes = 16 * 1024 ** 2;
/**
 * Smaller documents that wait together share a job, up to this size: BigQuery allows 1,500 load
 * jobs per table and day.
 */
const sharedJobBytes = 128 * 1024 ** 2;

/** Groups the documents of a table by load job. */
export function shareJobs<T>(documents: T[], bytesOf: (document: T) => number): T[][] {
  const large = documents.filter((each) => bytesOf(each) >= ownJobBytes).map((each) => [each]);
  const shared: T[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const each of documents) {
    if (bytesOf(each) >= ownJobBytes) continue;
    if (bytes + bytesOf(each) > sharedJobBytes) {
      shared.push([]);
      bytes = 0;
    }
    shared.at(-1)?.push(each);
    bytes += bytesOf(each);
  }
  return [...large, ...shared];
}

/**
 * Writes the rows of a batch in its table's types, followed by `__row`, `__seller` and
 * `__document`. This finds values that don't fit and files that lack rows before anything is sent.
 */
export async function stageBatch(
  stager: Stager,
  batch: TableBatch,
  partitionBy: string | null,
): Promise<StagedBatch> {
  keyColumns(batch);
  const filled = filledLoads(batch.loads);
  const bytes = new Map<TableLoad, number>();
  for (const load of filled) bytes.set(load, (await stat(load.table.parquetPath ?? '')).size);
  const files: StagingFile[] = [];
  for (const together of shareJobs(filled, (load) => bytes.get(load) ?? 0)) {
    files.push(await stageRows(stager, batch.relation, together));
  }
  const range = await partitionRange(stager, batch, partitionBy, files);
  return { batch, files, partitionRange: range };
}

async function stageRows(
  { connection, folder }: Stager,
  relation: Relation,
  loads: TableLoad[],
): Promise<StagingFile> {
  const columns = (loads[0] as TableLoad).table.columns.map((column) => {
    const target = relation.columns.get(column.name.toLowerCase());
    const type = target?.type ?? column.type;
    const own = documentValue(relation, column);
    // The same text as of a column that was JSON before it was widened.
    const isTextOfJson = column.type.kind === 'json' && type.kind === 'string';
    const value = isTextOfJson ? `CAST(json(${own}) AS VARCHAR)` : stagedValue(own, type);
    return { name: target?.name ?? column.name, type, value };
  });
  const hash = createHash('sha256');
  hash.update(JSON.stringify([relation.name, columns.map(({ name, type }) => [name, columnTypeText(type)])]));
  const selects: string[] = [];
  for (const load of loads) {
    const own = columns.map(({ name, value }) => `${value} AS ${identifier(name)}`);
    const seller = load.seller === null ? 'CAST(NULL AS VARCHAR)' : literal(load.seller);
    selects.push(
      `SELECT ${own}, CAST(document._row AS BIGINT) AS __row, ${seller} AS __seller, ${literal(documentId(load))} AS __document
       FROM ${parquets([load.table.parquetPath ?? ''])} document`,
    );
    hash.update(documentId(load));
    hash.update(await digestOf(load.table.parquetPath ?? ''));
  }
  const digest = hash.digest('hex').slice(0, 32);
  const path = join(folder, `${digest}.parquet`);
  const [count] = await run(
    connection,
    `COPY (${selects.join(' UNION ALL ')}) TO ${literal(path)} (FORMAT parquet)`,
  );
  if (Number(count?.[0]) !== countOf(loads)) throw await wrongCount(connection, loads);
  const fields = columns.map(({ name, type }) => stagingField(name, type));
  const own = [stagingField('__row', { kind: 'int64' }), text('__seller'), text('__document')];
  return { path, fields: [...fields, ...own], digest };
}

/** Writes the rows of a query, for the ledger or its rejects. */
export async function stageQuery(
  { connection, folder }: Stager,
  columns: { name: string; type: ColumnType }[],
  query: string,
  parameters: Record<string, Parameter>,
): Promise<StagingFile> {
  const path = join(folder, `${Math.random().toString(36).slice(2)}.parquet`);
  const values = columns.map(
    ({ name, type }) => `${stagedValue(identifier(name), type)} AS ${identifier(name)}`,
  );
  await run(connection, `CREATE OR REPLACE TEMP TABLE staged_query AS ${query}`, parameters);
  await run(connection, `COPY (SELECT ${values} FROM staged_query) TO ${literal(path)} (FORMAT parquet)`);
  const digest = (await digestOf(path)).toString('hex').slice(0, 32);
  return { path, digest, fields: columns.map(({ name, type }) => stagingField(name, type)) };
}

/**
 * A value in the form that a load job reads from Parquet: see `stagingField`. Drops NULLs from
 * lists, because BigQuery's arrays can't hold them.
 */
function stagedValue(value: string, type: ColumnType): string {
  if (type.kind === 'json') return `CAST(json(CAST(${value} AS JSON)) AS VARCHAR)`;
  if (type.kind === 'timestamp') return `CAST(${value} AS TIMESTAMPTZ)`;
  if (type.kind === 'list') {
    const there = `list_filter(${value}, lambda item: item IS NOT NULL)`;
    const item = stagedValue('item', type.item);
    return item === 'item' ? there : `list_transform(${there}, lambda item: ${item})`;
  }
  return isStagedAsText(type) ? `CAST(${value} AS VARCHAR)` : value;
}

async function partitionRange(
  { connection }: Stager,
  { loads, relation }: TableBatch,
  partitionBy: string | null,
  files: StagingFile[],
): Promise<StagedBatch['partitionRange']> {
  const table = loads[0]?.table;
  const column = partitionBy === null ? undefined : relation.columns.get(partitionBy.toLowerCase());
  const isInKey = table?.key.some((name) => name.toLowerCase() === column?.name.toLowerCase());
  // A column that was widened to text has no partitions any more.
  const type = { date: 'DATE', timestamp: 'TIMESTAMP' }[column?.type?.kind as string];
  if (!column || !type || !isInKey || files.length === 0) return undefined;
  const name = identifier(column.name);
  const [row] = await run(
    connection,
    `SELECT CAST(min(${name}) AS VARCHAR), CAST(max(${name}) AS VARCHAR), count(*) - count(${name}) FROM ${parquets(files.map(({ path }) => path))}`,
  );
  if (row?.[0] === null || Number(row?.[2]) > 0) return undefined;
  const typed = (value: unknown) => `${type} ${literal(String(value))}`;
  return { column: column.name, from: typed(row?.[0]), to: typed(row?.[1]) };
}

function text(name: string): Field {
  return stagingField(name, { kind: 'string' });
}

async function digestOf(path: string): Promise<Buffer> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest();
}
