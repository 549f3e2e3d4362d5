import { z } from 'zod';
import { optionalText, optionalUrl } from './common-spec.js';
import { folder } from './location-spec.js';
import { urlMistake } from './postgres-url.js';

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
    memoryLimitMegabytes: z
      .int()
      .min(128)
      .default(1024)
      .describe(
        'Memory that DuckDB may use for a commit or a query, including the staging of rows for PostgreSQL and BigQuery. Beyond this limit, DuckDB works on disk.',
      ),
    url: optionalText(
      'Where PostgreSQL is, as a connection URI such as `postgres://user@host:5432/database?sslmode=verify-full`. Because of its password it comes from the environment: write `${DATABASE_URL}`.',
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
  .superRefine(({ type, url, project, dataset }, context) => {
    if (type === 'postgres') {
      const message = url === undefined ? 'is needed for type postgres' : urlMistake(url);
      if (message) context.addIssue({ code: 'custom', path: ['url'], message });
    }
    if (type !== 'bigquery') return;
    for (const [key, value] of Object.entries({ project, dataset })) {
      if (!value) context.addIssue({ code: 'custom', path: [key], message: 'is needed for type bigquery' });
    }
  })
  .prefault({})
  .describe('The database that contains the tables.');

/** The warehouse that holds the tables. */
export type WarehouseConfig =
  | { type: 'duckdb'; path: string; memoryLimitMegabytes: number }
  | { type: 'postgres'; url: string; schema: string; memoryLimitMegabytes: number }
  | {
      type: 'bigquery';
      project: string;
      dataset: string;
      location: string;
      keyFile?: string;
      endpoint?: string;
      memoryLimitMegabytes: number;
    };
