import { z } from 'zod';
import { alarmsSpec } from './alarms-spec.js';
import { credential, optionalText, optionalUrl } from './common-spec.js';
import { pipelineSpec, type pipelineRuleSpec } from './pipeline-spec.js';
import { folder, store } from './place-spec.js';
import type { SellerIds } from './seller-ids.js';
import { sellerSpec } from './seller-spec.js';
import { statusSpec } from './status-spec.js';
import { variablePattern } from './substitute.js';
import { type WarehouseConfig, warehouseSpec } from './warehouse-spec.js';

/**
 * The spec of pipelines.yaml. Types, defaults, checks, the editor's JSON Schema and the reference
 * page all derive from it.
 */
export const configSpec = z.strictObject({
  warehouse: warehouseSpec,
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
    .union([z.literal(false), statusSpec])
    .prefault({})
    .describe(
      'The status page of `sp-reports start`, with metrics and health checks (docs/status.md); `false` for none.',
    ),
  alarms: alarmsSpec.optional(),
  sellers: z.array(sellerSpec).default([]),
  pipelines: z.array(pipelineSpec).default([]),
});

type Written = z.output<typeof configSpec>;

/**
 * The settings, checked, with every default filled in and every path absolute, frozen. `lake` and
 * `raw` are paths or URLs of buckets.
 */
export type Config = Readonly<
  Omit<Written, 'aws' | 'api' | 'warehouse' | 'bucket'> & {
    warehouse: WarehouseConfig;
    bucket: { region?: string; keyFile?: string; endpoint?: string };
    /** Absolute path of pipelines.yaml; null if there is none and the defaults apply. */
    file: string | null;
    /** The folder that relative paths are resolved against. */
    folder: string;
    aws: {
      region?: string;
      endpoint?: string;
      credentials?: { accessKeyId: string; secretAccessKey: string };
    };
    api: { endpoint?: string; loginUrl?: string };
    /** Sellers that were left out because their variables are unset. */
    unsetSellers: SellerIds[];
    /**
     * Pipelines that were left out because their variables are unset; their policy on personal data
     * still applies.
     */
    unsetPipelines: z.output<typeof pipelineRuleSpec>[];
  }
>;

/** One pipeline of the settings. */
export type Pipeline = Config['pipelines'][number];
