import { marketplaces } from './marketplaces.js';

/** A row of facts: texts by column. */
export type FactRow = Readonly<Record<string, string>>;

/** Facts that views read like tables, by name. No warehouse has them as tables. */
export const facts: ReadonlyMap<string, FactRow[]> = new Map([
  [
    'marketplace_facts',
    Object.entries(marketplaces).map(([marketplaceId, { country, name, currency, timeZone }]) => ({
      marketplace_id: marketplaceId,
      country,
      marketplace_name: name,
      currency,
      time_zone: timeZone,
    })),
  ],
]);
