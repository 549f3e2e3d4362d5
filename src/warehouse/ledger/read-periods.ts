import type { Period } from '../types.js';
import { jsonList } from './json-values.js';
import type { LedgerDialect } from './ledger-dialect.js';
import { maxSeamMs } from './periods.js';

/** See `Warehouse.periods`. */
export async function readPeriods(dialect: LedgerDialect): Promise<Period[]> {
  const { table, listText, micros, tableNames, run } = dialect;
  const between = (from: string, to: string) => `${micros(to)} - ${micros(from)} > ${maxSeamMs * 1000}`;
  const covering = `l.status IN ('loaded', 'empty', 'cancelled') AND l.seller_id IS NOT NULL
    AND l.report_type IS NOT NULL AND l.data_start IS NOT NULL AND l.data_end IS NOT NULL`;
  const group = `l.report_type, l.seller_id, ${listText('l.marketplace_ids')} AS marketplaces`;
  const periods = `SELECT ${group}, l.data_start, l.data_end FROM ${table('_loads')} AS l
    WHERE ${covering} AND ${between('l.data_start', 'l.data_end')}`;
  const same = 'report_type, seller_id, marketplaces';
  const named = await run(
    `SELECT DISTINCT ${group}, ${tableNames} AS names FROM ${table('_loads')} AS l WHERE ${covering}`,
  );
  // Sorted by a number instead of texts, a ledger of any size fits into the memory. The maximum
  // of all earlier ends is costly, and few rows matter for it: those that do not adjoin the row
  // before or after them, and those that end later than the row after them.
  const rows = await run(
    `WITH sources AS (
       SELECT *, ROW_NUMBER() OVER (ORDER BY ${same}) AS source
       FROM (SELECT ${same}, MAX(data_end) AS ends FROM (${periods}) AS periods GROUP BY ${same}) AS sums
     )
     SELECT sources.report_type, sources.seller_id, sources.marketplaces, data_start AS begins, covered, sources.ends
     FROM (
       SELECT *, MAX(data_end) OVER (PARTITION BY source ORDER BY data_start, data_end
         ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS covered
       FROM (
         SELECT sources.source, periods.data_start, periods.data_end,
           LAG(periods.data_end) OVER ordered AS end_before, LEAD(periods.data_start) OVER ordered AS next_start,
           LEAD(periods.data_end) OVER ordered AS next_end
         FROM (${periods}) AS periods JOIN sources ON periods.report_type = sources.report_type
           AND periods.seller_id = sources.seller_id AND periods.marketplaces = sources.marketplaces
         WINDOW ordered AS (PARTITION BY sources.source ORDER BY periods.data_start, periods.data_end)
       ) AS numbered
       WHERE end_before IS NULL OR ${between('end_before', 'data_start')}
         OR next_start IS NULL OR ${between('data_end', 'next_start')} OR data_end > next_end
     ) AS steps JOIN sources ON sources.source = steps.source
     WHERE (end_before IS NULL OR ${between('end_before', 'data_start')})
       AND (covered IS NULL OR ${between('covered', 'data_start')})
     ORDER BY steps.source, data_start`,
  );
  const sourceOf = (row: Record<string, unknown> | undefined) =>
    JSON.stringify([row?.report_type, row?.seller_id, row?.marketplaces]);
  const tables = new Map<string, Set<string>>();
  for (const row of named) {
    const names = tables.get(sourceOf(row)) ?? new Set();
    for (const name of jsonList<string>(row.names)) names.add(name);
    tables.set(sourceOf(row), names);
  }
  // Each row begins a period, and has the end of the period before it.
  return rows.map((row, index) => {
    const next = rows[index + 1];
    return {
      status: 'loaded',
      reportType: row.report_type as string,
      sellerId: row.seller_id as string,
      marketplaceIds: JSON.parse(row.marketplaces as string) as string[],
      dataStart: row.begins as string,
      dataEnd: (sourceOf(next) === sourceOf(row) ? next?.covered : row.ends) as string,
      tables: [...(tables.get(sourceOf(row)) ?? [])].map((name) => ({ name })),
    };
  });
}
