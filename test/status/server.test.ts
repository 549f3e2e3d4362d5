import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Making } from '../../src/sandbox/report-requests.js';
import type { ReloadJob } from '../../src/status/server/reloads.js';
import { routes } from '../../src/status/server/routes.js';
import type { StatusSnapshot } from '../../src/status/types.js';
import {
  listings,
  listingsType,
  makeWorld,
  ordersType,
  sellerId,
  startInProcess,
  type World,
} from '../ingest/world.js';
import { assertNoSecrets } from '../planted-secrets.js';
import { type Started, startWithPage } from './started.js';
import { until } from '../runtime/until.js';

const everySecond = { schedule: '* * * * * *', limits: { waitTimeSeconds: 0 } };
const never = { schedule: '0 0 1 1 *' };
interface Answered {
  rows: unknown[][];
  isCut: boolean;
  error: { code: string; message: string };
}

const root = new URL('../../', import.meta.url).pathname;
/** Opens the file for writing, without waiting, whenever it reads a line. */
const otherProgram = `
  import { createInterface } from 'node:readline';
  import { DuckDBInstance } from '@duckdb/node-api';
  for await (const line of createInterface({ input: process.stdin })) {
    (await DuckDBInstance.create(process.env.FILE)).closeSync();
    console.log('opened');
  }
`;

const token = 'a-token-of-some-length';

describe('the status server', () => {
  let world: World;
  let started: Started | undefined;

  async function start(
    pipeline: Record<string, unknown> = never,
    status: unknown = { port: 0 },
    prepare: () => Promise<unknown> = async () => {},
  ): Promise<Started> {
    const make = (): Making => ({ status: 'DONE', body: listings(2) });
    world = await makeWorld({ pipelines: [pipeline], settings: { status }, make });
    world.env.STATUS_TOKEN = token;
    await prepare();
    started = await startWithPage(world);
    return started;
  }
  /** Makes all requests an hour older. */
  function requestedLongAgo(): void {
    const file = join(world.folder, 'state', 'requests.json');
    const at = new Date(Date.now() - 3_600_000).toISOString();
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"at":\s*"[^"]*"/g, `"at":"${at}"`));
  }
  afterEach(async () => {
    await started?.stop();
    started = undefined;
    await world.close();
  });

  const snapshot = async () => (await (await started?.get('/api/status'))?.json()) as StatusSnapshot;
  const report = (body: Buffer, reportType = listingsType) =>
    world.sandbox.notify(world.sandbox.addReport({ sellerId, reportType, body }));
  /** No page was requested before: what it reads then, it does not read again for a while. */
  const isDrained = () =>
    until(async () => {
      const { visible, inFlight } = await world.sandbox.queueDepth();
      return visible + inFlight === 0;
    });
  const broken = Buffer.from('no report\n');

  describe('without a token', () => {
    it('reports tables, queues, quota, runs and quarantine as a drain leaves them', async () => {
      await start(everySecond, { port: 0 }, async () => {
        await report(listings(3));
        await report(broken, ordersType);
      });
      await isDrained();
      const found = await until(async () => {
        const now = await snapshot();
        return now.warehouse.ledger?.recent.length === 2 && now.runs.some(({ endedAt }) => endedAt) && now;
      });
      for (const path of ['/api/status', '/metrics']) {
        const answer = await started?.get(path);
        assertNoSecrets((await answer?.text()) ?? '', world.env, path);
      }
      const [table] = found.tables;
      assert.deepEqual([table?.table, table?.sellerId, table?.rows], ['listings', sellerId, 3]);
      assert.deepEqual(
        found.warehouse.ledger?.quarantined.map(({ reportType, reasonCode }) => [reportType, reasonCode]),
        [[ordersType, 'NOT_A_REPORT']],
      );
      assert.ok(found.sellers[0]?.credentials.acceptedAt);
      assert.equal(found.sellers[0]?.quota.burst, 15);
      assert.deepEqual(Object.keys(found.queues[0]?.messages ?? {}), ['visible', 'inFlight', 'delayed']);
      const run = found.runs.find(({ outcomes }) => outcomes.loaded);
      assert.deepEqual([run?.kind, run?.outcomes, run?.rows], ['drain', { loaded: 1, quarantined: 1 }, 3]);
    });

    it('answers its health check while a query hangs, and after queries that would crash or fill memory', async () => {
      const { post, get } = await start(never, { port: 0 }, async () => {
        await report(listings(1));
        await world.run('run');
      });
      for (const sql of [
        "CREATE TEMP TABLE a AS SELECT * FROM enable_logging(level='debug', storage='file', storage_path='x'); SELECT 42 -- pivot",
        'SELECT range(i) FROM range(40000000, 40000001) t(i)',
      ]) {
        const query = post('/api/query', { sql });
        assert.equal((await get('/healthz')).status, 200);
        assert.match(((await (await query).json()) as Answered).error.code, /^QUERY_FAILED$/);
      }
      let isAnswered = false;
      const leave = new AbortController();
      const hanging = fetch(new URL('/api/query', started?.url), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ sql: 'SELECT count(*) FROM range(40000000) a, range(40000000) b' }),
        signal: leave.signal,
      })
        .catch(() => {})
        .then(() => {
          isAnswered = true;
        });
      for (let times = 0; times < 50; times += 1) assert.equal((await get('/healthz')).status, 200);
      assert.equal(isAnswered, false);
      leave.abort();
      await hanging;
      assert.deepEqual(((await (await post('/api/query', { sql: 'SELECT 1' })).json()) as Answered).rows, [
        [1],
      ]);
    });

    it('answers queries with the first rows, and refuses texts that are not queries', async () => {
      const { post } = await start(never, { port: 0 }, async () => {
        await report(listings(1));
        await world.run('run');
      });
      const answerTo = async (sql: unknown) => {
        const answer = await post('/api/query', { sql });
        return { status: answer.status, ...((await answer.json()) as Answered) };
      };
      const cut = await answerTo('SELECT range AS n, 1.10::DECIMAL(9,2) AS price FROM range(5000)');
      assert.deepEqual([cut.rows.length, cut.isCut, cut.rows[7]], [1000, true, ['7', '1.10']]);
      const refused = await answerTo('DROP TABLE listings');
      assert.deepEqual([refused.status, refused.error.code], [400, 'QUERY_FAILED']);
      assert.match((await answerTo("SELECT * FROM read_csv('/etc/passwd')")).error.message, /disabled/i);
      assert.equal((await answerTo(undefined)).status, 400);
      assert.equal((await post('/api/query', 'SELECT 1')).status, 400);
      assert.equal(
        (await post('/api/query', '{"sql":"SELECT 1"}', { 'content-type': 'text/plain' })).status,
        415,
      );
    });

    it('loads a quarantined document again', async () => {
      const { get, post } = await start(never, { port: 0 }, async () => {
        await report(broken, ordersType);
        await world.run('run');
      });
      const row = await until(async () => (await snapshot()).warehouse.ledger?.quarantined[0]);
      const job = (await (await post('/api/reload', { key: row.key })).json()) as ReloadJob;
      assert.deepEqual([job.key, job.documents], [row.key, []]);
      const done = await until(async () => {
        const [last] = (await (await get('/api/reloads')).json()) as ReloadJob[];
        return last?.state === 'done' && last;
      });
      assert.deepEqual(
        done.documents.map(({ key, status, code }) => [key, status, code]),
        [[row.key, 'quarantined', 'NOT_A_REPORT']],
      );
      const unknown = await post('/api/reload', { key: 'A1/nothing' });
      assert.deepEqual(
        [unknown.status, ((await unknown.json()) as Answered).error.code],
        [400, 'NOT_LOADED'],
      );
    });

    it('locks the warehouse file for nobody while it reads it', async () => {
      const { get } = await start(never, { port: 0 }, async () => {
        await report(listings(1));
        await world.run('run');
      });
      await snapshot();
      const others = spawn(process.execPath, ['--input-type=module', '-e', otherProgram], {
        cwd: root,
        env: { ...process.env, FILE: join(world.folder, 'warehouse.duckdb') },
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      const closed = once(others, 'close');
      const opened = createInterface({ input: others.stdout })[Symbol.asyncIterator]();
      for (let times = 0; times < 8; times += 1) {
        const looks = [1, 2, 3].map(async () => (await get('/api/status')).text());
        others.stdin.write('open\n');
        assert.equal((await opened.next()).value, 'opened');
        await Promise.all(looks);
      }
      others.stdin.end();
      await closed;
    });

    it('refuses requests for a foreign host name, and for any other page', async () => {
      const { url, post } = await start();
      const { port } = new URL(url);
      const statusFor = (host: string) =>
        new Promise((resolve, reject) => {
          request({ port, path: '/api/status', headers: { host } }, (response) => {
            response.resume();
            resolve(response.statusCode);
          })
            .on('error', reject)
            .end();
        });
      assert.equal(await statusFor(`localhost:${port}`), 200);
      assert.equal(await statusFor(`evil.example:${port}`), 403);
      assert.equal(await statusFor('127.0.0.1.evil.example'), 403);
      const query = { sql: 'SELECT 1' };
      assert.equal((await post('/api/query', query, { origin: 'http://evil.example' })).status, 403);
      assert.equal((await post('/api/query', query, { 'sec-fetch-site': 'cross-site' })).status, 403);
      // Nothing has been loaded: the request itself was accepted.
      assert.equal((await post('/api/query', query, { origin: url.replace(/\/$/, '') })).status, 400);
    });

    it('lets the page load and run only its own files', async () => {
      const { get } = await start();
      const page = await get('/', { 'accept-encoding': 'gzip' });
      const policy = page.headers.get('content-security-policy') ?? '';
      assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
      assert.doesNotMatch(policy, /unsafe|https?:/);
      const text = await page.text();
      assert.equal(page.headers.get('content-encoding'), 'gzip');
      const names = [...text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = '']) => path);
      assert.ok(names.length > 3);
      for (const name of names) assert.equal((await get(name)).status, 200, name);
      for (const name of ['/../package.json', '/page.ts', '/nothing']) {
        assert.equal((await get(name)).status, 404, name);
      }
    });

    it('stops at once with the program, whatever is in progress', async () => {
      const { url, get, stop } = await start(never, { port: 0 }, async () => {
        await report(listings(1));
        await world.run('run');
      });
      const headers = { 'content-type': 'application/json' };
      const query = request(new URL('/api/query', url), { method: 'POST', headers });
      const endless = once(query, 'response').catch(() => 'cut off');
      query.end(JSON.stringify({ sql: 'SELECT count(*) FROM range(1e12::BIGINT) a' }));
      await once(query, 'finish');
      // The server reads requests in turn: the query has begun when a later one is answered.
      await (await get('/healthz')).text();
      const { code } = await stop();
      assert.equal(code, 0);
      // Without the stop, the answer would be that the query takes too long.
      assert.equal(await endless, 'cut off');
    });
  });

  describe('with a token', () => {
    const withToken = { port: 0, host: '0.0.0.0', token: '${STATUS_TOKEN}' };

    it('shows a client without it only whether the program is alive', async () => {
      const { get, post } = await start(never, withToken);
      const guarded = Object.entries(routes).flatMap(([route, { isOpen }]) => (isOpen ? [] : [route]));
      const paths = guarded.flatMap((route) => (route.startsWith('GET ') ? [route.slice(4)] : []));
      assert.ok(paths.includes('/api/pictures') && paths.includes('/metrics'), String(paths));
      for (const path of paths) assert.equal((await get(path)).status, 401, path);
      assert.equal((await post('/api/query', { sql: 'SELECT 1' })).status, 401);
      assert.equal((await get('/api/status', { authorization: 'Bearer wrong' })).status, 401);
      assert.equal((await get('/api/status', { cookie: 'sp_reports_status=' })).status, 401);
      assert.equal((await get('/healthz')).status, 200);
      assert.equal((await get('/readyz')).status, 200);
      assert.match(await (await get('/')).text(), /<form[^>]+action="\/login"/);
      assert.equal((await get('/metrics', { authorization: `Bearer ${token}` })).status, 200);
    });

    it('returns a cookie to a client with it, which no script reads and no other site sends', async () => {
      const { get, post } = await start(never, withToken);
      const form = { 'content-type': 'application/x-www-form-urlencoded' };
      const refused = await post('/login', 'token=wrong', form);
      assert.equal(refused.status, 401);
      assert.match(await refused.text(), /role="alert">Wrong token/);
      assert.doesNotMatch(await (await get('/')).text(), /role="alert">/);
      for (const answer of [await post('/login', `token=${token}`, form), await get(`/?token=${token}`)]) {
        assert.deepEqual([answer.status, answer.headers.get('location')], [303, '/']);
        const cookie = answer.headers.get('set-cookie') ?? '';
        assert.match(cookie, /; HttpOnly; SameSite=Strict/);
        assert.ok(!cookie.includes(token));
        const [pair = ''] = cookie.split(';');
        assert.equal((await get('/api/status', { cookie: pair })).status, 200);
      }
    });
  });

  it('exposes in metrics what drains did, and that it is ready', async () => {
    const { get } = await start(everySecond, { port: 0 }, async () => {
      await report(listings(3));
      await report(broken, ordersType);
    });
    await isDrained();
    const text = await until(async () => {
      const found = await (await get('/metrics')).text();
      return /sp_reports_table_age_seconds/.test(found) && /result="succeeded"/.test(found) && found;
    });
    for (const line of [
      'sp_reports_documents_total{pipeline="all",outcome="loaded"} 1',
      'sp_reports_documents_total{pipeline="all",outcome="quarantined"} 1',
      'sp_reports_rows_total{table="listings"} 3',
      'sp_reports_quarantined_documents{reason="NOT_A_REPORT"} 1',
      `sp_reports_credentials_refused{seller="${sellerId}"} 0`,
      'sp_reports_warehouse_up 1',
      'sp_reports_load_seconds_count{outcome="loaded"} 1',
    ]) {
      assert.ok(text.split('\n').includes(line), `${line} is not in\n${text}`);
    }
    assert.match(text, /^sp_reports_table_age_seconds\{table="listings",seller="A1TESTSELLER"\} \d+$/m);
    assert.deepEqual(await (await get('/readyz')).json(), { ready: true, problems: [] });
  });

  it('counts what a request cycle requested, and what it loaded without a notification', async () => {
    const { get } = await start(
      { ...everySecond, request: [{ reportType: listingsType, cron: '0 0 * * *' }] },
      { port: 0 },
      async () => {
        await world.run('run');
        // Amazon makes it, and no notification announces it.
        await world.sandbox.stepReports({ silently: true });
        await world.sandbox.stepReports({ silently: true });
        requestedLongAgo();
      },
    );
    const found = await until(async () => {
      const now = await snapshot();
      const isOver = now.runs.some(
        ({ kind, outcomes, endedAt }) => kind === 'request' && outcomes.loaded && endedAt,
      );
      return isOver && now;
    });
    const run = found.runs.find(({ outcomes }) => outcomes.loaded);
    assert.deepEqual([run?.kind, run?.outcomes, run?.rows], ['request', { loaded: 1 }, 2]);
    assert.deepEqual(run?.requests, { requested: 0, postponed: 0 });
    const { request } = found.pipelines[0] ?? {};
    assert.ok(request?.succeededAt);
    assert.deepEqual(
      request?.requests.map(({ reportType, inFlight, backingOff, abandoned }) => [
        reportType,
        inFlight,
        backingOff,
        abandoned,
      ]),
      [[listingsType, 0, 0, 0]],
    );
    assert.ok(found.sellers[0]?.credentials.acceptedAt);
    const text = await (await get('/metrics')).text();
    for (const line of [
      'sp_reports_documents_total{pipeline="all",outcome="loaded"} 1',
      'sp_reports_requested_reports_total{pipeline="all"} 0',
      'sp_reports_request_windows{pipeline="all",state="in_flight"} 0',
    ]) {
      assert.ok(text.split('\n').includes(line), `${line} is not in\n${text}`);
    }
    assert.match(text, /^sp_reports_runs_total\{pipeline="all",kind="request",result="succeeded"\} [1-9]/m);
    assert.match(text, /^sp_reports_last_success_timestamp_seconds\{pipeline="all",kind="request"\} \d/m);
  });

  it('is not ready while Amazon refuses the logins of all sellers', async () => {
    const { get } = await start({ ...everySecond, sweep: '* * * * * *' }, { port: 0 }, async () => {
      world.env.TOKEN_0 = 'Atzr|revoked';
    });
    const ready = await until(async () => {
      const answer = await get('/readyz');
      return answer.status === 503 && (await answer.json());
    });
    assert.deepEqual(ready, { ready: false, problems: ['LOGIN_REFUSED'] });
  });

  it('is not ready while a folder cannot be written, and is again when it can', async () => {
    const { get } = await start(everySecond);
    const lake = join(world.folder, 'lake');
    await until(async () => (await get('/readyz')).status === 200);
    rmSync(lake, { recursive: true });
    writeFileSync(lake, 'no folder');
    const notReady = await until(async () => {
      const answer = await get('/readyz');
      return answer.status === 503 && (await answer.json());
    });
    assert.deepEqual(notReady, { ready: false, problems: ['FILE_SYSTEM_FAILED'] });
    assert.equal((await get('/healthz')).status, 200);
    rmSync(lake);
    await until(async () => (await get('/readyz')).status === 200);
  });

  it('warns if its port is taken, and the program runs anyway', async () => {
    const { url, stop } = await start();
    const { port } = new URL(url);
    const other = await makeWorld({ pipelines: [never], settings: { status: { port: Number(port) } } });
    const started = startInProcess(['start'], other, (text) => {
      if (text.includes('pipeline scheduled')) setImmediate(started.stop);
    });
    const ran = await started.running;
    assert.equal(ran.code, 0);
    assert.match(ran.stderr, /"code":"STATUS_NOT_SERVED".*EADDRINUSE/);
    await other.close();
    await stop();
  });
});
