import { z } from 'zod';
import { didYouMean } from '../text/nearest-name.js';
import { cronError, optionalText } from './common-spec.js';
import { contractSpec } from './contract-spec.js';
import { isCron } from './cron.js';
import { limitsSpec } from './limits-spec.js';
import { requestSpec } from './request-spec.js';

/** The treatments of personal data, the strictest last. */
export const piiPolicies = ['keep', 'hash', 'drop'] as const;

export type PiiPolicy = (typeof piiPolicies)[number];

/** What to do with a snapshot that would take away far more than it brings; the strictest last. */
export const snapshotLossPolicies = ['warn', 'hold'] as const;

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
      .describe('Name of the pipeline, for `sp-reports run` and in logs.'),
    schedule: z
      .string()
      .refine(isCron, cronError)
      .describe('Cron expression of the drain: five fields, or six with seconds.'),
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
        'this is a FIFO queue; Amazon sends notifications to standard queues only',
      )
      .describe(
        'URL of the SQS queue. A drain loads the reports of all pipelines that name the same queue; their `reportTypes` must not overlap.',
      ),
    reportTypes: z
      .union([reportType, z.array(reportType).min(1)])
      .default('*')
      .transform((types) => [types].flat())
      .describe(
        'Report types to load: `*`, exact names, or patterns such as `GET_FBA_*`. Others are acknowledged and skipped.',
      ),
    sweep: optionalText(
      'Cron expression of the sweep, which loads finished reports without a notification.',
    ).refine((text) => text === undefined || isCron(text), cronError),
    pii: z
      .enum(piiPolicies)
      .default('keep')
      .describe(
        'What happens to personal data of buyers (the columns marked `pii` in report schemas): `keep`; `hash`, with `piiHashKey`, so that equal values can still be recognized; `drop`, which stores NULL instead. A document from disk gets the strictest policy of all pipelines that load its type.',
      ),
    schemaContract: contractSpec,
    snapshotLoss: z
      .enum(snapshotLossPolicies)
      .default('warn')
      .describe(
        'What happens to a snapshot that would take away far more rows than it brings, or the rows of other marketplaces: `warn` loads it with a warning; `hold` quarantines it and keeps the rows that are there. For a document from disk, `hold` applies if any of the pipelines that load its type has it.',
      ),
    request: z.array(requestSpec).default([]),
    limits: limitsSpec,
  })
  .describe('Which reports are loaded, from which queue, and when.');

/** The part of a pipeline with unset variables that commands without a queue need. */
export const pipelineRuleSpec = z.object({
  name: pipelineSpec.shape.name,
  queue: z.string(),
  reportTypes: pipelineSpec.shape.reportTypes,
  pii: pipelineSpec.shape.pii,
  schemaContract: contractSpec,
  snapshotLoss: pipelineSpec.shape.snapshotLoss,
});
