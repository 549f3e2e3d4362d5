import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReportsError } from '../../src/errors/reports-error.js';
import { bigQueryType, stagingField, widenedSql } from '../../src/warehouse/bigquery/column-types.js';
import { BigQueryClient } from '../../src/warehouse/bigquery/client.js';
import { failureError, failureRows } from '../../src/warehouse/bigquery/errors.js';
import { pendingTables } from '../../src/warehouse/bigquery/change-tables.js';
import { systemClock } from '../../src/runtime/clock.js';
import { loadStaging } from '../../src/warehouse/bigquery/load-jobs.js';
import type { ApiRequest, JobConfiguration } from '../../src/warehouse/bigquery/requests.js';
import { runQuery } from '../../src/warehouse/bigquery/query.js';
import { shareJobs } from '../../src/warehouse/bigquery/stage.js';
import { addLedgerColumns, readState, runTransaction } from '../../src/warehouse/bigquery/state.js';
import { makeState } from '../../src/warehouse/bigquery/make-state.js';
import { ledgerColumns } from '../../src/warehouse/ledger/ledger-columns.js';
import { toJsonValue } from '../../src/warehouse/bigquery/values.js';
import { readColumnType } from '../../src/schema/column-type.js';
import type { ColumnType } from '../../src/schema/types.js';
import type { Bucket } from '../../src/store/types.js';
import { runInProcess } from '../ingest/world.js';
import { type Answer, FakeApi, missing } from './fake-bigquery-api.js';

/** The creation of a staging table. */
const createsTable = (method: string, path: string) => method === 'POST' && /\/tables\?/.test(path);
const accessDenied: Answer = {
  status: 403,
  body: { error: { code: 403, message: 'Access Denied: Job x', errors: [{ reason: 'accessDenied' }] } },
};
const type = (text: string) => readColumnType(text) as ColumnType;

describe('requests to BigQuery', () => {
  let folder: string;
  let api: FakeApi;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bigquery-'));
    writeFileSync(join(folder, 'rows.parquet'), 'PAR1');
  });
  afterEach(() => {
    api?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const client = () =>
    new BigQueryClient({ project: 'p', dataset: 'd', location: 'EU', endpoint: api.endpoint });
  const file = () => ({
    path: join(folder, 'rows.parquet'),
    digest: 'abc',
    fields: [stagingField('n', type('int64'))],
  });
  const job = (jobId: string, state: string, reason?: string) => ({
    jobReference: { projectId: 'p', jobId, location: 'EU' },
    status: { state, errorResult: reason ? { reason, message: `it is ${reason}` } : undefined },
  });
  const jobOf = (path: string) => /\/jobs\/(\w+)/.exec(path)?.[1] ?? '';

  it('begin a load job whose id depends on its rows, and trust only the job as read back', async () => {
    let begun = false;
    let reloads = 0;
    api = await FakeApi.start((method, path) => {
      if (method === 'POST') {
        begun = true;
        return { body: job('sp_reports_abc_0', 'RUNNING') };
      }
      if (createsTable(method, path)) return { body: {} };
      if (!begun) return missing;
      reloads += 1;
      return { body: job(jobOf(path), reloads < 2 ? 'RUNNING' : 'DONE') };
    });
    assert.equal(await loadStaging(client(), file()), '_staging_abc');
    assert.equal(reloads, 2);
    const [creation, upload] = api.requests.filter(({ method }) => method === 'POST');
    const created = JSON.parse(creation?.body ?? '');
    assert.equal(created.tableReference.tableId, '_staging_abc');
    const lifeHours = (Number(created.expirationTime) - Date.now()) / 3_600_000;
    assert.ok(lifeHours > 23 && lifeHours <= 24, `expires in ${lifeHours} h`);
    assert.match(upload?.path ?? '', /^\/upload\/bigquery\/v2\/projects\/p\/jobs\?uploadType=multipart/);
    const metadata = JSON.parse(/\{.*\}/.exec(upload?.body ?? '')?.[0] ?? '');
    assert.deepEqual(metadata.jobReference, { projectId: 'p', jobId: 'sp_reports_abc_0', location: 'EU' });
    assert.deepEqual(metadata.configuration, {
      load: {
        destinationTable: { projectId: 'p', datasetId: 'd', tableId: '_staging_abc' },
        sourceFormat: 'PARQUET',
        writeDisposition: 'WRITE_EMPTY',
        schema: { fields: [{ name: 'n', type: 'INT64' }] },
        parquetOptions: { enableListInference: true },
      },
      labels: { program: 'sp-reports' },
    });
    assert.match(upload?.body ?? '', /\r\n\r\nPAR1\r\n--/);
  });

  it('do not compile with a field in the wrong place', () => {
    // What fails here is `npm run types`: each directive needs its error.
    const labels = { program: 'sp-reports' };
    // @ts-expect-error: labels are of the job, not of what it loads.
    const labelled: JobConfiguration = { load: { sourceFormat: 'PARQUET', labels } };
    // @ts-expect-error: a job has its location in its reference.
    const located: ApiRequest = { method: 'POST', uri: '/jobs', json: { location: 'EU' } };
    // @ts-expect-error: a dataset is not a job.
    const placed: ApiRequest = { method: 'POST', uri: '/jobs', json: { datasetReference: {} } };
    // @ts-expect-error: pages of rows have no filter.
    const paged: ApiRequest = { uri: '/queries/q', qs: { filter: 'x' } };
    assert.ok(labelled && located && placed && paged);
  });

  it('send rows to a lake in gs://, load them from there, and delete them when the job has ended', async () => {
    const objects = new Map<string, string>();
    const bucket: Partial<Bucket> = {
      uri: 'gs://b',
      put: async (name, path) => void objects.set(name, readFileSync(path, 'utf8')),
      remove: async (name) => void objects.delete(name),
    };
    const staging = { bucket: bucket as Bucket, beginning: 'lake/_staging/' };
    let load: { sourceUris: string[]; sourceFormat: string; destinationTable: unknown } | undefined;
    api = await FakeApi.start((method, path, body) => {
      if (createsTable(method, path)) return { body: {} };
      if (method === 'POST') {
        load = JSON.parse(body).configuration.load;
        return { body: job('sp_reports_abc_0', 'RUNNING') };
      }
      if (!load) return missing;
      const name = load.sourceUris[0]?.replace('gs://b/', '') ?? '';
      assert.equal(objects.get(name), 'PAR1');
      return { body: job(jobOf(path), 'DONE') };
    });
    assert.equal(await loadStaging(client(), file(), staging), '_staging_abc');
    assert.match(load?.sourceUris.join() ?? '', /^gs:\/\/b\/lake\/_staging\/abc-[\w-]+$/);
    assert.equal(load?.sourceFormat, 'PARQUET');
    assert.deepEqual(load?.destinationTable, { projectId: 'p', datasetId: 'd', tableId: '_staging_abc' });
    assert.equal(objects.size, 0);
  });

  it('keep the rows there for a job if nobody knows whether it began', async () => {
    const objects = new Set<string>();
    const bucket: Partial<Bucket> = {
      uri: 'gs://b',
      put: async (name) => void objects.add(name),
      remove: async (name) => void objects.delete(name),
    };
    const duplicate = { code: 409, message: 'Already exists: Job', errors: [{ reason: 'duplicate' }] };
    let begun = false;
    api = await FakeApi.start((method, path) => {
      if (createsTable(method, path)) return { body: {} };
      if (method === 'POST') {
        begun = true;
        return { status: 409, body: { error: duplicate } };
      }
      if (!begun) return missing;
      assert.equal(objects.size, 1);
      return { body: job(jobOf(path), 'DONE') };
    });
    const staging = { bucket: bucket as Bucket, beginning: 'lake/_staging/' };
    assert.equal(await loadStaging(client(), file(), staging), '_staging_abc');
    assert.equal(objects.size, 0);
  });

  it('find the job of an earlier try and do not repeat it', async () => {
    api = await FakeApi.start((_, path) => ({
      body: path.includes('/jobs/') ? job(jobOf(path), 'DONE') : {},
    }));
    assert.equal(await loadStaging(client(), file()), '_staging_abc');
    assert.deepEqual(
      api.requests.filter(({ method }) => method === 'POST'),
      [],
    );
  });

  it('use the next generation of an id whose job ended in an error', async () => {
    const begun = new Set<string>();
    api = await FakeApi.start((method, path, body) => {
      if (createsTable(method, path)) return { body: {} };
      if (method === 'POST') {
        const id = /sp_reports_abc_\d/.exec(body)?.[0] ?? '';
        begun.add(id);
        return { body: job(id, 'RUNNING') };
      }
      const id = jobOf(path);
      if (id === 'sp_reports_abc_0') return { body: job(id, 'DONE', 'backendError') };
      return begun.has(id) ? { body: job(id, 'DONE') } : missing;
    });
    assert.equal(await loadStaging(client(), file()), '_staging_abc');
    assert.deepEqual([...begun], ['sp_reports_abc_1']);
  });

  it('use a random id if all generations are used up, for example by an outage of hours', async () => {
    const begun = new Set<string>();
    api = await FakeApi.start((method, path, body) => {
      if (createsTable(method, path)) return { body: {} };
      if (method === 'POST') {
        const id = /sp_reports_abc_[\w-]+/.exec(body)?.[0] ?? '';
        begun.add(id);
        return { body: job(id, 'RUNNING') };
      }
      const id = /\/jobs\/([\w-]+)/.exec(path)?.[1] ?? '';
      return { body: begun.has(id) ? job(id, 'DONE') : job(id, 'DONE', 'quotaExceeded') };
    });
    assert.equal(await loadStaging(client(), file()), '_staging_abc');
    assert.match([...begun].join(), /^sp_reports_abc_[\da-f]+-[\da-f-]+$/);
  });

  it('use the rows that are in the staging table, and fill one that a crash left empty', async () => {
    const taken = { code: 409, message: 'Already Exists: Table', errors: [{ reason: 'duplicate' }] };
    for (const [numRows, begun] of [
      ['3', []],
      ['0', ['sp_reports_abc_1']],
    ] as const) {
      const jobs: string[] = [];
      api = await FakeApi.start((method, path, body) => {
        if (createsTable(method, path)) return { status: 409, body: { error: taken } };
        if (path.includes('/tables/')) return { body: { numRows } };
        if (method === 'POST') {
          jobs.push(/sp_reports_abc_\d/.exec(body)?.[0] ?? '');
          return { body: job(jobs.at(-1) ?? '', 'RUNNING') };
        }
        // The job of the table before, which has expired, is still known.
        const id = jobOf(path);
        return id === 'sp_reports_abc_0' || jobs.includes(id) ? { body: job(id, 'DONE') } : missing;
      });
      assert.equal(await loadStaging(client(), file()), '_staging_abc');
      assert.deepEqual(jobs, begun);
      api.close();
    }
  });

  it('use the next generation of an id that is taken by a job that can not be read', async () => {
    const taken = { code: 409, message: 'Already Exists: Job', errors: [{ reason: 'duplicate' }] };
    const begun = new Set<string>();
    api = await FakeApi.start((method, path, body) => {
      if (createsTable(method, path)) return { body: {} };
      const id = /sp_reports_abc_\d/.exec(body)?.[0] ?? '';
      if (method === 'POST' && id === 'sp_reports_abc_0') return { status: 409, body: { error: taken } };
      if (method === 'POST') begun.add(id);
      return method === 'POST' || begun.has(jobOf(path)) ? { body: job(jobOf(path) || id, 'DONE') } : missing;
    });
    assert.equal(await loadStaging(client(), file()), '_staging_abc');
    assert.deepEqual([...begun], ['sp_reports_abc_1']);
  });

  it('have ids of their own for each account, which can not read the jobs of another one', async () => {
    const ids: string[] = [];
    const seen = new Set<string>();
    let account = '';
    api = await FakeApi.start((method, path, body) => {
      if (createsTable(method, path)) return { body: {} };
      const id = /sp_reports_abc_\w+/.exec(body)?.[0];
      if (id) ids.push(id);
      return ids.length > 0 || method === 'POST' || !path.includes('sp_reports')
        ? { body: { ...job(jobOf(path) || (id ?? 'x'), 'DONE'), user_email: account } }
        : missing;
    });
    for (account of ['one@p.iam.gserviceaccount.com', 'other@p.iam.gserviceaccount.com']) {
      const own = client();
      await own.run('SELECT 1');
      ids.length = 0;
      await loadStaging(own, file());
      assert.match(ids.join(), /^sp_reports_abc_[\da-f]{8}_0$/);
      seen.add(ids.join());
    }
    assert.equal(seen.size, 2);
  });

  it('fail with the error of the job that they began themselves', async () => {
    let begun = false;
    api = await FakeApi.start((method, path) => {
      if (createsTable(method, path)) return { body: {} };
      if (method === 'POST') begun = true;
      if (method === 'POST' || begun)
        return { body: job(jobOf(path) || 'sp_reports_abc_0', 'DONE', 'quotaExceeded') };
      return missing;
    });
    await assert.rejects(loadStaging(client(), file()), { code: 'WAREHOUSE_QUOTA_EXCEEDED' });
  });

  it('commit in one transaction, on condition of the version that it was planned from', async () => {
    let sql = '';
    api = await FakeApi.start((method, path, body) => {
      if (method === 'POST') sql = JSON.parse(body).configuration.query.query;
      if (path.includes('/queries/')) {
        return {
          body: {
            jobComplete: true,
            schema: { fields: [{ name: 'outcome', type: 'STRING' }] },
            rows: [{ f: [{ v: 'changed' }] }],
          },
        };
      }
      return { body: job('x', 'DONE') };
    });
    const { outcome } = await runTransaction(client(), 7, ['DELETE FROM t WHERE TRUE']);
    assert.equal(outcome, 'changed');
    const writer = /writer = '([\w-]+)'/.exec(sql)?.[1];
    assert.deepEqual(sql.split('\n'), [
      'BEGIN TRANSACTION;',
      `UPDATE \`d._state\` SET version = version + 1, writer = '${writer}' WHERE name = '' AND version = 7;`,
      `IF (SELECT COUNT(*) FROM \`d._state\` WHERE name = '' AND writer = '${writer}') = 1 THEN`,
      'DELETE FROM t WHERE TRUE;',
      'COMMIT TRANSACTION;',
      "SELECT 'committed' AS outcome;",
      'ELSE',
      'ROLLBACK TRANSACTION;',
      "SELECT 'changed' AS outcome;",
      'END IF;',
    ]);
  });

  it('decide by its description whether the state exists, whatever a query for it returns', async () => {
    const refused: Answer = { status: 400, body: { error: { code: 400, message: 'no such table' } } };
    let description = missing;
    api = await FakeApi.start((method) => (method === 'POST' ? refused : description));
    assert.equal(await readState(client()), undefined);
    description = { body: {} };
    await assert.rejects(readState(client()), { code: 'WAREHOUSE_REFUSED', message: /no such table/ });
  });

  it('do not make a dataset that another process has made meanwhile, whatever its answer is', async () => {
    let isMade = false;
    api = await FakeApi.start((method, path) => {
      if (method === 'POST' && path.endsWith('/datasets?prettyPrint=false')) {
        isMade = true;
        return { status: 400, body: { error: { code: 400, message: 'somebody else was first' } } };
      }
      if (path.includes('/datasets/')) return isMade ? { body: {} } : missing;
      return { body: job('x', 'DONE') };
    });
    await makeState(client());
    assert.ok(isMade);
  });

  it('wait for the job that rewrites a table, however long it takes, before they repeat its change', async () => {
    const was = {
      name: 'things',
      columns: [{ name: 'v', type: type('date') }],
      partitionBy: null,
      clusterBy: ['_seller_id'],
    };
    const table = { ...was, columns: [{ name: 'v', type: type('string') }] };
    const pending = { by: 'another-process', untilMs: 0, was };
    const state = { version: 1, tables: new Map([['things', { table, pending }]]), views: new Map() };
    let answer: Answer = missing;
    const waits: number[] = [];
    const clock = { ...systemClock, sleep: async (ms: number) => void waits.push(ms) };
    api = await FakeApi.start(() => answer);
    const { target } = client();
    const found = () => pendingTables(new BigQueryClient(target, clock), state, ['things', 'others']);
    for (answer of [missing, { body: job('x', 'DONE') }, accessDenied])
      assert.deepEqual(await found(), [table]);
    answer = { body: job('x', 'RUNNING') };
    assert.equal(await found(), 'changing');
    assert.deepEqual(waits, [2000]);
    const asked = new Set(api.requests.map(({ path }) => path));
    assert.equal(asked.size, 1);
    assert.match([...asked].join(), /\/jobs\/sp_reports_copy_another-process_[\da-f]{8}\?/);
  });

  it('find the job whose answer was lost, instead of reporting that its id is taken', async () => {
    const taken = { code: 409, message: 'Already Exists: Job', errors: [{ reason: 'duplicate' }] };
    api = await FakeApi.start((method, path) =>
      method === 'POST' ? { status: 409, body: { error: taken } } : { body: job(jobOf(path) || 'x', 'DONE') },
    );
    assert.equal((await client().run('SELECT 1')).status.state, 'DONE');
  });

  it('add missing columns to the ledger of an earlier version, and look at it once', async () => {
    const fields = ledgerColumns.map(({ column: name }) => ({ name }));
    const older = fields.filter(({ name }) => name !== 'files' && name !== 'raw_sha256');
    for (const [found, expected] of [
      [older, ['`raw_sha256` STRING', '`files` JSON']],
      [fields, []],
    ] as const) {
      api = await FakeApi.start((method, path) => {
        if (method === 'GET' && path.includes('/tables/_loads'))
          return { body: { schema: { fields: found } } };
        return { body: job('x', 'DONE') };
      });
      const one = client();
      await addLedgerColumns(one);
      await addLedgerColumns(one);
      const altered = api.requests.flatMap(({ body }) =>
        [...body.matchAll(/ADD COLUMN IF NOT EXISTS (`\w+` \w+)/g)].map(([, column]) => column),
      );
      assert.deepEqual(altered, expected);
      assert.equal(api.requests.filter(({ path }) => path.includes('/tables/_loads')).length, 1);
      api.close();
    }
  });

  it('run no query that would read more than the limit, and none that writes', async () => {
    const dryRuns: boolean[] = [];
    let statementType = 'SELECT';
    api = await FakeApi.start((_, __, body) => {
      dryRuns.push(JSON.parse(body).configuration.dryRun);
      return {
        body: { ...job('x', 'DONE'), statistics: { query: { statementType, totalBytesProcessed: '2000' } } },
      };
    });
    const estimates: number[] = [];
    const limits = { maxBytes: 1000, onEstimate: (bytes: number) => estimates.push(bytes) };
    await assert.rejects(runQuery(client(), 'SELECT 1', limits), {
      code: 'QUERY_FAILED',
      message: /would read 2000 bytes, more than the 1000 that it may/,
    });
    statementType = 'DELETE';
    await assert.rejects(runQuery(client(), 'DELETE FROM t', {}), {
      code: 'QUERY_FAILED',
      message: /DELETE/,
    });
    assert.deepEqual(estimates, [2000]);
    assert.deepEqual(dryRuns, [true, true]);
  });

  it('let BigQuery refuse a query that reads more than it said', async () => {
    let limit: string | undefined;
    const mebi = 1024 ** 2;
    api = await FakeApi.start((_, __, body) => {
      const { dryRun, query } = JSON.parse(body).configuration;
      const statistics = { query: { statementType: 'SELECT', referencedTables: [{}, {}] } };
      if (dryRun) return { body: { ...job('x', 'DONE'), statistics } };
      limit = query.maximumBytesBilled;
      const message = `Query exceeded limit for bytes billed: ${limit}. 99999999999 or higher required.`;
      const error = { code: 400, message, errors: [{ reason: 'bytesBilledLimitExceeded', message }] };
      return { status: 400, body: { error } };
    });
    await assert.rejects(runQuery(client(), 'SELECT 1', { maxBytes: 5 * mebi }), {
      code: 'QUERY_FAILED',
      message: /limit for bytes billed/,
      remedy: /--max-bytes/,
    });
    // A table is billed for 10 MB at least, whatever is read of it.
    assert.equal(limit, String(26 * mebi));
  });

  it('are retried a few times if there were too many', async () => {
    const refused: Answer = {
      status: 403,
      body: {
        error: { code: 403, message: 'Exceeded rate limits', errors: [{ reason: 'rateLimitExceeded' }] },
      },
    };
    let refusals = 2;
    api = await FakeApi.start(() => (refusals-- > 0 ? refused : { body: { status: { state: 'DONE' } } }));
    assert.deepEqual(await client().findJob('j'), { status: { state: 'DONE' } });
    assert.equal(api.requests.length, 3);
  });

  it('fail if another answers in the place of BigQuery, instead of finding nothing', async () => {
    const page = '<html><body>Sign in to the network</body></html>';
    const calls: ((sent: BigQueryClient) => Promise<unknown>)[] = [
      (sent) => sent.run('SELECT 1'),
      (sent) => sent.findJob('j'),
      (sent) => sent.request({ uri: sent.tableUri('_loads') }),
      (sent) => sent.pages({ jobReference: { jobId: 'j' }, status: { state: 'DONE' } }).next(),
      (sent) => sent.insertLoad(file().path, '_staging_a', [], 'j'),
    ];
    for (const body of [page, '', null, { rows: [] }]) {
      api = await FakeApi.start(() => ({ body }));
      for (const [index, call] of calls.entries()) {
        // The description of a table has no member that it always has in emulators too.
        if (index === 2 && body !== null && typeof body === 'object') continue;
        await assert.rejects(call(client()), { code: 'WAREHOUSE_UNREACHABLE', message: /is not BigQuery's/ });
      }
      api.close();
    }
  });

  it('cancel the job of a query that no caller waits for any more', async () => {
    const stop = new AbortController();
    api = await FakeApi.start((method, path, body) => {
      if (path.includes('/cancel')) return { body: {} };
      if (method === 'GET') stop.abort(new Error('enough'));
      const isDryRun = method === 'POST' && JSON.parse(body).configuration.dryRun;
      const statistics = { query: { statementType: 'SELECT' } };
      return { body: { ...job('x', isDryRun ? 'DONE' : 'RUNNING'), statistics } };
    });
    await assert.rejects(runQuery(client(), 'SELECT 1', { signal: stop.signal }), /^Error: enough$/);
    const cancelled = api.requests.filter(({ path }) => path.includes('/cancel'));
    assert.match(cancelled[0]?.path ?? '', /\/jobs\/[\w-]+\/cancel/);
  });
});

describe('a failure of BigQuery', () => {
  const cases: Record<string, Parameters<typeof failureError>[0]> = {
    'concurrent update': {
      reason: 'invalidQuery',
      message: 'Transaction is aborted due to concurrent update against table p:d._state. Transaction ID: 1',
    },
    'streaming buffer': {
      reason: 'invalidQuery',
      message: 'UPDATE or DELETE statement over table p.d.t would affect rows in the streaming buffer',
    },
    'rate limit': { status: 403, reason: 'rateLimitExceeded', message: 'Exceeded rate limits' },
    'too many requests': { status: 429, message: 'Too Many Requests' },
    'quota exceeded': { status: 403, reason: 'quotaExceeded', message: 'Quota exceeded: imports per table' },
    'credentials missing': { message: 'Could not load the default credentials.' },
    'outside the perimeter': {
      status: 403,
      reason: 'accessDenied',
      message:
        "VPC Service Controls: Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: x1",
    },
    'encryption key denied': {
      status: 400,
      reason: 'invalid',
      message:
        'Please grant Cloud KMS CryptoKey Encrypter/Decrypter role to BigQuery service account bq-1@bigquery-encryption.iam.gserviceaccount.com',
    },
    'permission denied': { status: 403, reason: 'accessDenied', message: 'Access Denied: Project p' },
    'dataset or project missing': { status: 404, reason: 'notFound', message: 'Not found: Dataset p:d' },
    'table missing': { status: 404, reason: 'notFound', message: 'Not found: Table p:d.t' },
    'bucket in another location': {
      reason: 'invalid',
      message: 'Cannot read and write in different locations: source: EU, destination: US',
    },
    'schema mismatch or value out of range': { reason: 'invalid', message: 'Provided Schema does not match' },
    'too many bytes to bill': {
      status: 400,
      reason: 'bytesBilledLimitExceeded',
      message: 'Query exceeded limit for bytes billed: 1000000. 10485760 or higher required.',
    },
    'made by another process': { status: 409, reason: 'duplicate', message: 'Already Exists: Table p:d.t' },
    'server error': { status: 400, reason: 'jobBackendError', message: 'try later' },
    'refused request': { status: 400, message: 'Bad Request' },
    'no answer': { message: 'connect ECONNREFUSED 127.0.0.1:1' },
  };
  const codes = {
    'concurrent update': ['WAREHOUSE_BUSY', true],
    'streaming buffer': ['WAREHOUSE_BUSY', false],
    'rate limit': ['WAREHOUSE_BUSY', true],
    'too many requests': ['WAREHOUSE_BUSY', true],
    'quota exceeded': ['WAREHOUSE_QUOTA_EXCEEDED', false],
    'credentials missing': ['WAREHOUSE_ACCESS_DENIED', false],
    'outside the perimeter': ['WAREHOUSE_PERIMETER_DENIED', false],
    'encryption key denied': ['WAREHOUSE_KEY_DENIED', false],
    'permission denied': ['WAREHOUSE_ACCESS_DENIED', false],
    'dataset or project missing': ['WAREHOUSE_NOT_FOUND', false],
    'table missing': ['WAREHOUSE_BUSY', true],
    'bucket in another location': ['WAREHOUSE_NOT_FOUND', false],
    'schema mismatch or value out of range': ['WAREHOUSE_REFUSED', false],
    'too many bytes to bill': ['WAREHOUSE_REFUSED', false],
    'made by another process': ['WAREHOUSE_BUSY', true],
    'server error': ['WAREHOUSE_UNREACHABLE', true],
    'refused request': ['WAREHOUSE_REFUSED', false],
    'no answer': ['WAREHOUSE_UNREACHABLE', false],
  };

  for (const { name, where } of failureRows) {
    it(`is classified by its code, with whether to retry it at once: ${name}`, () => {
      const failure = cases[name];
      assert.ok(failure && where(failure), `no case of ${name}`);
      const error = failureError(failure, 'bigquery:p.d');
      assert.ok(error instanceof ReportsError);
      assert.deepEqual([error.code, error.retry === 'now'], codes[name as keyof typeof codes]);
    });
  }

  it('is about the query, not about rights, if the answer is too large', () => {
    const failure = { status: 403, reason: 'responseTooLarge', message: 'Response too large to return' };
    assert.equal(failureError(failure, 'bigquery:p.d').code, 'WAREHOUSE_REFUSED');
  });
});

describe('a warehouse that is not a file', () => {
  it('is not rebuilt, and config check names it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bigquery-'));
    const warehouse =
      'warehouse: { type: bigquery, project: p, dataset: d, endpoint: "http://127.0.0.1:1" }\n';
    writeFileSync(join(folder, 'pipelines.yaml'), warehouse);
    const run = (...args: string[]) => runInProcess(args, { env: {}, cwd: folder });
    try {
      const { code, stderr } = await run('rebuild');
      assert.deepEqual([code, /WAREHOUSE_IS_NO_FILE/.test(stderr)], [1, true], stderr);
      assert.match((await run('config', 'check')).stdout, /bigquery:p\.d/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('documents that wait together', () => {
  it('share load jobs of 128 MiB; one of 16 MiB or more has its own', () => {
    const mebi = 1024 ** 2;
    const sizes = [1, 16, 2, 15, 15, 15, 15, 15, 15, 15, 15, 15, 3].map((size) => size * mebi);
    assert.deepEqual(
      shareJobs(sizes, (size) => size).map((job) => job.map((size) => size / mebi)),
      [[16], [1, 2, 15, 15, 15, 15, 15, 15, 15, 15], [15, 3]],
    );
  });
});

describe('types and values of BigQuery', () => {
  it('exist for every column type', () => {
    const types = ['string', 'int64', 'float64', 'bool', 'date', 'timestamp', 'json', 'list(int64)'];
    assert.deepEqual(
      types.map((each) => bigQueryType(type(each))),
      ['STRING', 'INT64', 'FLOAT64', 'BOOL', 'DATE', 'TIMESTAMP', 'JSON', 'ARRAY<INT64>'],
    );
    assert.deepEqual(
      ['decimal(18,4)', 'decimal(38,9)', 'decimal(38,8)', 'decimal(18,10)'].map((each) =>
        bigQueryType(type(each)),
      ),
      ['NUMERIC(18,4)', 'NUMERIC(38,9)', 'BIGNUMERIC(38,8)', 'BIGNUMERIC(18,10)'],
    );
  });

  it('are widened by SQL that keeps the text of DuckDB', () => {
    assert.equal(widenedSql('`v`', type('date'), type('timestamp')), 'CAST(`v` AS TIMESTAMP)');
    assert.equal(widenedSql('`v`', type('bool'), type('string')), 'CAST(`v` AS STRING)');
    assert.match(widenedSql('`v`', type('float64'), type('string')), /CONCAT\(CAST\(`v` AS STRING\), '.0'\)/);
  });

  it('are the same as those of DuckDB, and lose nothing to a double', () => {
    const value = (kind: string, v: unknown, mode?: string) =>
      toJsonValue(v, { name: 'x', type: kind, mode });
    assert.equal(value('INTEGER', '9007199254740993'), '9007199254740993');
    assert.equal(value('NUMERIC', '19.9900'), '19.99');
    assert.equal(value('NUMERIC', '100'), '100');
    assert.equal(value('NUMERIC', '0.000'), '0');
    assert.equal(value('NUMERIC', '0E-8'), '0');
    assert.equal(value('NUMERIC', '-1.2E-5'), '-0.000012');
    assert.equal(value('NUMERIC', '1.25E+1'), '12.5');
    assert.equal(value('NUMERIC', '5E+3'), '5000');
    assert.equal(value('FLOAT', 'NaN'), 'NaN');
    assert.equal(value('TIMESTAMP', '1767323045000006'), '2026-01-02T03:04:05.000006Z');
    assert.equal(value('TIMESTAMP', '1.767323045E9'), '2026-01-02T03:04:05.000Z');
    assert.equal(value('TIMESTAMP', '-1000000'), '1969-12-31T23:59:59.000Z');
    assert.deepEqual(value('JSON', '{"a":12345678901234567890}'), { a: '12345678901234567890' });
    assert.deepEqual(value('INTEGER', [{ v: '1' }], 'REPEATED'), ['1']);
    assert.deepEqual(value('STRING', null, 'REPEATED'), []);
  });
});
