import { z } from 'zod';
import { hasScheme, isMeantForBucket, readBucketUrl } from '../bucket-url.js';
import { didYouMean } from '../yaml-problems.js';
import { alarmsSpec } from './alarms-spec.js';
import { cronError, isLoopback, marketplace } from './common-spec.js';
import { isCron } from './cron.js';
import { requestSpec } from './request-spec.js';
import { variablePattern } from './substitute.js';

/** Limit of the gunzipped size of a document, in bytes, where nothing else is said. */
export const defaultMaxDocumentBytes = 64 * 1024 ** 3;

/** What may become of personal data, the strictest last. */
export const piiPolicies = ['keep', 'hash', 'drop'] as const;

export type PiiPolicy = (typeof piiPolicies)[number];

/** An empty value, from `${NAME:-}` say, is the same as no value. */
const optionalText = (description: string) =>
  z
    .string()
    .optional()
    .transform((text) => text || undefined)
    .describe(description);

const folder = (path: string, description: string) =>
  z
    .string()
    .min(1)
    .refine((text) => !hasScheme(text) && !isMeantForBucket(text), {
      error: (issue) =>
        `expected a path on this machine, found "${issue.input}"; only lake and raw may be in a bucket`,
    })
    .default(path)
    .describe(description);

/** A folder, or the part of a bucket where names begin so. */
const store = (path: string, description: string) =>
  z
    .string()
    .min(1)
    .refine((text) => (!hasScheme(text) && !isMeantForBucket(text)) || readBucketUrl(text) !== undefined, {
      error: (issue) =>
        `expected a folder, or a bucket such as gs://my-bucket/lake or s3://my-bucket/lake, found "${issue.input}"`,
    })
    .default(path)
    .describe(description);

const optionalUrl = (description: string) =>
  z
    .string()
    .regex(
      /^(https?:\/\/[^\s/]\S*)?$/,
      'expected a URL with its scheme, such as https://sqs.example.com or http://localhost:4566',
    )
    .optional()
    .transform((text) => text || undefined)
    .describe(description);

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

// The pattern is for the editor, which sees the file before variables are filled in; a reader checks it there too.
const credential = (description: string) => z.string().min(1).meta({ description, pattern: variablePattern });

const limits = z
  .strictObject({
    maxDocuments: z
      .int()
      .min(1)
      .default(1000)
      .describe('Messages a drain takes from the queue, or reports a sweep loads.'),
    maxMinutes: z
      .number()
      .min(0.01)
      .max(1440)
      .default(50)
      .describe('Minutes after which a drain or sweep begins nothing new.'),
    maxDocumentBytes: z
      .int()
      .min(1)
      .default(defaultMaxDocumentBytes)
      .describe('Limit of the gunzipped size of a document; a larger one is quarantined.'),
    concurrency: z.int().min(1).max(16).default(2).describe('Documents in work at the same time.'),
    visibilityTimeoutSeconds: z
      .int()
      .min(1)
      .max(43_200)
      .default(300)
      .describe(
        'Seconds for which a received message stays invisible to others; extended while its document is in work.',
      ),
    waitTimeSeconds: z
      .int()
      .min(0)
      .max(20)
      .default(10)
      .describe('Seconds of long polling; an answer without messages ends the drain.'),
    maxReceives: z
      .int()
      .min(1)
      .default(3)
      .describe(
        'Failed tries after which a document is quarantined, where the queue has no redrive policy of its own.',
      ),
  })
  .refine(({ visibilityTimeoutSeconds, waitTimeSeconds }) => !(visibilityTimeoutSeconds <= waitTimeSeconds), {
    path: ['visibilityTimeoutSeconds'],
    error: 'must be longer than waitTimeSeconds',
    // Told beside other mistakes in the limits too; a comparison with what is no number finds nothing.
    when: ({ value }) => typeof value === 'object' && value !== null,
  })
  .prefault({})
  .describe('Limits of a run.');

const seller = z
  .strictObject({
    id: z
      .string()
      .regex(/^[\w.-]+$/, 'expected a seller id such as A1B2C3D4E5F6G7')
      .describe('The seller id (merchant token), or the account id of a vendor group.'),
    name: optionalText('For people.'),
    region: z.enum(['na', 'eu', 'fe']).describe('Where the account is: North America, Europe, Far East.'),
    marketplaces: z
      .array(marketplace)
      .default([])
      .describe(
        'Marketplace ids or country codes; they settle charset, decimal mark and dates where a document does not.',
      ),
    accountIds: z
      .array(z.string())
      .default([])
      .describe('Other ids of the account in notifications, e.g. amzn1.vg.123.'),
    credentials: z
      .strictObject({
        clientId: credential('Client id of the application.'),
        clientSecret: credential('Client secret of the application.'),
        refreshToken: credential('Refresh token of the authorisation.'),
      })
      .describe(
        'Login with Amazon; each a variable of the environment. Made-up ones may stand in the file where `api` names a sandbox on this machine.',
      ),
  })
  .describe('The seller accounts.');

const pipeline = z
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
    limits,
  })
  .describe('What is loaded, from which queue, when.');

/** What stands for a pipeline whose variables are unset, as far as commands without a queue need it. */
export const pipelineRuleSpec = z.object({
  name: pipeline.shape.name,
  queue: z.string(),
  reportTypes: pipeline.shape.reportTypes,
  pii: pipeline.shape.pii,
});

const statusPage = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe("Address to listen on. Any but this machine's own needs a `token`."),
    port: z.int().min(0).max(65_535).default(8420).describe('Port; 0 for any that is free.'),
    token: z
      .string()
      .refine((token) => token.length >= 16, 'expected at least 16 characters')
      .optional()
      .meta({
        description:
          'What a reader must know to see the page and the metrics: a variable of the environment of at least 16 characters.',
        pattern: variablePattern,
      }),
  })
  .superRefine(({ host, token }, context) => {
    if (token !== undefined || isLoopback(host)) return;
    const message = `anyone who reaches ${host} could read the warehouse; add \`token: \${SP_REPORTS_STATUS_TOKEN}\``;
    context.addIssue({ code: 'custom', path: ['host'], message });
  });

/** What may stand in pipelines.yaml; types, defaults, checks, the editor's JSON Schema and the reference page all come from it. */
export const configSpec = z.strictObject({
  warehouse: z
    .strictObject({
      type: z
        .enum(['duckdb', 'bigquery'])
        .default('duckdb')
        .describe('Kind of warehouse: a DuckDB file, or a BigQuery dataset (docs/bigquery.md).'),
      path: folder('data/warehouse.duckdb', 'The DuckDB file.'),
      memoryLimitMegabytes: z
        .int()
        .min(128)
        .default(1024)
        .describe(
          'Memory that DuckDB may take for a commit or a query, also where it prepares rows for BigQuery; beyond it, it works on disk.',
        ),
      project: optionalText('Google Cloud project of the BigQuery dataset.'),
      dataset: optionalText('The BigQuery dataset; the first commit makes it where it is missing.'),
      location: z.string().min(1).default('US').describe('Where the BigQuery dataset is, such as US or EU.'),
      keyFile: optionalText(
        "Key file of a Google service account; where absent, the credentials of the machine's environment.",
      ),
      endpoint: optionalUrl('An emulator in place of BigQuery; no credentials are sent to it.'),
    })
    .superRefine(({ type, project, dataset }, context) => {
      if (type !== 'bigquery') return;
      for (const [key, value] of Object.entries({ project, dataset })) {
        if (!value) context.addIssue({ code: 'custom', path: [key], message: 'is needed for type bigquery' });
      }
    })
    .prefault({})
    .describe('Where the tables are.'),
  lake: store(
    'data/lake',
    'Folder of the Parquet files; or a bucket, `gs://bucket/lake` or `s3://bucket/lake` (docs/lake.md).',
  ),
  raw: store('data/raw', 'Folder of the documents exactly as downloaded; or a bucket, as `lake`.'),
  bucket: z
    .strictObject({
      region: optionalText(
        'AWS region of the buckets of `s3://`; where absent `aws.region`, else that of the environment or profile.',
      ),
      keyFile: optionalText(
        "Key file of a Google service account for the buckets of `gs://`; where absent `warehouse.keyFile`, else the credentials of the machine's environment.",
      ),
      endpoint: optionalUrl(
        'Another implementation of S3, or a stand-in for Google Cloud Storage, which no credentials are sent to; where absent AWS_ENDPOINT_URL_S3 for S3, else AWS and Google.',
      ),
    })
    .prefault({})
    .describe(
      'The buckets of `lake` and `raw`. AWS credentials come from the environment, a profile or the instance role.',
    ),
  state: folder(
    'data/state',
    'Folder of what must survive a restart: the quota plan, what was swept when, what was asked for, and which alarms were sent. Documents of buckets are worked on below it.',
  ),
  schemas: folder(
    'schemas',
    'Folder of your own report schemas and, in `views` within it, of your own views (docs/views.md); they go before the packaged ones.',
  ),
  engine: z
    .enum(['columnar', 'reference'])
    .default('columnar')
    .describe(
      'How documents are parsed and Parquet is written. `columnar` is fast; `reference` is the slow and simple way that it is held equal to, by csv-parse and parquetjs-lite.',
    ),
  aws: z
    .strictObject({
      region: optionalText('AWS region of the queues; taken from the queue URL where absent.'),
      endpoint: optionalUrl(
        'SQS endpoint, for another SQS implementation; taken from the queue URL where absent.',
      ),
      credentials: z
        .strictObject({
          accessKeyId: credential('Access key id.'),
          secretAccessKey: credential('Secret access key.'),
        })
        .optional()
        .describe(
          'Credentials of another SQS implementation, for `endpoint` alone; each a variable of the environment. Made-up ones may stand in the file where it is on this machine.',
        ),
    })
    .superRefine(({ endpoint, credentials }, context) => {
      if (!credentials || endpoint) return;
      const message =
        'for `endpoint` alone; AWS takes those of the environment, a profile or the instance role';
      context.addIssue({ code: 'custom', path: ['credentials'], message });
    })
    .prefault({})
    .describe(
      'The SQS client. Credentials come from the environment, a profile or the instance role, where `credentials` has none.',
    ),
  api: z
    .strictObject({
      endpoint: optionalUrl(
        'Selling Partner API endpoint, for a sandbox; taken from the region where absent.',
      ),
      loginUrl: optionalUrl('Login with Amazon URL, for a sandbox.'),
    })
    .prefault({})
    .describe('The Selling Partner API.'),
  download: z
    .strictObject({
      minBytesPerMinute: z
        .int()
        .min(0)
        .default(100_000)
        .describe(
          'A connection that brings fewer bytes in a minute is broken off; after five in a row the document is left to a later run. 0 for no limit.',
        ),
    })
    .prefault({})
    .describe('Downloads of documents.'),
  piiHashKey: z
    .string()
    .refine((key) => key.length >= 16, `expected at least 16 characters`)
    .optional()
    .meta({
      description:
        'Key of the hashes where a pipeline says `pii: hash`, the same for all of them: a variable of the environment of at least 16 characters. Another key makes other hashes.',
      pattern: variablePattern,
    }),
  status: z
    .union([z.literal(false), statusPage])
    .prefault({})
    .describe(
      'The status page of `sp-reports start`, with metrics and health checks (docs/status.md); `false` for none.',
    ),
  alarms: alarmsSpec.optional(),
  sellers: z.array(seller).default([]),
  pipelines: z.array(pipeline).default([]),
});

type Written = z.output<typeof configSpec>;

/** Where the tables are. */
export type WarehouseConfig =
  | { type: 'duckdb'; path: string; memoryLimitMegabytes: number }
  | {
      type: 'bigquery';
      project: string;
      dataset: string;
      location: string;
      keyFile?: string;
      endpoint?: string;
      memoryLimitMegabytes: number;
    };

/** The settings, checked, every default filled in, every path absolute, frozen. `lake` and `raw` are paths, or URLs of buckets. */
export type Config = Readonly<
  Omit<Written, 'aws' | 'api' | 'warehouse' | 'bucket'> & {
    warehouse: WarehouseConfig;
    bucket: { region?: string; keyFile?: string; endpoint?: string };
    /** Absolute path of pipelines.yaml; null where there is none and the defaults hold. */
    file: string | null;
    /** The folder that relative paths start from. */
    folder: string;
    aws: {
      region?: string;
      endpoint?: string;
      credentials?: { accessKeyId: string; secretAccessKey: string };
    };
    api: { endpoint?: string; loginUrl?: string };
    /** Ids of sellers that were left out because their variables are unset, as they are written. */
    unsetSellers: string[];
    /** Pipelines that were left out because their variables are unset; their policy on personal data holds all the same. */
    unsetPipelines: z.output<typeof pipelineRuleSpec>[];
  }
>;
