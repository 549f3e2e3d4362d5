import { systemClock } from '../runtime/clock.js';
import { z } from 'zod';
import { cronError, exactReportType, marketplace } from './common-spec.js';
import { isCron } from './cron.js';
import { calendarUnits, type Span, type SpanUnit, span, spanUnits } from './span.js';

/** The periods that createReportSchedule accepts. Source: Amazon's model reports_2021-06-30. */
export const schedulePeriods = [
  'PT5M',
  'PT15M',
  'PT30M',
  'PT1H',
  'PT2H',
  'PT4H',
  'PT8H',
  'PT12H',
  'P1D',
  'P2D',
  'P3D',
  'PT84H',
  'P7D',
  'P14D',
  'P15D',
  'P18D',
  'P30D',
  'P1M',
] as const;

const isIn = (units: readonly SpanUnit[], { unit }: Span) => units.includes(unit);

/** One entry of `request:` in a pipeline. */
export const requestSpec = z
  .strictObject({
    reportType: exactReportType.describe('The report type to ask for; one that somebody may ask for.'),
    sellers: z
      .array(z.string())
      .min(1)
      .optional()
      .describe('Ids of the sellers to ask for; without it all that have one of the marketplaces.'),
    marketplaces: z
      .array(marketplace)
      .min(1)
      .max(25)
      .optional()
      .describe('Marketplace ids or country codes; without it those of the seller.'),
    perMarketplace: z
      .boolean()
      .default(false)
      .describe(
        'A report for each marketplace in place of one for all of them, for types that take one alone.',
      ),
    reportOptions: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String))
      .default({})
      .describe('`reportOptions` as Amazon documents them for the type, such as `dateGranularity: DAY`.'),
    window: span(spanUnits, '1 day')
      .refine(({ count }) => count >= 1, 'expected at least 1')
      .refine(
        (window) => window.count === 1 || !isIn(calendarUnits, window),
        'weeks, months, quarters and years are asked for one by one; write `1 week`, or `14 days`',
      )
      .optional()
      .describe(
        'The time of data that one report is about, such as `6 hours`, `1 day`, `7 days`, `1 week`, `1 month`, in UTC. Every window is asked for once; where nights were missed, all that are missing. Without it the report is of the moment, as inventories are; where `reportOptions` have a `reportPeriod` it is that.',
      ),
    lag: span(['hour', 'day'], '2 days')
      .optional()
      .describe('How long after its end a window is asked for, where Amazon has its data later: `2 days`.'),
    from: z
      .string()
      .regex(/^\d{4}-\d{2}-\d{2}$/, 'expected a date such as 2026-10-01')
      .refine((date) => !Number.isNaN(Date.parse(date)), 'there is no such day')
      .refine((date) => !(Date.parse(date) > systemClock.now()), {
        error: ({ input }) => `${String(input)} is still to come; the first window must begin in the past`,
      })
      .optional()
      .describe(
        'Where the first window begins. Without it with the oldest window of the last 60 days in the ledger, else with the last whole one.',
      ),
    cron: z
      .string()
      .refine(isCron, cronError)
      .optional()
      .describe('When to ask: a cron expression in the `timezone` of the pipeline.'),
    schedule: z
      .literal('amazon')
      .optional()
      .describe(
        '`amazon`: Amazon makes the report by a schedule of its own (createReportSchedule), every `period`; in place of `cron`.',
      ),
    period: z
      .enum(schedulePeriods)
      .optional()
      .describe('How often Amazon makes it, where `schedule` is `amazon`: one of the periods that it has.'),
  })
  .superRefine((request, context) => {
    const issue = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: [key], message });
    if (request.schedule) {
      if (!request.period)
        issue('schedule', `needs \`period\`, such as P1D; Amazon has ${schedulePeriods.join(', ')}`);
      for (const key of ['cron', 'window', 'lag', 'from'] as const) {
        if (request[key] !== undefined)
          issue(key, "Amazon's schedule decides on that; leave it out, or `schedule: amazon`");
      }
      return;
    }
    if (request.period) issue('period', 'is for `schedule: amazon` alone; to ask by cron, write `window`');
    if (!request.cron)
      issue('reportType', 'when is it asked for? Add `cron`, or `schedule: amazon` with `period`');
    for (const key of ['lag', 'from'] as const) {
      if (request[key] !== undefined && !windowOf(request)) issue(key, 'needs a `window`');
    }
    const period = periodOption(request.reportOptions);
    if (period && request.window && (request.window.unit !== period.unit || request.window.count !== 1)) {
      issue('window', `reportPeriod goes by one ${period.unit}: write \`1 ${period.unit}\`, or leave it out`);
    }
  })
  .describe('Reports to ask Amazon for, as it does not make them by itself (docs/requests.md).');

export type RequestConfig = z.output<typeof requestSpec>;

/**
 * Returns the window of a request: as written, or else by its `reportPeriod`; undefined for reports
 * about a single moment.
 */
export function windowOf({
  window,
  reportOptions,
}: Pick<RequestConfig, 'window' | 'reportOptions'>): Span | undefined {
  return window ?? periodOption(reportOptions);
}

/** Source: `reportPeriod` in Amazon's schemas of brand analytics and vendor reports. */
function periodOption(reportOptions: Record<string, string>): Span | undefined {
  const unit = reportOptions.reportPeriod?.toLowerCase();
  const known = spanUnits.find((each) => each === unit);
  return known && { count: 1, unit: known };
}
