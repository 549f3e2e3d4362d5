import { z } from 'zod';
import { didYouMean } from '../text/nearest-name.js';
import { cronError, optionalText } from './common-spec.js';
import { isCron } from './cron.js';
import { limitsSpec } from './limits-spec.js';
import { requestSpec } from './request-spec.js';

/** The treatments of personal data, the strictest last. */
export const piiPolicies = ['keep', 'hash', 'drop'] as const;

export type PiiPolicy = (typeof piiPolicies)[number];

const timezone = z.string().refine(
  (name) => {
    try {
      return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
    } catch {
      return false;
    }
  },
  {
    error: (issue) => {
      const zones = Intl.supportedValuesOf('timeZone');
      return `expected a time zone such as Europe/Berlin, found "${issue.input}"${didYouMean(String(issue.input), zones)}`;
    },
  },
);

const reportType = z
  .string()
  .regex(
    /^[A-Z*][A-Z0-9_*]*$/,
    'expected a report type in capitals, such as GET_MERCHANT_LISTINGS_ALL_DATA, or a pattern such as GET_FBA_*',
  );

/** One entry of `pipelines`. */
export const pipelineSpec = z
  .strictObject({
    name: z
      .string()
      .regex(/^[\w-]+$/, 'expected a name of letters, digits, - and _')
      .describe('What `sp-reports run` and the logs call it.'),
    schedule: z
      .string()
      .refine(isCron, cronError)
      .describe('Cron expression of the drain, five fields or six with seconds.'),
    timezone: timezone
      .default('UTC')
      .describe('Time zone of `schedule`, `sweep` and the `cron` of requests.'),
    queue: z
      .string()
      .regex(
        /^https?:\/\/[^/\s]+(\/[^/\s]+){2,}$/,
        'expected the URL of an SQS queue, such as https://sqs.us-east-1.amazonaws.com/123456789012/reports',
      )
      .refine(
        (url) => !url.endsWith('.fifo'),
        'a FIFO queue; Amazon sends notifications to standard queues only',
      )
      .describe('URL of the SQS queue. It is drained for all pipelines that name it.'),
    reportTypes: z
      .union([reportType, z.array(reportType).min(1)])
      .default('*')
      .transform((types) => [types].flat())
      .describe(
        'Report types to load: `*`, exact names, or patterns such as `GET_FBA_*`. Others are acknowledged and skipped.',
      ),
    sweep: optionalText(
      'Cron expression of the sweep: finished reports that no notification told of.',
    ).refine((text) => text === undefined || isCron(text), cronError),
    pii: z
      .enum(piiPolicies)
      .default('keep')
      .describe(
        'What becomes of personal data of buyers, the columns marked `pii` in report schemas: `keep`; `hash`, by `piiHashKey`, so that equal values can still be told; `drop`, NULL in their place. Of several pipelines that take a report type from one queue the strictest counts.',
      ),
    request: z.array(requestSpec).default([]),
    limits: limitsSpec,
  })
  .describe('What is loaded, from which queue, when.');

/** The part of a pipeline with unset variables that commands without a queue need. */
export const pipelineRuleSpec = z.object({
  name: pipelineSpec.shape.name,
  queue: z.string(),
  reportTypes: pipelineSpec.shape.reportTypes,
  pii: pipelineSpec.shape.pii,
});
