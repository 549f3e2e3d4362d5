import type { ResolvedColumn } from '../../schema/types.js';
import type { TableLoad } from '../rules/plan-batches.js';
import { jsonRows, parquets, utcTimestamp } from './sql.js';

/**
 * SQL after FROM for the rows of the documents' Parquet files as `document`, with the path of the
 * file as `__file`.
 */
export function parquetRows(loads: TableLoad[]): string {
  const paths = loads.flatMap(({ table }) => table.parquetPath ?? []);
  return `${parquets(paths, '__file')} document`;
}

/**
 * The documents as rows, read from the parameter `documents`: JSON of what `describeDocuments`
 * returns. Their times are converted here, not again for each row of a document.
 */
export const documentRows = `(SELECT * REPLACE (${['dataStart', 'dataEnd', 'loadedAt'].map((name) => `${utcTimestamp(name)} AS ${name}`)})
  FROM ${jsonRows('documents', {
    path: 'VARCHAR',
    report: 'VARCHAR',
    document: 'VARCHAR',
    seller: 'VARCHAR',
    marketplaces: ['VARCHAR'],
    dataStart: 'VARCHAR',
    dataEnd: 'VARCHAR',
    loadedAt: 'VARCHAR',
    rank: 'BIGINT',
  })})`;

export function describeDocuments(loads: TableLoad[]) {
  return loads.map(({ load: { entry }, table, marketplaces, rank, loadedAt }) => ({
    path: table.parquetPath,
    report: entry.reportId,
    document: entry.documentId,
    seller: entry.sellerId,
    marketplaces,
    dataStart: entry.dataStart,
    dataEnd: entry.dataEnd,
    loadedAt,
    rank,
  }));
}

/** SQL for each lineage column of a row of `document`, whose document is `batch`. */
export const lineageValues: Readonly<Record<string, string>> = {
  _report_id: 'batch.report',
  _document_id: 'batch.document',
  _seller_id: 'batch.seller',
  _marketplace_ids: 'batch.marketplaces',
  _data_start: 'batch.dataStart',
  _data_end: 'batch.dataEnd',
  _row: 'CAST(document._row AS BIGINT)',
  _loaded_at: 'batch.loadedAt',
};

/** The columns that at least one of the documents has. The others are NULL without being read. */
export function presentColumns(loads: TableLoad[]): ResolvedColumn[] {
  const columns = loads[0]?.table.columns ?? [];
  return columns.filter((_, index) => loads.some(({ table }) => table.columns[index]?.header !== undefined));
}
