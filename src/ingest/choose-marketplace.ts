import { countryOf, marketplaceId, marketplaces } from '../schema/marketplaces.js';
import type { Decision } from '../schema/findings.js';

/**
 * Chooses the marketplace of a file for which nobody gave one: the only one that its name states,
 * otherwise the one of its folder or archive. Returns undefined if a name states two, or none does.
 * `names`: the nearest to the file first.
 */
export function chooseMarketplace(
  names: string[],
  reportType: string,
): { marketplaceId: string; decision: Decision } | undefined {
  for (const [index, name] of names.entries()) {
    const [id, ...others] = marketplacesIn(name.replaceAll(reportType, ' '));
    if (others.length > 0) return undefined;
    if (id === undefined) continue;
    const reason = index === 0 ? 'the file name' : `the name ${JSON.stringify(name)}`;
    return { marketplaceId: id, decision: { subject: 'marketplace', value: countryOf(id), reason } };
  }
  return undefined;
}

/**
 * The marketplaces that a name states: by id, by domain such as `amazon.co.uk`, or by a country
 * code in capitals. In small letters, many codes are words: be, in, it, sa.
 */
function marketplacesIn(name: string): string[] {
  const found = new Set<string>();
  for (const [word] of name.matchAll(/[A-Za-z0-9]+/g)) {
    const isCode = /^[A-Z]{2}$/.test(word) || word in marketplaces;
    const id = isCode ? marketplaceId(word) : undefined;
    if (id) found.add(id);
  }
  for (const [, domain = ''] of name.toLowerCase().matchAll(amazonDomain)) {
    const id = ofDomain(domain);
    if (id) found.add(id);
  }
  return [...found];
}

/** The marketplace that a value is the name of: an id, a domain, or a country code in capitals. */
export function marketplaceNamed(value: string): string | undefined {
  const name = value.trim();
  if (name in marketplaces || /^[A-Z]{2}$/.test(name)) return marketplaceId(name);
  const [whole, domain = ''] = [...name.toLowerCase().matchAll(amazonDomain)][0] ?? [];
  return whole?.length === name.length ? ofDomain(domain) : undefined;
}

function ofDomain(domain: string): string | undefined {
  const country = domain.split('.').at(-1) ?? '';
  return marketplaceId(country === 'com' ? 'US' : country);
}

const amazonDomain = /amazon\.(com\.(?:au|be|br|mx|tr)|co\.(?:jp|uk|za)|com|[a-z]{2})(?![a-z0-9])/g;
