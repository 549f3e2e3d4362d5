import { z } from 'zod';
import { optionalText, optionalUrl } from './common-spec.js';
import { folder } from './location-spec.js';

/** The warehouse, as written. */
export const warehouseSpec = z
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
        'Memory that DuckDB may use for a commit or a query, including the staging of rows for BigQuery. Beyond this limit, DuckDB works on disk.',
      ),
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
  .superRefine(({ type, project, dataset }, context) => {
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
  | {
      type: 'bigquery';
      project: string;
      dataset: string;
      location: string;
      keyFile?: string;
      endpoint?: string;
      memoryLimitMegabytes: number;
    };
