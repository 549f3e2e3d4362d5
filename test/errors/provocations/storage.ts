import { tools } from '../../../src/mcp/tools.js';
import { WarehouseReader } from '../../../src/mcp/warehouse-reader.js';
import { systemClock } from '../../../src/runtime/clock.js';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openS3Bucket } from '../../../src/store/s3-bucket.js';
import { BigQueryClient } from '../../../src/warehouse/bigquery/client.js';
import { runQuery } from '../../../src/warehouse/bigquery/query.js';
import { publishDuckDbFile } from '../../../src/warehouse/duckdb/publish.js';
import { openDuckDbWarehouse } from '../../../src/warehouse/duckdb/warehouse.js';
import { listings, listingsType } from '../../ingest/world.js';
import { s3Environment } from '../../store/emulators.js';
import { makeLoad } from '../../warehouse/make-load.js';
import { newerFiles } from '../../warehouse/newer-files.js';
import { answers, command, type Provocation, type Provocations, withServer } from '../provoke.js';

/** Errors of buckets and of the warehouse. */
export const storageProvocations: Provocations = {
  BUCKET_ACCESS_DENIED: bucketAnswers(403, 'AccessDenied'),
  BUCKET_NOT_FOUND: bucketAnswers(404, 'NoSuchBucket'),
  BUCKET_CHANGED: bucketAnswers(412, 'PreconditionFailed'),
  BUCKET_UNREACHABLE: {
    input: 'a bucket whose host refuses connections',
    provoke: () => readBucket('http://127.0.0.1:1'),
  },

  NAME_UNKNOWN: {
    input: 'a table that an AI client names wrongly',
    provoke: async (folder) => {
      const warehouse = openDuckDbWarehouse({ path: join(folder, 'w.duckdb') });
      const config = { warehouse: { type: 'duckdb' as const, path: '', memoryLimitMegabytes: 128 } };
      const of = { config, warehouse, schemas: new Map(), readViews: async () => [], clock: systemClock };
      const reader = new WarehouseReader({ ...of, showsPersonalData: false });
      const describe = tools.find(({ name }) => name === 'describe_table');
      const sources = { ...of, reader, showsPersonalData: false, coverage: async () => [] };
      await describe?.call({ name: 'orders' }, sources, new AbortController().signal);
    },
  },
  WAREHOUSE_LOCKED: {
    input: 'a warehouse file that another process has open',
    provoke: async (folder) => {
      const holder = await holdWarehouse(join(folder, 'w.duckdb'));
      try {
        await openDuckDbWarehouse({ path: join(folder, 'w.duckdb'), lockWaitMs: 0 }).query('SELECT 1');
      } finally {
        holder.kill();
        await once(holder, 'close');
      }
    },
  },
  WAREHOUSE_OUT_OF_MEMORY: {
    input: 'a load that needs more memory than warehouse.memoryLimitMegabytes',
    provoke: async (folder) => {
      const path = join(folder, 'w.duckdb');
      const rows = Array.from({ length: 200_000 }, (_, index) => ({ a: String(index) }));
      const large = await makeLoad(
        join(folder, 'lake'),
        {},
        { name: 'things', columns: { a: 'int64' }, rows },
      );
      await openDuckDbWarehouse({ path, memoryLimitMegabytes: 10 }).commit([large]);
    },
  },
  WAREHOUSE_UNREADABLE: {
    input: 'a file that is no DuckDB file',
    provoke: async (folder) => {
      writeFileSync(join(folder, 'w.duckdb'), 'no database');
      await openDuckDbWarehouse({ path: join(folder, 'w.duckdb') }).query('SELECT 1');
    },
  },
  WAREHOUSE_FORMAT_UNSUPPORTED: {
    input: 'a file that a newer DuckDB made',
    provoke: async (folder) => {
      const [bytes] = [...newerFiles().values()];
      writeFileSync(join(folder, 'w.duckdb'), bytes ?? '');
      await openDuckDbWarehouse({ path: join(folder, 'w.duckdb') }).query('SELECT 1');
    },
  },
  WAREHOUSE_REFUSED: {
    input: 'rows for a table of the ledger',
    provoke: async (folder) => {
      await openDuckDbWarehouse({ path: join(folder, 'w.duckdb') }).commit([await load(folder, '_loads')]);
    },
  },
  PUBLISH_FAILED: {
    input: 'a file in place of the folder of a published copy',
    provoke: async (folder) => {
      const path = join(folder, 'w.duckdb');
      await openDuckDbWarehouse({ path }).commit([await load(folder, 'things')]);
      writeFileSync(join(folder, 'tools'), '');
      await publishDuckDbFile(path, join(folder, 'tools', 'copy.duckdb'), 256);
    },
  },
  WAREHOUSE_MISSING: {
    input: 'a query before anything is loaded',
    provoke: (folder) => command(folder, 'query', 'SELECT 1'),
  },
  UNLOAD_REFUSED: {
    input: 'an unload of a document whose raw document is gone',
    provoke: async (folder) => {
      writeFileSync(join(folder, 'a.tsv'), listings(1));
      const { stdout } = await command(folder, 'load', '--type', listingsType, '--json', 'a.tsv');
      rmSync(join(folder, 'data/raw'), { recursive: true });
      return command(folder, 'unload', '--yes', JSON.parse(stdout).documentId);
    },
  },
  ANSWER_TOO_LARGE: {
    input: 'a query for a workbook with a text of 40,000 characters',
    provoke: async (folder) => {
      writeFileSync(join(folder, 'a.tsv'), listings(1));
      await command(folder, 'load', '--type', listingsType, 'a.tsv');
      return command(folder, 'query', "SELECT repeat('x', 40000)", '--format', 'xlsx');
    },
  },
  QUERY_FAILED: {
    input: 'a query with a mistake in it',
    provoke: async (folder) => {
      await openDuckDbWarehouse({ path: join(folder, 'w.duckdb') }).commit([await load(folder, 'things')]);
      await openDuckDbWarehouse({ path: join(folder, 'w.duckdb') }).query('SELEC 1');
    },
  },
  WAREHOUSE_IS_NO_FILE: {
    input: 'a rebuild of a dataset in BigQuery',
    provoke: (folder) => {
      writeFileSync(
        join(folder, 'pipelines.yaml'),
        'warehouse: { type: bigquery, project: p, dataset: d, endpoint: "http://127.0.0.1:1" }\n',
      );
      return command(folder, 'rebuild');
    },
  },
  REBUILD_INCOMPLETE: {
    input: 'a rebuild after lake and raw documents were removed',
    provoke: async (folder) => {
      writeFileSync(join(folder, 'listings.tsv'), listings(2));
      await command(folder, 'load', 'listings.tsv', '--type', listingsType);
      for (const name of ['lake', 'raw']) rmSync(join(folder, 'data', name), { recursive: true });
      return command(folder, 'rebuild');
    },
  },
  NOT_LOADED: {
    input: 'a reload of a document that the ledger does not have',
    provoke: async (folder) => {
      writeFileSync(join(folder, 'listings.tsv'), listings(2));
      await command(folder, 'load', 'listings.tsv', '--type', listingsType);
      return command(folder, 'reload', 'absent');
    },
  },

  WAREHOUSE_BUSY: bigQueryAnswers(400, 'invalidQuery', 'rows in the streaming buffer'),
  WAREHOUSE_QUOTA_EXCEEDED: bigQueryAnswers(403, 'quotaExceeded', 'Quota exceeded: imports per table'),
  WAREHOUSE_ACCESS_DENIED: bigQueryAnswers(403, 'accessDenied', 'Access Denied: Project p'),
  WAREHOUSE_PERIMETER_DENIED: bigQueryAnswers(
    403,
    'accessDenied',
    "VPC Service Controls: Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: x1",
  ),
  WAREHOUSE_KEY_DENIED: bigQueryAnswers(
    403,
    'accessDenied',
    'Access Denied: Permission denied on Cloud KMS key projects/p/locations/eu/keyRings/r/cryptoKeys/k',
  ),
  WAREHOUSE_NOT_FOUND: bigQueryAnswers(404, 'notFound', 'Not found: Dataset p:d'),
  WAREHOUSE_UNREACHABLE: {
    input: 'a proxy before BigQuery that demands a login',
    provoke: () => withServer(answers(407, 'Proxy Authentication Required', 'text/plain'), queryBigQuery),
  },
};

function bucketAnswers(status: number, word: string): Provocation {
  const body = `<?xml version="1.0"?><Error><Code>${word}</Code><Message>${word}</Message></Error>`;
  return {
    input: `a bucket that answers ${status} ${word}`,
    provoke: () => withServer(answers(status, body, 'application/xml'), readBucket),
  };
}

async function readBucket(endpoint: string): Promise<void> {
  Object.assign(process.env, s3Environment);
  await openS3Bucket({ bucket: 'b', endpoint }).read('a');
}

function bigQueryAnswers(status: number, reason: string, message: string): Provocation {
  const body = JSON.stringify({ error: { code: status, message, errors: [{ reason, message }] } });
  return {
    input: `a dataset whose host answers ${status} ${reason}`,
    provoke: () => withServer(answers(status, body), queryBigQuery),
  };
}

async function queryBigQuery(endpoint: string): Promise<void> {
  await runQuery(
    new BigQueryClient({ project: 'p', dataset: 'd', location: 'EU', endpoint }),
    'SELECT 1',
    {},
  );
}

function load(folder: string, table: string) {
  return makeLoad(join(folder, 'lake'), {}, { name: table, columns: { a: 'int64' }, rows: [{ a: '1' }] });
}

async function holdWarehouse(path: string): Promise<ChildProcess> {
  const script = `
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const instance = await DuckDBInstance.create(${JSON.stringify(path)});
    console.log('held');
    process.stdin.resume();`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: new URL('../../..', import.meta.url).pathname,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  return holder;
}
