import type { DuckDBConnection } from '@duckdb/node-api';
import type { ResolvedColumn } from '../../schema/types.js';
import type { Load, LoadTable } from '../types.js';
import { duckDbType, type Relation } from './catalog.js';
import type { Newer } from './ledger.js';
import { identifier, type Parameter, parquet, run, utcTimestamp } from './sql.js';
import { Refusal, widened } from './tables.js';

/** One document's rows on their way into one table. */
export interface TableLoad {
  load: Load;
  table: LoadTable;
  relation: Relation;
  /** ISO 8601 in UTC. */
  loadedAt: string;
  /** Newer documents of the same seller that filled this table. */
  newer: Newer[];
}

/**
 * Brings the rows of one document into its table by load mode, and gives the number of rows left out because a newer report holds
 * them. The rows that this same document loaded before are already gone.
 *
 * - `append`: all rows go in.
 * - `merge` and `replace`: a key's rows are replaced as a set by those of the newest report that has the key; rows that share a key
 *   within one document all stay.
 * - `snapshot`: a report replaces all older ones of the seller that cover one of its marketplaces; a report without marketplaces
 *   covers all of them.
 *
 * Whether a report is newer is decided by the ledger, so the table is the same in whatever order reports arrive, and however often.
 */
export async function loadRows(connection: DuckDBConnection, work: TableLoad): Promise<number> {
  const { mode } = work.table;
  if (mode === 'append') return insert(connection, work);
  return mode === 'snapshot' ? loadSnapshot(connection, work) : loadByKey(connection, work);
}

async function loadSnapshot(connection: DuckDBConnection, work: TableLoad): Promise<number> {
  const { load, table, relation } = work;
  const marketplaces = load.entry.marketplaceIds;
  const conditions = [
    '_seller_id IS NOT DISTINCT FROM $seller',
    '_document_id NOT IN (SELECT unnest($newer))',
  ];
  if (marketplaces.length > 0) {
    conditions.push('(len(_marketplace_ids) = 0 OR list_has_any(_marketplace_ids, $marketplaces))');
  }
  await run(connection, `DELETE FROM ${identifier(relation.name)} WHERE ${conditions.join(' AND ')}`, {
    seller: load.entry.sellerId,
    newer: documentIds(work.newer),
    ...(marketplaces.length > 0 && { marketplaces }),
  });
  const late = work.newer.some((other) => overlap(other.marketplaceIds, marketplaces));
  return late ? table.rows : insert(connection, work);
}

async function loadByKey(connection: DuckDBConnection, work: TableLoad): Promise<number> {
  const { load, table, relation } = work;
  if (table.key.length === 0) throw new Refusal(`table ${table.name}: ${table.mode} needs a key`);
  if (!table.parquetPath) return 0;
  const tableKeys: string[] = [];
  const documentKeys: string[] = [];
  for (const [index, name] of table.key.entries()) {
    const column = table.columns.find((each) => each.name.toLowerCase() === name.toLowerCase());
    if (!column) throw new Refusal(`table ${table.name}: there is no column ${name}, which is in its key`);
    tableKeys.push(`here.${identifier(column.name)} IS NOT DISTINCT FROM document.__key${index}`);
    documentKeys.push(`${documentValue(work, column)} AS __key${index}`);
  }
  const sameKey = tableKeys.join(' AND ');
  const seller = load.entry.sellerId;
  const newer = documentIds(work.newer);
  await run(
    connection,
    `DELETE FROM ${identifier(relation.name)} AS here
     WHERE _seller_id IS NOT DISTINCT FROM $seller AND _document_id NOT IN (SELECT unnest($newer))
       AND EXISTS (SELECT 1 FROM (SELECT ${documentKeys} FROM ${parquet(table.parquetPath)} document) document WHERE ${sameKey})`,
    { seller, newer },
  );
  if (newer.length === 0) return insert(connection, work);
  return insert(connection, work, {
    columns: documentKeys,
    condition: `NOT EXISTS (SELECT 1 FROM ${identifier(relation.name)} here
      WHERE here._seller_id IS NOT DISTINCT FROM $seller AND here._document_id IN (SELECT unnest($newer)) AND ${sameKey})`,
    parameters: { newer },
  });
}

/** Inserts the document's rows, or those that meet a condition; gives the number of those that don't. */
async function insert(
  connection: DuckDBConnection,
  work: TableLoad,
  filter?: { columns: string[]; condition: string; parameters: Record<string, Parameter> },
): Promise<number> {
  const { load, table, relation, loadedAt } = work;
  if (!table.parquetPath) return 0;
  const columns = table.columns.map((column) => ({
    name: identifier(column.name),
    value: documentValue(work, column),
  }));
  const lineage: [name: string, value: string][] = [
    ['_report_id', '$report'],
    ['_document_id', '$document'],
    ['_seller_id', '$seller'],
    ['_marketplace_ids', '$marketplaces'],
    ['_data_start', utcTimestamp('$dataStart')],
    ['_data_end', utcTimestamp('$dataEnd')],
    ['_row', 'CAST(document._row AS BIGINT)'],
    ['_loaded_at', utcTimestamp('$loadedAt')],
  ];
  const values = [...columns.map((each) => each.value), ...lineage.map(([, value]) => value)];
  const names = [...columns.map((each) => each.name), ...lineage.map(([name]) => name)];
  const source = parquet(table.parquetPath);
  const rows = filter ? `(SELECT *, ${filter.columns} FROM ${source} document)` : source;
  const [count] = await run(
    connection,
    `INSERT INTO ${identifier(relation.name)} (${names}) SELECT ${values} FROM ${rows} document
     ${filter ? `WHERE ${filter.condition}` : ''}`,
    {
      report: load.entry.reportId,
      document: load.entry.documentId,
      seller: load.entry.sellerId,
      marketplaces: load.entry.marketplaceIds,
      dataStart: load.entry.dataStart,
      dataEnd: load.entry.dataEnd,
      loadedAt,
      ...filter?.parameters,
    },
  );
  const leftOut = table.rows - Number(count?.[0]);
  if (leftOut < 0 || (leftOut > 0 && !filter)) {
    throw new Refusal(
      `table ${table.name}: ${count?.[0]} rows in ${table.parquetPath}, where the document has ${table.rows}`,
    );
  }
  return leftOut;
}

/** SQL for a column of the document as the table has it. The cast to the document's own type comes first; where it fails, the load does. */
function documentValue(work: TableLoad, column: ResolvedColumn): string {
  const raw = `document.${identifier(column.name)}`;
  const own =
    column.type.kind === 'timestamp' ? utcTimestamp(raw) : `CAST(${raw} AS ${duckDbType(column.type)})`;
  const target = work.relation.columns.get(column.name.toLowerCase())?.type;
  return target ? widened(own, column.type, target) : own;
}

function documentIds(newer: Newer[]): string[] {
  return newer.map((each) => each.documentId);
}

function overlap(a: string[], b: string[]): boolean {
  return a.length === 0 || b.length === 0 || a.some((each) => b.includes(each));
}
