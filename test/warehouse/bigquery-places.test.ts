import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BigQueryClient, isGoogles } from '../../src/warehouse/bigquery/client.js';
import { createTable } from '../../src/warehouse/bigquery/create-table.js';
import { inspectDataset } from '../../src/warehouse/bigquery/inspect.js';
import { makeState } from '../../src/warehouse/bigquery/make-state.js';
import { openBigQueryWarehouse } from '../../src/warehouse/bigquery/warehouse.js';
import { type Answer, FakeApi, missing } from './fake-bigquery-api.js';

const denied: Answer = {
  status: 403,
  body: { error: { code: 403, message: 'Access Denied', errors: [{ reason: 'accessDenied' }] } },
};
const dayMs = 86_400_000;

describe('a dataset of BigQuery with settings of its own', () => {
  let api: FakeApi;
  let scripts: string[];
  afterEach(() => api.close());

  /** Answers for a dataset with those tables. */
  async function start(dataset: Answer, tables: unknown[] = []): Promise<BigQueryClient> {
    scripts = [];
    api = await FakeApi.start((method, path, body) => {
      if (method === 'POST' && path.includes('/jobs')) {
        scripts.push(JSON.parse(body).configuration.query.query);
        return { body: { jobReference: { jobId: 'x' }, status: { state: 'DONE' } } };
      }
      if (/\/datasets\/d\/tables\?/.test(path)) return { body: { tables } };
      if (/\/datasets\/d\?/.test(path)) return dataset;
      return { body: { jobReference: { jobId: 'x' }, status: { state: 'DONE' } } };
    });
    return new BigQueryClient({ project: 'p', dataset: 'd', location: 'EU', endpoint: api.endpoint });
  }

  const expiring = {
    location: 'EU',
    defaultTableExpirationMs: String(60 * dayMs),
    defaultPartitionExpirationMs: String(30 * dayMs),
    defaultCollation: 'und:ci',
    defaultEncryptionConfiguration: { kmsKeyName: 'projects/p/locations/eu/keyRings/r/cryptoKeys/k' },
  };

  it('keeps the rows of the ledger and of tables, and compares their text exactly', async () => {
    const client = await start({ body: expiring });
    await makeState(client);
    const table = {
      name: 'things',
      columns: [{ name: 'day', type: { kind: 'date' } as const }],
      partitionBy: 'day',
      clusterBy: ['_seller_id'],
    };
    await createTable(client, table, undefined);
    const statements = scripts.flatMap((script) => script.split(';\n'));
    const altered = statements.filter((sql) => sql.startsWith('ALTER TABLE'));
    assert.deepEqual(altered, [
      ...['_loads', '_rejects', '_costs', '_state'].map(
        (name) => `ALTER TABLE \`d.${name}\` SET OPTIONS (expiration_timestamp = NULL)`,
      ),
      'ALTER TABLE `d.things` SET OPTIONS (expiration_timestamp = NULL, partition_expiration_days = NULL)',
    ]);
    const created = statements.filter((sql) => sql.startsWith('CREATE TABLE'));
    assert.equal(created.length, 5);
    for (const sql of created) assert.match(sql, /\) DEFAULT COLLATE '' (PARTITION|CLUSTER|OPTIONS)/);
  });

  it('needs no further statements if it has none', async () => {
    const client = await start({ body: { location: 'EU' } });
    await makeState(client);
    assert.doesNotMatch(scripts.join(), /ALTER TABLE|COLLATE/);
  });

  it('is described by doctor, with what its tables do not take over', async () => {
    const { found, next } = await inspectDataset(await start({ body: expiring }));
    assert.equal(
      found,
      'writable; new tables override its default expiration of 60 days; new partitions override its default expiration of 30 days; new tables override its default collation und:ci; tables are encrypted with projects/p/locations/eu/keyRings/r/cryptoKeys/k',
    );
    assert.equal(next, undefined);
    const script = scripts.find((sql) => sql.includes('_doctor_')) ?? '';
    assert.deepEqual(
      script.split(';\n').map((sql) => sql.split(' ', 1)[0]),
      ['CREATE', 'INSERT', 'DELETE', 'DROP'],
    );
    assert.match(script, /expiration_timestamp = TIMESTAMP_ADD/);
  });

  it('fails doctor if tables that exist will expire, with the statements that keep them', async () => {
    const named = (tableId: string, rest: object) => ({ tableReference: { tableId }, ...rest });
    const labels = { program: 'sp-reports' };
    const { found, next } = await inspectDataset(
      await start({ body: { location: 'EU' } }, [
        named('_loads', { expirationTime: '1' }),
        named('things', { labels, timePartitioning: { expirationMs: '1' } }),
        named('kept', { labels, timePartitioning: {} }),
        named('others', { expirationTime: '1' }),
        named('_staging_abc', { labels, expirationTime: '1' }),
      ]),
    );
    assert.equal(found, 'writable; rows will be lost, because tables expire: _loads, things');
    assert.equal(
      next,
      'Run in BigQuery: ALTER TABLE `p.d._loads` SET OPTIONS (expiration_timestamp = NULL); ALTER TABLE `p.d.things` SET OPTIONS (partition_expiration_days = NULL);',
    );
  });

  it('fails doctor if it is in another location, and not if it does not exist yet', async () => {
    const elsewhere = await inspectDataset(await start({ body: { location: 'europe-west3' } }));
    assert.deepEqual(elsewhere, {
      found: 'the dataset is in europe-west3, and the settings say EU',
      next: 'Set `warehouse.location` to europe-west3 in pipelines.yaml.',
    });
    api.close();
    assert.deepEqual(await inspectDataset(await start(missing)), {
      found: 'there is no dataset d yet: the first commit creates it in EU',
    });
    api.close();
    await assert.rejects(inspectDataset(await start(denied)), { code: 'WAREHOUSE_ACCESS_DENIED' });
  });
});

describe('accounts of BigQuery', () => {
  it('can query tables without a right on the ledger', async () => {
    const statistics = { query: { statementType: 'SELECT' } };
    const api = await FakeApi.start((_, path) => {
      if (path.includes('/tables/_state')) return denied;
      if (path.includes('/queries/')) {
        return {
          body: {
            jobComplete: true,
            schema: { fields: [{ name: 'n', type: 'INTEGER' }] },
            rows: [{ f: [{ v: '1' }] }],
          },
        };
      }
      return { body: { jobReference: { jobId: 'x' }, status: { state: 'DONE' }, statistics } };
    });
    try {
      const warehouse = openBigQueryWarehouse({
        project: 'p',
        dataset: 'd',
        location: 'EU',
        endpoint: api.endpoint,
      });
      assert.deepEqual((await warehouse.query('SELECT n FROM granted')).rows, [{ n: '1' }]);
      const statements = api.requests.filter(({ method }) => method === 'POST').map(({ body }) => body);
      assert.doesNotMatch(statements.join(), /_state/);
    } finally {
      api.close();
    }
  });

  it('are used at private and regional addresses of Google, and never sent to others', () => {
    const used = {
      'https://bigquery.europe-west3.rep.googleapis.com': true,
      'https://bigquery-own.p.googleapis.com': true,
      'http://bigquery.googleapis.com': false,
      'https://googleapis.com.example.org': false,
      'https://notgoogleapis.com': false,
      'http://127.0.0.1:9050': false,
    };
    for (const [endpoint, isUsed] of Object.entries(used))
      assert.equal(isGoogles(endpoint), isUsed, endpoint);
  });

  it('may be federated by workload identity: the key file says where its token is', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'identity-'));
    const exchanged: string[] = [];
    const server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      exchanged.push(new URLSearchParams(body).get('subject_token') ?? '');
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: 'invalid_grant', error_description: 'the pool is disabled' }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const keyFile = join(folder, 'identity.json');
      writeFileSync(join(folder, 'token'), 'a-subject-token');
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
      writeFileSync(
        keyFile,
        JSON.stringify({
          type: 'external_account',
          audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
          subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
          token_url: url,
          credential_source: { file: join(folder, 'token') },
        }),
      );
      const endpoint = 'https://bigquery.europe-west3.rep.googleapis.com';
      const client = new BigQueryClient({ project: 'p', dataset: 'd', location: 'EU', keyFile, endpoint });
      await assert.rejects(client.dryRun('SELECT 1'), {
        code: 'WAREHOUSE_ACCESS_DENIED',
        message: /the pool is disabled/,
      });
      assert.deepEqual([...new Set(exchanged)], ['a-subject-token']);
    } finally {
      server.close();
      server.closeAllConnections();
      rmSync(folder, { recursive: true });
    }
  });
});
