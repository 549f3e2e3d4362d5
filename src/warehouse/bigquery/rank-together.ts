import type { LedgerQueries } from '../ledger/ledger-queries.js';
import { rankDocuments, searchFor } from '../ledger/rank-documents.js';
import type { TimedLoad } from '../rules/commit-rules.js';
import { areRanked, loadsByTable, type Rank } from '../rules/plan-batches.js';

/**
 * Ranks the documents of all tables of a commit by one search of the ledger: BigQuery bills each
 * search for all documents in it.
 */
export function rankTogether(ledger: Pick<LedgerQueries, 'readFilledTogether'>, loads: TimedLoad[]): Rank {
  const searches = [...loadsByTable(loads).values()].filter(areRanked).map((ofTable) =>
    searchFor(
      ofTable[0]?.table.name ?? '',
      ofTable.map(({ load, loadedAt }) => ({ entry: load.entry, loadedAt })),
    ),
  );
  let found: ReturnType<LedgerQueries['readFilledTogether']> | undefined;
  const readFilled: LedgerQueries['readFilled'] = async ({ table }) => {
    found ??= ledger.readFilledTogether(searches);
    return (await found).filter(({ tables }) => tables.includes(table));
  };
  return (table, ofTable) => rankDocuments({ readFilled }, table, ofTable);
}
