import { z } from 'zod';
import { optionalText, optionalUrl } from './common-spec.js';
import { type Span, span } from '../yaml/span.js';
import { folder, requiredPath } from './location-spec.js';
import { urlMistake } from './postgres-url.js';

/** `publish:` of the warehouse, as written. */
const publishSpec = z
  .strictObject({
    path: requiredPath('The copy. Each new copy replaces it at once.'),
    every: span(['minute', 'hour', 'day', 'week'], '15 minutes')
      .optional()
      .transform((given) => given ?? { count: 15, unit: 'minute' as const })
      .describe(
        'How often a new copy is made at most, such as `5 minutes` or `1 day`, and only if something was committed since the last. The default is `15 minutes`.',
      ),
  })
  .optional()
  .describe(
    'A read-only copy of the DuckDB file, for tools that keep their file open (docs/guides/query-tools.md). `start` and `run` make it.',
  );

/** The warehouse, as written. */
export const warehouseSpec = z
  .strictObject({
    type: z
      .enum(['duckdb', 'postgres', 'bigquery'])
      .default('duckdb')
      .describe(
        'Kind of warehouse: a DuckDB file, a schema of a PostgreSQL database (docs/postgres.md), or a BigQuery dataset (docs/bigquery.md).',
      ),
    path: folder('data/warehouse.duckdb', 'The DuckDB file.'),
    publish: publishSpec,
    memoryLimitMegabytes: z
      .int()
      .min(128)
      .default(1024)
      .describe(
        'Memory that DuckDB may use for a commit or a query, including the staging of rows for PostgreSQL and BigQuery. Beyond this limit, DuckDB works on disk.',
      ),
    url: optionalText(
      'Where PostgreSQL is, as a connection URI such as `postgres://user@host:5432/database?sslmode=verify-full`. One with a password comes from the environment: write `${DATABASE_URL}`.',
    ),
    readUrl: optionalText(
      'Where a standby of the PostgreSQL server is. `query`, the status page, alarms and AI clients read there, a little late; everything else stays with `url`.',
    ),
    schema: z
      .string()
      .regex(/^[a-z_][a-z0-9_]{0,62}$/, 'expected a name of a-z, 0-9 and _, such as sp_reports')
      .default('sp_reports')
      .describe('The schema of the PostgreSQL database. The first commit creates it if it does not exist.'),
    project: optionalText('Google Cloud project of the BigQuery dataset.'),
    dataset: optionalText('The BigQuery dataset. The first commit creates it if it does not exist.'),
    location: z.string().min(1).default('US').describe('Location of the BigQuery dataset, such as US or EU.'),
    keyFile: optionalText(
      "Key file of a Google service account. The default is the credentials of the machine's environment.",
    ),
    endpoint: optionalUrl(
      'URL to use instead of https://bigquery.googleapis.com: a private or regional endpoint of Google, or an emulator. Credentials are sent only to https hosts under googleapis.com.',
    ),
  })
  .superRefine(({ type, url, readUrl, project, dataset, publish }, context) => {
    if (readUrl !== undefined) {
      const message = type === 'postgres' ? urlMistake(readUrl) : 'is only for type postgres';
      if (message) context.addIssue({ code: 'custom', path: ['readUrl'], message });
    }
    if (type === 'postgres') {
      const message = url === undefined ? 'is needed for type postgres' : urlMistake(url);
      if (message) context.addIssue({ code: 'custom', path: ['url'], message });
    }
    if (type !== 'duckdb' && publish) {
      const message = 'is only for type duckdb, whose file one program at a time can use';
      context.addIssue({ code: 'custom', path: ['publish'], message });
    }
    if (type !== 'bigquery') return;
    for (const [key, value] of Object.entries({ project, dataset })) {
      if (!value) context.addIssue({ code: 'custom', path: [key], message: 'is needed for type bigquery' });
    }
  })
  .prefault({})
  .describe('The database that contains the tables.');

/** The read-only copy of a DuckDB file, and how often a new one is made at most. */
export interface PublishConfig {
  path: string;
  every: Span<'minute' | 'hour' | 'day' | 'week'>;
}

/** The warehouse that holds the tables. */
export type WarehouseConfig =
  | { type: 'duckdb'; path: string; publish?: PublishConfig; memoryLimitMegabytes: number }
  | { type: 'postgres'; url: string; readUrl?: string; schema: string; memoryLimitMegabytes: number }
  | {
      type: 'bigquery';
      project: string;
      dataset: string;
      location: string;
      keyFile?: string;
      endpoint?: string;
      memoryLimitMegabytes: number;
    };

/** Returns where a copy of the warehouse file is published; undefined if nowhere. */
export function publishConfig(warehouse: WarehouseConfig): PublishConfig | undefined {
  return warehouse.type === 'duckdb' ? warehouse.publish : undefined;
}
