import { documentId } from '../rules/document-id.js';
import { keyColumns, lateSnapshots } from '../rules/newest-wins.js';
import type { TableBatch, TableLoad } from '../rules/plan-batches.js';
import { fromStaging, keyTextSql } from './column-types.js';
import { documentIdSql, identifier, keySql, literal } from './sql.js';

/** Where a batch is staged: its rows, as SQL after FROM, and its ledger rows. */
export interface Staged {
  rows: string;
  ledger: string;
  /** The table that the rows go to. */
  table: string;
}

/**
 * SQL conditions on `here` that hold for all rows that a batch may replace, whatever the table
 * contains.
 */
export type Pruning = string[];

/**
 * The statements that load the rows of documents into their table by load mode, as
 * rules/newest-wins.ts describes them.
 */
export function loadStatements(batch: TableBatch, staged: Staged, pruning: Pruning): string[] {
  const mode = batch.loads[0]?.table.mode;
  if (mode === 'append') return insert(batch, staged, rowsOf(batch.loads));
  if (mode === 'snapshot') return snapshotStatements(batch, staged);
  const filled = batch.loads.filter(({ table }) => table.parquetPath);
  if (filled.length === 0) return [];
  const isNewer = `newest.key_text = ${keyOf(batch, 'here')} AND newest.newest_rank > ${rankSql(batch, documentIdSql('here'))}`;
  return [
    `DELETE FROM ${staged.table} AS here WHERE ${[...pruning, `EXISTS (SELECT 1 FROM ${newestOf(batch, filled, staged)} AS newest WHERE ${isNewer})`].join(' AND ')}`,
    ...insert(batch, staged, keptRows(batch, filled, staged)),
  ];
}

/** SQL that counts the rows of each document that are inserted. */
export function countKept(batch: TableBatch, staged: Staged): string {
  const filled = batch.loads.filter(({ table }) => table.parquetPath);
  const { joins, where } = keptRows(batch, filled, staged);
  return `SELECT s.__document, COUNT(*) FROM ${staged.rows} AS s ${joins} WHERE ${where} GROUP BY s.__document`;
}

function snapshotStatements(batch: TableBatch, staged: Staged): string[] {
  const older = batch.loads.map((load) => {
    const markets = load.marketplaces.map(literal).join(', ');
    const here = 'here._marketplace_ids';
    const covered =
      markets === ''
        ? ''
        : `AND (IFNULL(ARRAY_LENGTH(${here}), 0) = 0 OR EXISTS (SELECT 1 FROM UNNEST(${here}) AS market WHERE market IN (${markets})))`;
    const newer = [...batch.loads, ...batch.others].filter(({ rank }) => rank >= load.rank);
    const seller = load.seller === null ? 'IS NULL' : `= ${literal(load.seller)}`;
    return `(here._seller_id ${seller} ${covered}
       AND ${documentIdSql('here')} NOT IN (${newer.map((each) => literal(documentId(each))).join(', ')}))`;
  });
  const late = lateSnapshots(batch);
  return [
    `DELETE FROM ${staged.table} AS here WHERE ${older.join('\n     OR ')}`,
    ...insert(batch, staged, rowsOf(batch.loads.filter((load) => !late.has(load)))),
  ];
}

/** Selects some of the staged rows, `s`: joins and conditions. */
interface Selection {
  joins: string;
  where: string;
}

/** The rows of some documents; undefined if there are none. */
function rowsOf(loads: TableLoad[]): Selection | undefined {
  const filled = loads.filter(({ table }) => table.parquetPath);
  const ids = filled.map((load) => literal(documentId(load))).join(', ');
  return filled.length === 0 ? undefined : { joins: '', where: `s.__document IN (${ids})` };
}

/** SQL for the rank of the newest document that has a key, for each key. */
function newestOf(batch: TableBatch, filled: TableLoad[], staged: Staged): string {
  const rank = rankSql(batch, 's.__document');
  return `(SELECT ${keyOf(batch, 's')} AS key_text, MAX(${rank}) AS newest_rank FROM ${staged.rows} AS s
     WHERE ${rowsOf(filled)?.where} GROUP BY 1)`;
}

/**
 * The rows to insert: for each key those of the newest report, unless the table has rows of a newer
 * one.
 */
function keptRows(batch: TableBatch, filled: TableLoad[], staged: Staged): Selection {
  const newer = batch.others.filter((other) => filled.some((each) => other.rank > each.rank));
  const joins = `JOIN ${newestOf(batch, filled, staged)} AS newest ON newest.key_text = ${keyOf(batch, 's')}`;
  const where = `${rowsOf(filled)?.where} AND ${rankSql(batch, 's.__document')} = newest.newest_rank`;
  if (newer.length === 0) return { joins, where };
  const here = `(SELECT ${keyOf(batch, 'here')} AS key_text, MAX(${rankSql(batch, documentIdSql('here'))}) AS here_rank
     FROM ${staged.table} AS here
     WHERE ${documentIdSql('here')} IN (${newer.map((each) => literal(documentId(each))).join(', ')}) GROUP BY 1)`;
  return {
    joins: `${joins} LEFT JOIN ${here} AS held ON held.key_text = newest.key_text`,
    where: `${where} AND (held.here_rank IS NULL OR held.here_rank < newest.newest_rank)`,
  };
}

/** Seller and key values as one text, of staged rows (`s`) or rows of the table (`here`). */
function keyOf({ relation, loads }: TableBatch, alias: 's' | 'here'): string {
  const values = keyColumns({ loads }).map((column) => {
    const target = relation.columns.get(column.name.toLowerCase());
    const name = `${alias}.${identifier(target?.name ?? column.name)}`;
    if (!target?.type) return name;
    return keyTextSql(alias === 's' ? fromStaging(name, target.type) : name, target.type);
  });
  return keySql([alias === 's' ? 's.__seller' : 'here._seller_id', ...values]);
}

function rankSql({ loads, others }: TableBatch, id: string): string {
  const whens = [...loads, ...others].map((each) => `WHEN ${literal(documentId(each))} THEN ${each.rank}`);
  return `CASE ${id} ${whens.join(' ')} ELSE 0 END`;
}

function insert({ relation, loads }: TableBatch, staged: Staged, rows: Selection | undefined): string[] {
  if (!rows) return [];
  const columns = (loads[0] as TableLoad).table.columns.map((column) => {
    const target = relation.columns.get(column.name.toLowerCase());
    const name = identifier(target?.name ?? column.name);
    return [name, target?.type ? fromStaging(`s.${name}`, target.type) : `s.${name}`];
  });
  const lineage = [
    ['_report_id', 'l.report_id'],
    ['_document_id', 'l.document_id'],
    ['_seller_id', 'l.seller_id'],
    ['_marketplace_ids', 'l.marketplace_ids'],
    ['_data_start', 'l.data_start'],
    ['_data_end', 'l.data_end'],
    ['_row', 's.__row'],
    ['_loaded_at', 'l.loaded_at'],
  ];
  const all = [...columns, ...lineage];
  return [
    `INSERT INTO ${staged.table} (${all.map(([name]) => name).join(', ')})
     SELECT ${all.map(([, value]) => value).join(', ')}
     FROM ${staged.rows} AS s JOIN ${staged.ledger} AS l ON CONCAT(IFNULL(l.seller_id, ''), '/', l.document_id) = s.__document
     ${rows.joins} WHERE ${rows.where}`,
  ];
}
