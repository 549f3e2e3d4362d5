import type { ResolvedColumn } from '../../schema/types.js';
import { documentValue } from '../staging/document-values.js';
import type { TableBatch, TableLoad } from '../rules/plan-batches.js';
import { documentId } from '../rules/document-id.js';
import { identifier, literal, parquets, run } from '../staging/sql.js';
import type { Stager } from '../staging/stager.js';

/**
 * The stager's DuckDB table of lists with NULLs, which BigQuery's arrays can't hold: one row per
 * list, reported as a reject.
 */
export const listNulls = 'list_nulls';

const reason = (left: string, all: string) =>
  `${left} || ' of ' || ${all} || ' items left out: they are NULL, which an array of BigQuery can not hold'`;

/** Creates the table, empty. */
export async function beginListNulls({ connection }: Stager): Promise<void> {
  await run(
    connection,
    `CREATE OR REPLACE TEMP TABLE ${listNulls} (document VARCHAR, seller_id VARCHAR, document_id VARCHAR, report_id VARCHAR, report_type VARCHAR,
       table_name VARCHAR, row_number BIGINT, column_name VARCHAR, raw VARCHAR, reason VARCHAR, loaded_at TIMESTAMP)`,
  );
}

/** Records the lists of a batch that lose NULL items, with their text from the document. */
export async function recordListNulls(
  { connection }: Stager,
  { relation, loads }: TableBatch,
): Promise<void> {
  for (const load of loads) {
    const { table } = load;
    if (!table.parquetPath) continue;
    const isList = ({ name, type }: ResolvedColumn) =>
      (relation.columns.get(name.toLowerCase())?.type ?? type).kind === 'list';
    for (const column of table.columns.filter(isList)) {
      const list = documentValue(relation, column);
      const left = `len(list_filter(${list}, lambda item: item IS NULL))`;
      await run(
        connection,
        `INSERT INTO ${listNulls}
         SELECT ${documentValues(load)}, CAST(document._row AS BIGINT), ${literal(column.name)}, CAST(document.${identifier(column.name)} AS VARCHAR),
           ${reason(left, `len(${list})`)}, CAST(CAST(${literal(load.loadedAt)} AS TIMESTAMPTZ) AS TIMESTAMP)
         FROM ${parquets([table.parquetPath])} document
         WHERE contains(CAST(document.${identifier(column.name)} AS VARCHAR), 'null') AND ${left} > 0`,
      );
    }
  }
}

/** The number of such lists of each document. */
export async function countListNulls({ connection }: Stager): Promise<Map<string, number>> {
  const counted = await run(connection, `SELECT document, count(*) FROM ${listNulls} GROUP BY document`);
  return new Map(counted.map(([document, count]) => [String(document), Number(count)]));
}

function documentValues({ load: { entry }, table, seller, document }: TableLoad): string {
  const ids = [entry.sellerId, entry.documentId, entry.reportId, entry.reportType, table.name];
  return [documentId({ seller, document }), ...ids]
    .map((id) => (id === null ? 'NULL' : literal(id)))
    .join(', ');
}
