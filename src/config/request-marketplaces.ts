import { marketplaces } from '../schema/marketplaces.js';
import type { RequestFacts } from '../schema/types.js';
import type { RequestConfig } from './request-spec.js';
import type { Config } from './spec.js';

/**
 * The marketplaces of the request that the seller has. If the entry of the seller lists none: those
 * in its region.
 */
export function requestMarketplaces(
  { marketplaces: named }: Pick<RequestConfig, 'marketplaces'>,
  seller: Pick<Config['sellers'][number], 'marketplaces' | 'region'>,
): string[] {
  const wanted = named ?? seller.marketplaces;
  return wanted.filter((id) =>
    seller.marketplaces.length > 0
      ? seller.marketplaces.includes(id)
      : marketplaces[id]?.region === seller.region,
  );
}

/**
 * Returns the marketplaces of each report that a request needs. Reports of some types cover a
 * single marketplace, even if the request names several. Those of others cover the whole region,
 * whatever the request names: one report per marketplace would bring every row several times.
 */
export function groupMarketplaces(
  ids: string[],
  perMarketplace: boolean,
  { marketplaces: covered }: Pick<RequestFacts, 'marketplaces'>,
): string[][] {
  const isSplit = covered === 'one' || (perMarketplace && covered !== 'ignored');
  if (isSplit) return ids.map((id) => [id]);
  return ids.length > 0 ? [ids] : [];
}
