import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/runtime/clock.js';
import { BigQueryClient } from '../../src/warehouse/bigquery/client.js';
import { openBigQueryWarehouse } from '../../src/warehouse/bigquery/warehouse.js';
import { type Answer, FakeApi, missing } from './fake-bigquery-api.js';
import { makeLoad } from './make-load.js';

describe('uploads to BigQuery', () => {
  let folder: string;
  let api: FakeApi;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'uploads-'));
  });
  afterEach(() => {
    api.close();
    rmSync(folder, { recursive: true });
  });

  const target = () => ({ project: 'p', dataset: 'd', location: 'EU', endpoint: api.endpoint });
  const refused: Answer = {
    status: 403,
    body: {
      error: {
        code: 403,
        message: 'Quota exceeded: imports per table',
        errors: [{ reason: 'quotaExceeded', message: 'Quota exceeded' }],
      },
    },
  };

  it('fail their commit alone if one is refused, after all of them have ended', async () => {
    let uploads = 0;
    let lookUps = 0;
    const sqlOf = new Map<string, string>();
    const rows = (names: string[], values: string[]) => ({
      body: {
        jobComplete: true,
        schema: { fields: names.map((name) => ({ name, type: 'STRING' })) },
        rows: [{ f: values.map((v) => ({ v })) }],
      },
    });
    api = await FakeApi.start(async (method, path, body) => {
      if (path.startsWith('/upload')) {
        uploads += 1;
        return refused;
      }
      const id = /\/(?:jobs|queries)\/([\w-]+)/.exec(path)?.[1] ?? '';
      if (method === 'POST' && path.includes('/jobs')) {
        const job = JSON.parse(body);
        sqlOf.set(job.jobReference.jobId, job.configuration.query.query);
        return { body: { jobReference: job.jobReference, status: { state: 'DONE' } } };
      }
      if (path.includes('/queries/')) {
        const sql = sqlOf.get(id) ?? '';
        if (sql.startsWith('SELECT name, version')) {
          return rows(['name', 'version', 'body'], ['', '0', '']);
        }
        return sql.includes('BEGIN')
          ? rows(['outcome'], ['committed'])
          : { body: { jobComplete: true, schema: { fields: [] } } };
      }
      if (id.startsWith('sp_reports_')) {
        // The answers come one after the other, so that uploads begin when others have failed.
        for (let turn = 20 * lookUps++; turn > 0; turn -= 1) await new Promise(setImmediate);
        return missing;
      }
      return { body: { jobReference: { jobId: id }, status: { state: 'DONE' } } };
    });
    const warehouse = openBigQueryWarehouse(target());
    const tables = Array.from({ length: 8 }, (_, index) => ({
      name: `t${index}`,
      columns: { a: 'string' },
      rows: [{ a: '1' }],
    }));
    await assert.rejects(warehouse.commit([await makeLoad(folder, { documentId: 'd1' }, tables)]), {
      code: 'WAREHOUSE_QUOTA_EXCEEDED',
      message: /Quota exceeded: imports/,
    });
    assert.equal(uploads, 8);
  });

  it('fail if their connection hangs, instead of holding up all commits', async () => {
    let tick = () => {};
    let ticks = 0;
    api = await FakeApi.start(() => {
      for (; ticks < 2; ticks += 1) tick();
      return new Promise(() => {});
    });
    const every = (_: number, work: () => void) => {
      tick = work;
      return () => {};
    };
    const client = new BigQueryClient(target(), { ...systemClock, every });
    const path = join(folder, 'rows.parquet');
    writeFileSync(path, 'rows');
    await assert.rejects(client.insertLoad(path, '_staging_a', [], 'j'), {
      code: 'WAREHOUSE_UNREACHABLE',
      message: /an upload made no progress for 120 seconds/,
    });
    assert.equal(api.requests.length, 1);
  });

  it('fail if their file is gone, with its name and no exception beside', async () => {
    api = await FakeApi.start(() => ({ body: {} }));
    const client = new BigQueryClient(target());
    const gone = join(folder, 'gone.parquet');
    await assert.rejects(client.insertLoad(gone, '_staging_a', [], 'j'), {
      code: 'FILE_SYSTEM_FAILED',
      message: /gone\.parquet/,
    });
  });
});
