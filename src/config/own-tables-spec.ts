import { z } from 'zod';

/** The types of the documents that `costs` and `rates` become. */
export const ownTableTypes = ['PRODUCT_COSTS', 'EXCHANGE_RATES'] as const;

const currency = z
  .string()
  .regex(/^[A-Z]{3}$/, 'expected three capital letters, such as EUR')
  .describe('ISO 4217 code, such as EUR.');

const day = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, 'expected a day such as 2026-01-31')
  .describe('A day such as 2026-01-31.');

const file = z.string().min(1);

const costSpec = z
  .strictObject({
    sku: z.string().min(1).describe("The seller's SKU."),
    from: day
      .optional()
      .describe('First day on which the cost holds. By default it always held, until the next one.'),
    cost: z.number().min(0).describe('Cost of one unit.'),
    currency,
    seller: z
      .string()
      .min(1)
      .optional()
      .describe('Id of the seller; required if another seller has the same SKU.'),
  })
  .describe('The costs.');

const costsKeys = z.strictObject({
  file: file
    .optional()
    .describe(
      'A CSV file with the columns `sku`, `valid from`, `cost`, `currency` and, if sellers share SKUs, `seller`.',
    ),
  table: z
    .string()
    .regex(/^[A-Za-z_][\w.-]*$/, 'expected the name of a table, such as my_costs or other_dataset.costs')
    .optional()
    .describe(
      'A table or view of your own in the warehouse, with the columns `sku`, `valid_from`, `cost`, `currency` and, optionally, `seller`.',
    ),
  list: z.array(costSpec).min(1).optional(),
});

/** What goods cost the seller: a file, a table or a list. A path alone is a file. */
export const costsSpec = z.union([
  file.transform((path): z.output<typeof costsKeys> => ({ file: path })),
  costsKeys.refine(
    ({ file, table, list }) => [file, table, list].filter((each) => each !== undefined).length === 1,
    { error: 'expected one of `file`, `table` and `list`' },
  ),
]);

/** Exchange rates, and the currency into which views convert amounts. */
export const ratesSpec = z.strictObject({
  file: file.describe(
    'A CSV file in the format of the European Central Bank (eurofxref-hist.csv): a row per day, a column per currency, units per euro. Add columns for currencies that the bank does not publish.',
  ),
  currency: currency.describe('The reporting currency, into which views convert amounts.'),
  since: day
    .optional()
    .describe('First day whose rates are loaded. The default is the third January before the newest rate.'),
});
