import { marketplaceId, marketplaces } from '../schema/marketplaces.js';
import type { YamlProblem, YamlFile } from '../yaml/read-yaml.js';
import { valueAt } from '../yaml/spec-issues.js';

/** Finds values that are valid on their own but not in combination. */
export function relationProblems({ data, problemAt }: YamlFile<unknown>): YamlProblem[] {
  if (data === undefined) return [];
  const problems: YamlProblem[] = [];
  const list = (key: string): Record<string, unknown>[] => {
    const items = (data as Record<string, unknown> | null)?.[key];
    return Array.isArray(items)
      ? items.map((item) => (typeof item === 'object' && item !== null ? item : {}))
      : [];
  };
  for (const [key, unique] of [['sellers', 'id'] as const, ['pipelines', 'name'] as const]) {
    const items = list(key);
    items.forEach((item, index) => {
      const first = items.findIndex((each) => each[unique] === item[unique]);
      if (item[unique] !== undefined && first < index) {
        problems.push(
          problemAt([key, index, unique], `"${item[unique]}" is already used by ${key}[${first}]`),
        );
      }
    });
  }
  const owners = new Map<unknown, number>();
  list('pipelines').forEach(({ pii }, index) => {
    if (pii !== 'hash' || valueAt(data, ['piiHashKey']) !== undefined) return;
    const message = 'hash needs a key: `piiHashKey: ${PII_HASH_KEY}` at the top of the file';
    problems.push(problemAt(['pipelines', index, 'pii'], message));
  });
  list('sellers').forEach((seller, index) => {
    const ids = Array.isArray(seller.marketplaces) ? seller.marketplaces : [];
    ids.forEach((id, position) => {
      const known = marketplaces[marketplaceId(String(id)) ?? ''];
      if (known && typeof seller.region === 'string' && known.region !== seller.region) {
        const message = `${known.country} is in region ${known.region}, the seller in ${seller.region}; a seller has one entry per region`;
        problems.push(problemAt(['sellers', index, 'marketplaces', position], message));
      }
    });
    const accountIds = Array.isArray(seller.accountIds) ? seller.accountIds : [];
    accountIds.forEach((id, position) => {
      const first = owners.get(id) ?? index;
      if (first !== index) {
        const message = `"${id}" already belongs to sellers[${first}]`;
        problems.push(problemAt(['sellers', index, 'accountIds', position], message));
      }
      owners.set(id, first);
    });
  });
  return problems;
}
