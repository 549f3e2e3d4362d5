import { z } from 'zod';
import { optionalText, optionalUrl } from './common-spec.js';
import { folder } from './place-spec.js';

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
  .describe('Where the tables are.');

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
