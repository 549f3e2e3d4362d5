import type { EarlierDecisions } from '../parse/values/decide-rules.js';
import type { Decision } from '../schema/findings.js';
import type { DocumentMetadata } from '../source/types.js';
import { sameMarketplaces } from '../warehouse/rules/other-documents.js';
import { type LedgerEntry, ledgerKey } from '../warehouse/types.js';
import type { PipelineContext } from './context.js';

/** Documents whose decisions are read. */
const maxDocuments = 100;

/**
 * The decisions about earlier documents of the same seller, report type and marketplaces. Earlier
 * are those whose report was made before: loading a document again decides by the same ones,
 * however many were loaded since. For a document without a creation time, all documents are
 * earlier. `uncommitted` are documents that the ledger will have before this one. The ledger is
 * read once, if at all.
 */
export function earlierDecisions(
  metadata: DocumentMetadata,
  context: PipelineContext,
  uncommitted: readonly LedgerEntry[] = [],
): EarlierDecisions {
  let known: Promise<Decision[]> | undefined;
  return () => {
    known ??= readDecisions(metadata, context, uncommitted);
    return known;
  };
}

async function readDecisions(
  metadata: DocumentMetadata,
  { warehouse }: PipelineContext,
  uncommitted: readonly LedgerEntry[],
): Promise<Decision[]> {
  const { sellerId, reportType, reportCreatedAt, marketplaceIds } = metadata;
  const rows = await warehouse.loadFields(['key', 'marketplaceIds', 'decisions'], {
    statuses: ['loaded'],
    sellerId,
    reportType,
    madeBefore: reportCreatedAt,
    limit: maxDocuments,
  });
  const added = uncommitted.filter(
    (entry) =>
      entry.status === 'loaded' &&
      entry.sellerId === sellerId &&
      entry.reportType === reportType &&
      isMadeBefore(entry, reportCreatedAt),
  );
  const own = ledgerKey(metadata);
  return [...added.toReversed(), ...rows]
    .slice(0, maxDocuments)
    .filter((row) => row.key !== own && sameMarketplaces(row.marketplaceIds, marketplaceIds))
    .flatMap(({ decisions }) => decisions);
}

/** A document from disk without a creation time counts as made when it is committed. */
function isMadeBefore({ reportCreatedAt }: LedgerEntry, time: string | undefined): boolean {
  if (time === undefined) return true;
  return reportCreatedAt !== null && Date.parse(reportCreatedAt) < Date.parse(time);
}
