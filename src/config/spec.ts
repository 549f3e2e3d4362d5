import { z } from 'zod';
import { alarmsSpec } from './alarms-spec.js';
import { credential, optionalText, optionalUrl } from './common-spec.js';
import { documentsSpec } from './documents-spec.js';
import { pipelineSpec, type pipelineRuleSpec } from './pipeline-spec.js';
import { folder, store } from './location-spec.js';
import { costsSpec, ratesSpec } from './own-tables-spec.js';
import { quotaShareSpec } from './quota-share-spec.js';
import type { SellerIds } from './seller-ids.js';
import { sellerSpec } from './seller-spec.js';
import { historySpec } from './history-spec.js';
import { mcpSpec } from './mcp-spec.js';
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
    'Folder of the Parquet files, or a bucket such as `gs://bucket/lake` or `s3://bucket/lake` (docs/lake.md).',
  ),
  raw: store('data/raw', 'Folder of the documents exactly as downloaded, or a bucket as for `lake`.'),
  bucket: z
    .strictObject({
      region: optionalText(
        'AWS region of `s3://` buckets. The default is `aws.region`, otherwise the region of the environment or profile.',
      ),
      keyFile: optionalText(
        "Key file of a Google service account for `gs://` buckets. The default is `warehouse.keyFile`, otherwise the credentials of the machine's environment.",
      ),
      endpoint: optionalUrl(
        'URL of another S3 implementation, or of an emulator of Google Cloud Storage, which receives no credentials. The default is AWS_ENDPOINT_URL_S3 for S3, otherwise AWS and Google.',
      ),
    })
    .prefault({})
    .describe(
      'The buckets of `lake` and `raw`. AWS credentials come from the environment, a profile or the instance role.',
    ),
  state: folder(
    'data/state',
    'Folder of the state that must survive a restart: quota, sweeps, requests, ages of client secrets, sent alarms, kept notifications. It also holds the working copies of documents whose `raw` or `lake` is a bucket.',
  ),
  schemas: folder(
    'schemas',
    'Folder of your own report schemas and, in its `views` folder, of your own views (docs/views.md). They take precedence over the packaged ones.',
  ),
  engine: z
    .enum(['columnar', 'reference'])
    .default('columnar')
    .describe(
      'How documents are parsed and Parquet files are written. `columnar` is fast. `reference` is slow and simple, uses csv-parse and parquetjs-lite, and yields the same tables.',
    ),
  aws: z
    .strictObject({
      region: optionalText('AWS region of the queues. The default is the region in the queue URL.'),
      endpoint: optionalUrl(
        'SQS endpoint, for another SQS implementation. The default is the host of the queue URL.',
      ),
      credentials: z
        .strictObject({
          accessKeyId: credential('Access key id.'),
          secretAccessKey: credential('Secret access key.'),
        })
        .optional()
        .describe(
          'Credentials of another SQS implementation, only with `endpoint`. Each one is an environment variable; invented ones may be written into the file if `endpoint` is on this machine.',
        ),
    })
    .superRefine(({ endpoint, credentials }, context) => {
      if (!credentials || endpoint) return;
      const message =
        'only with `endpoint`; for AWS, credentials come from the environment, a profile or the instance role';
      context.addIssue({ code: 'custom', path: ['credentials'], message });
    })
    .prefault({})
    .describe(
      'The SQS client. Without `credentials`, its credentials come from the environment, a profile or the instance role.',
    ),
  api: z
    .strictObject({
      endpoint: optionalUrl(
        'Selling Partner API endpoint, for a sandbox. The default is the endpoint of the region.',
      ),
      loginUrl: optionalUrl('Login with Amazon URL, for a sandbox.'),
    })
    .prefault({})
    .describe('The Selling Partner API.'),
  quotaShare: quotaShareSpec,
  download: z
    .strictObject({
      minBytesPerMinute: z
        .int()
        .min(0)
        .default(100_000)
        .describe(
          'A connection that delivers fewer bytes in a minute is closed. After five such connections in a row, the document is left to a later run. 0 for no limit.',
        ),
    })
    .prefault({})
    .describe('Downloads of documents.'),
  documents: documentsSpec,
  piiHashKey: z
    .string()
    .refine((key) => key.length >= 16, `expected at least 16 characters`)
    .optional()
    .meta({
      description:
        'Hash key of all pipelines with `pii: hash`: an environment variable with at least 16 characters. A different key results in different hashes.',
      pattern: variablePattern,
    }),
  status: z
    .union([z.literal(false), statusSpec])
    .prefault({})
    .describe(
      'The status page of `sp-reports start`, with metrics and health checks (docs/status.md). `false` turns it off.',
    ),
  alarms: alarmsSpec.optional(),
  costs: costsSpec
    .optional()
    .describe(
      'What goods cost you, for the views on profit (docs/guides/profit.md): the path of a CSV file, or one of these keys.',
    ),
  rates: ratesSpec
    .optional()
    .describe('Exchange rates, for amounts in one reporting currency (docs/guides/profit.md).'),
  history: historySpec,
  mcp: mcpSpec,
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
