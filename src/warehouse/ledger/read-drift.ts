import type { TableDrift } from '../../schema/drift.js';
import { type DriftGroup, recentDrift } from '../types.js';
import { jsonList } from './json-values.js';
import type { LedgerDialect } from './ledger-dialect.js';

/** See `Warehouse.drift`. */
export async function readDrift(
  dialect: LedgerDialect,
  reportType: string | undefined,
): Promise<DriftGroup[]> {
  const { table, literal, listText, replaced, latest, run } = dialect;
  const ofType = reportType === undefined ? 'IS NOT NULL' : `= ${literal(reportType)}`;
  // Without the figures that differ in every document, few texts are left to be parsed.
  const alike = replaced(listText('l.tables'), figuresOfTables, '"_":0');
  const rows = await run(
    `SELECT report_type, seller_id, marketplaces, alike, COUNT(*) AS documents,
       MIN(made) AS first_made, MAX(made) AS last_made,
       ${latest('document_id', 'made', recentDrift)} AS document_ids, ${latest('made', 'made', recentDrift)} AS times
     FROM (
       SELECT l.report_type, l.seller_id, l.document_id, COALESCE(l.report_created_at, l.loaded_at) AS made,
         ${listText('l.marketplace_ids')} AS marketplaces, ${alike} AS alike
       FROM ${table('_loads')} AS l
       WHERE l.report_type ${ofType} AND l.document_id IS NOT NULL
     ) AS filled
     GROUP BY report_type, seller_id, marketplaces, alike`,
  );
  return rows.flatMap((row) => {
    const times = row.times as string[];
    const ofRow = {
      reportType: row.report_type as string,
      sellerId: row.seller_id as string | null,
      marketplaceIds: jsonList<string>(row.marketplaces),
      documents: Number(row.documents),
      firstSeenAt: row.first_made as string,
      lastSeenAt: row.last_made as string,
      latest: (row.document_ids as string[]).map((documentId, index) => ({
        documentId,
        seenAt: times[index] ?? '',
      })),
    };
    return jsonList<TableDrift & { name: string }>(row.alike).map((item) => ({
      ...ofRow,
      table: item.name,
      ...(Object.fromEntries(driftLists.map((field) => [field, item[field] ?? []])) as TableDrift),
    }));
  });
}

/** What the tables of a ledger row have besides their names and drift. */
const figuresOfTables = '"(?:rows|rejects|superseded|emptyMeasures)": *(?:[0-9]+|\\[[^\\]]*\\])';

/** The lists of a table of a ledger row that say how it drifted. */
const driftLists = ['added', 'missing', 'widened', 'personal'] as const satisfies (keyof TableDrift)[];
