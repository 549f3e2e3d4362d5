import type { LineageColumn } from './lineage.js';

/** A column that views have of every report table, beside its own: the time of the rows. */
export const asOf: LineageColumn = {
  name: '_as_of',
  type: { kind: 'timestamp' },
  description:
    'End of the data period of the report, otherwise the time at which it was created, in UTC; NULL if neither is known.',
};

/** Whether a view's SQL reads that column. */
export function readsAsOf(sql: string): boolean {
  return /\b_as_of\b/i.test(sql);
}

/** SQL for the value, in a query from what `withAsOf` returns. */
export const asOfValue = 'COALESCE(here._data_end, made.__created)';

/**
 * SQL after FROM for a report table as `here`, with the creation times of its reports from the
 * ledger.
 */
export function withAsOf(table: string, ledger: string): string {
  // The ledger has one row for each document.
  return `${table} AS here
LEFT JOIN (
  SELECT document_id AS __document, COALESCE(seller_id, '') AS __seller, MAX(report_created_at) AS __created
  FROM ${ledger} WHERE document_id IS NOT NULL GROUP BY 1, 2
) AS made ON made.__document = here._document_id AND made.__seller = COALESCE(here._seller_id, '')`;
}
