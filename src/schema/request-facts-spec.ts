import { z } from 'zod';
import { withoutUndefined } from '../runtime/without-undefined.js';
import { span, spanUnits } from '../yaml/span.js';
import type { OptionFacts, RequestFacts } from './types.js';

const anySpan = (example: string) => span(spanUnits, example);

const optionSpec = z.strictObject({
  values: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('The allowed values, as texts: `"true"`. Omitted if any text is allowed.'),
  default: z.string().optional().describe('The value that Amazon takes if a request omits the option.'),
  required: z.boolean().optional().describe('Whether Amazon refuses a request without the option.'),
  maxCharacters: z.int().min(1).optional().describe('The longest value, in characters.'),
  separator: z
    .string()
    .min(1)
    .optional()
    .describe('What separates the items, if the value is a list of them.'),
  maxItems: z.int().min(1).optional().describe('The maximum number of items in the value.'),
});

/** The spec of `request:` in a report schema. */
export const requestFactsSpec = z
  .strictObject({
    madeBy: z
      .array(
        z
          .enum(['automatic', 'requested', 'scheduled', 'seller-central'])
          .describe(
            'How reports of the type are made. `automatic`: by Amazon itself. `requested`: each on request, in Seller Central or by createReport. `scheduled`: by createReportSchedule. `seller-central`: only by a person in Seller Central.',
          ),
      )
      .min(1)
      .optional(),
    marketplaces: z
      .enum(['one', 'many', 'ignored'])
      .optional()
      .describe(
        'Which of the requested marketplaces a report covers. `one`: a single one, even if the request names several. `many`: all of them. `ignored`: the whole region, whatever the request names.',
      ),
    settlesAfter: anySpan('3 days')
      .optional()
      .describe('How long after the end of a window its data is complete, such as `3 days`.'),
    restatedFor: anySpan('30 days')
      .optional()
      .describe('How long after the end of a window Amazon still changes its data.'),
    maxWindow: anySpan('31 days').optional().describe('The longest window of one report.'),
    oldestStart: anySpan('2 years')
      .optional()
      .describe('How old the start of a window may be, such as `2 years`.'),
    minInterval: z
      .strictObject({
        minutes: z.int().min(1).describe('The minimum number of minutes between two reports.'),
        per: z
          .enum(['application', 'seller'])
          .describe('Whether the reports of all sellers of the application count, or those of one seller.'),
      })
      .optional()
      .describe('The minimum time between two reports of the type.'),
    reportsPerDay: z
      .strictObject({
        count: z.int().min(1).describe('The maximum number of reports.'),
        per: z
          .enum(['application', 'account'])
          .describe(
            'Whether an application has them for all of its sellers, or all applications of a seller share them.',
          ),
      })
      .optional()
      .describe('How many reports of the type Amazon makes in a day.'),
    generatedEveryMinutes: z
      .int()
      .min(1)
      .optional()
      .describe(
        'How often Amazon makes new content, in minutes. The same report, requested earlier, is CANCELLED or has the same content again.',
      ),
    options: z
      .record(z.string(), optionSpec)
      .optional()
      .describe('The `reportOptions` that the type accepts, by name. Omitted if not known.'),
    retention: anySpan('30 days')
      .optional()
      .describe('How long Amazon keeps the reports. Omitted if it is 90 days.'),
    ended: z
      .string()
      .regex(/^\d{4}-\d{2}-\d{2}$/, 'expected a date such as 2026-11-11')
      .refine((date) => !Number.isNaN(Date.parse(date)), 'there is no such date')
      .optional()
      .describe('The date since which Amazon no longer makes the reports.'),
    replacedBy: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('The report types that replace one that ended.'),
    sources: z
      .record(z.string(), z.string().min(1))
      .default({})
      .describe('For each of these keys except `madeBy`, the page that states it: an address or a name.'),
  })
  .describe(
    'What is known about requesting reports of the type: about Amazon, not about one seller. A key is omitted if nobody states it.',
  );

type RequestFactsYaml = z.output<typeof requestFactsSpec>;

/** Returns the facts that the YAML states. */
export function toRequestFacts({ options, ...facts }: RequestFactsYaml): RequestFacts {
  const named = Object.entries(options ?? {});
  return withoutUndefined({
    ...facts,
    options:
      options &&
      Object.fromEntries(named.map(([name, each]): [string, OptionFacts] => [name, withoutUndefined(each)])),
  });
}
