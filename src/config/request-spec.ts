import { systemClock } from '../runtime/clock.js';
import { z } from 'zod';
import { cronError, exactReportType, marketplace } from './common-spec.js';
import { isCron } from './cron.js';
import { calendarUnits, type Span, type SpanUnit, span, spanUnits } from '../yaml/span.js';
import { perAsinSpec, perItemSpec } from './request-items-spec.js';

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
    reportType: exactReportType.describe('The report type to request. Amazon must accept requests for it.'),
    sellers: z
      .array(z.string())
      .min(1)
      .optional()
      .describe('Ids of the sellers. The default is every seller that has one of the marketplaces.'),
    marketplaces: z
      .array(marketplace)
      .min(1)
      .max(25)
      .optional()
      .describe('Marketplace ids or country codes. The default is the marketplaces of the seller.'),
    perMarketplace: z
      .boolean()
      .default(false)
      .describe(
        'Whether to request one report per marketplace instead of one for all of them. Types whose reports are known to cover one marketplace are always requested so; types whose reports cover the whole region never are. report-types.md lists both.',
      ),
    reportOptions: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String))
      .default({})
      .describe(
        '`reportOptions` as Amazon documents them for the type, such as `dateGranularity: DAY`. `reportPeriod` may be omitted if `window` states it.',
      ),
    perAsin: perAsinSpec,
    perItem: perItemSpec,
    window: span(spanUnits, '1 day')
      .refine(({ count }) => count >= 1, 'expected at least 1')
      .refine(
        (window) => window.count === 1 || !isIn(calendarUnits, window),
        'weeks, months, quarters and years are requested one at a time; write `1 week`, or `14 days`',
      )
      .optional()
      .describe(
        'The data period of one report, such as `6 hours`, `1 day`, `7 days`, `1 week`, `1 month`, in UTC. Each window is requested once, and again at the ages of `refresh`; after an outage, all missing windows are requested. Without a window, the report describes the current state, as inventories do, unless `reportOptions` has a `reportPeriod`, which then is the window.',
      ),
    lag: span(['hour', 'day'], '2 days')
      .optional()
      .describe(
        'How long after its end a window is requested, if Amazon needs time to complete the data, such as `2 days`.',
      ),
    refresh: z
      .array(span(['hour', 'day', 'week'], '3 days').refine(({ count }) => count >= 1, 'expected at least 1'))
      .max(10)
      .optional()
      .describe(
        'Ages at which a window is requested again, counted from its end, such as `[3 days, 30 days]`, because Amazon restates its data. The default is known for each report type: the age at which its data are complete, and the age at which Amazon stops to restate them. `[]` requests no window again that has data. Types whose tables append have no refreshes.',
      ),
    from: z
      .string()
      .regex(/^\d{4}-\d{2}-\d{2}$/, { error: 'expected a date such as 2026-10-01', abort: true })
      .refine((date) => !Number.isNaN(Date.parse(date)), 'there is no such date')
      .refine((date) => !(Date.parse(date) > systemClock.now()), {
        error: ({ input }) => `${String(input)} is in the future; the first window must begin in the past`,
      })
      .optional()
      .describe(
        'Start of the first window. The default is the oldest window of the last 60 days in the ledger or, if there is none, the last complete window.',
      ),
    cron: z
      .string()
      .refine(isCron, cronError)
      .optional()
      .describe('When to request the report: a cron expression in the `timezone` of the pipeline.'),
    schedule: z
      .literal('amazon')
      .optional()
      .describe(
        'Instead of `cron`. With `amazon`, Amazon makes the report on a schedule of its own (createReportSchedule), once per `period`.',
      ),
    period: z
      .enum(schedulePeriods)
      .optional()
      .describe(
        'How often Amazon makes the report if `schedule` is `amazon`: one of the periods that Amazon offers.',
      ),
  })
  .superRefine((request, context) => {
    const issue = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: [key], message });
    if (request.schedule) {
      if (!request.period)
        issue('schedule', `needs \`period\`, such as P1D; Amazon offers ${schedulePeriods.join(', ')}`);
      for (const key of ['cron', 'window', 'lag', 'refresh', 'from', 'perAsin', 'perItem'] as const) {
        if (request[key] !== undefined)
          issue(key, "Amazon's schedule decides this; remove it, or remove `schedule: amazon`");
      }
      return;
    }
    if (request.period) issue('period', 'is only for `schedule: amazon`; with `cron`, write `window`');
    if (!request.cron)
      issue('reportType', 'when is it requested? Add `cron`, or `schedule: amazon` with `period`');
    for (const key of ['lag', 'refresh', 'from', 'perAsin', 'perItem'] as const) {
      if (request[key] !== undefined && !windowOf(request)) issue(key, 'needs a `window`');
    }
    if (request.perAsin !== undefined && request.perItem)
      issue('perItem', 'write either `perAsin` or `perItem`');
    const period = periodOption(request.reportOptions);
    if (period && request.window && (request.window.unit !== period.unit || request.window.count !== 1)) {
      issue('window', `reportPeriod is one ${period.unit}: write \`1 ${period.unit}\`, or remove the window`);
    }
  })
  .describe('Reports to request from Amazon because it does not make them by itself (docs/requests.md).');

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
