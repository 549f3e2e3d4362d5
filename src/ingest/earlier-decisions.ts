import type { EarlierDecisions } from '../parse/values/decide-rules.js';
import type { Decision } from '../schema/findings.js';
import type { DocumentMetadata } from '../source/types.js';
import { sameMarketplaces } from '../warehouse/rules/other-documents.js';
import { ledgerKey } from '../warehouse/types.js';
import type { PipelineContext } from './context.js';

/** Documents whose decisions are read. */
const maxDocuments = 100;

/**
 * The decisions about earlier documents of the same seller, report type and marketplaces. Earlier
 * are those whose report was made before: loading a document again decides by the same ones,
 * however many were loaded since. For a document without a creation time, all documents are
 * earlier. The ledger is read once, if at all.
 */
export function earlierDecisions(metadata: DocumentMetadata, context: PipelineContext): EarlierDecisions {
  let known: Promise<Decision[]> | undefined;
  return () => {
    known ??= readDecisions(metadata, context);
    return known;
  };
}

async function readDecisions(
  metadata: DocumentMetadata,
  { warehouse }: PipelineContext,
): Promise<Decision[]> {
  const { sellerId, reportType, reportCreatedAt, marketplaceIds } = metadata;
  const rows = await warehouse.loadFields(['key', 'marketplaceIds', 'decisions'], {
    statuses: ['loaded'],
    sellerId,
    reportType,
    madeBefore: reportCreatedAt,
    limit: maxDocuments,
  });
  const own = ledgerKey(metadata);
  return rows
    .filter((row) => row.key !== own && sameMarketplaces(row.marketplaceIds, marketplaceIds))
    .flatMap(({ decisions }) => decisions);
}
