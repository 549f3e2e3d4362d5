import { z } from 'zod';
import type { OptionFacts, RequestFacts } from '../schema/types.js';

const list = z.array(z.union([z.string(), z.number()]).transform((item) => String(item).trim())).min(1);

const sql = z.string().refine(isReading, 'expected a SELECT statement; it can only read the warehouse');

const source = {
  from: z
    .union([z.literal('listings'), list])
    .optional()
    .describe('`listings`: the ASINs of the listings in the warehouse; or a list.'),
  sql: sql
    .optional()
    .describe(
      'Instead of `from`: a query of the warehouse. The items are its first column, the most important first. `$seller` and `$marketplace` are the ids of the request.',
    ),
  rank: sql
    .optional()
    .describe(
      'With `from`: a query whose first column names the most important items first. The others follow.',
    ),
};

const check = ({ from, sql: query, rank }: { from?: unknown; sql?: unknown; rank?: unknown }) =>
  (from === undefined) !== (query === undefined) && (rank === undefined || query === undefined);

const checkMessage = 'expected `from` or `sql`, and `rank` only with `from`: `sql` returns its items by rank';

/** The ASINs of a request that is made for some items at a time. */
export const perAsinSpec = z
  .union([z.literal('listings'), list, z.strictObject(source).refine(check, checkMessage)])
  .optional()
  .describe(
    'For types with an option for ASINs: divides each window into as many reports as all the ASINs need. `listings`, a list of ASINs, or an object with `from` and `rank`, or with `sql` (docs/requests.md, "Per item").',
  );

/** The same for any option. */
export const perItemSpec = z
  .strictObject({
    option: z.string().min(1).describe('The option of the type that takes the items.'),
    ...source,
  })
  .refine(check, checkMessage)
  .optional()
  .describe('The same as `perAsin` for any option that takes one or several items, such as categories.');

/** `perAsin` and `perItem` of a request. */
export interface WrittenItems {
  perAsin?: z.output<typeof perAsinSpec>;
  perItem?: z.output<typeof perItemSpec>;
}

/** The items that a request is made for, and the option that takes them. */
export interface ItemSource {
  option: string;
  limits: Pick<OptionFacts, 'maxCharacters' | 'maxItems' | 'separator'>;
  from?: 'listings' | string[];
  /** A query of the warehouse: its first column. */
  sql?: string;
  /** A query of the items that come first. */
  rank?: string;
}

/** Options that take ASINs. */
export const asinOptions = ['asin', 'asins'];

/**
 * Returns the items of a request; undefined if each of its windows is one report, or if the type
 * has no option for them.
 */
export function itemsOf(
  { perAsin, perItem }: WrittenItems,
  { options = {} }: Pick<RequestFacts, 'options'>,
): ItemSource | undefined {
  const limitsOf = ({ maxCharacters, maxItems, separator }: OptionFacts) => ({
    maxCharacters,
    maxItems,
    separator,
  });
  if (perItem) {
    const { option, ...rest } = perItem;
    const facts = options[option];
    return facts && { option, limits: limitsOf(facts), ...rest };
  }
  if (perAsin === undefined) return undefined;
  const option = asinOptions.find((name) => options[name]);
  const facts = option === undefined ? undefined : options[option];
  if (option === undefined || !facts) return undefined;
  const from = typeof perAsin === 'string' || Array.isArray(perAsin) ? { from: perAsin } : perAsin;
  return { option, limits: limitsOf(facts), ...from };
}

/** Comments are allowed before the statement. */
function isReading(text: string): boolean {
  return /^(?:\s|\(|--[^\n]*\n|\/\*[\s\S]*?\*\/)*(?:SELECT|WITH|FROM|VALUES)\b/i.test(text);
}
