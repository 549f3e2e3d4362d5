import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BigQuery, type BigQueryOptions } from '@google-cloud/bigquery';
import { openBigQueryWarehouse } from '../../../src/warehouse/bigquery/warehouse.js';
import { bigQueryEndpoint } from '../../warehouse/bigquery-emulator.js';
import { newBigQueryPlace } from '../../warehouse/describe-bigquery.js';
import type { SimulatedProcess } from '../process.js';
import type { World } from '../world.js';
import { realDuckDb } from './duckdb-files.js';
import { reach, readContents } from './place-tools.js';
import type { Place } from './real-warehouse.js';

/** A dataset of BigQuery's emulator. A killed process sees no answer to what it requested. */
export function bigQueryPlace({ disk }: World): Place {
  if (!bigQueryEndpoint) throw new Error('BIGQUERY_EMULATOR names no server; see scripts/bigquery-emulator');
  const place = newBigQueryPlace(bigQueryEndpoint);
  const folder = mkdtempSync(join(tmpdir(), 'sp-reports-simulation-'));
  const observer = openBigQueryWarehouse(place);
  return {
    settings: { type: 'bigquery', ...place },
    isShared: true,
    modules: (process) => ({
      '@duckdb/node-api': realDuckDb(process, disk, folder),
      '@google-cloud/bigquery': { BigQuery: clientOf(process) },
    }),
    read: () => readContents(observer),
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

type Callback = (error: Error | null, body?: unknown) => void;
type Request = (options: { uri: string }, callback: Callback) => void;

/** The class `BigQuery` for a process. */
function clientOf(process: SimulatedProcess): typeof BigQuery {
  const send = reach(process);
  return class extends BigQuery {
    constructor(options?: BigQueryOptions) {
      super(options);
      const request = this.request.bind(this) as unknown as Request;
      const answered = (given: { uri: string }) =>
        new Promise<unknown>((resolve, reject) =>
          request(given, (error, body) => (error ? reject(error) : resolve(body))),
        );
      const upload = this.authClient.request.bind(this.authClient);
      Object.assign(this, {
        request: (given: { uri: string }, callback: Callback) => {
          send(`bigquery ${given.uri}`, () => answered(given)).then(
            (body) => callback(null, body),
            (error: Error) => callback(error),
          );
        },
      });
      Object.assign(this.authClient, {
        request: (given: object) => send('bigquery upload', () => upload(given)),
      });
    }
  };
}
