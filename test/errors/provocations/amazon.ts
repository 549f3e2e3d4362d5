import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { openSharedJson } from '../../../src/files/shared-json.js';
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.js';
import { openRequestStore } from '../../../src/requests/request-store.js';
import { openQuotaPlan, quotaJson } from '../../../src/source/selling-partner/quota.js';
import { openSellingPartner } from '../../../src/source/selling-partner/selling-partner.js';
import { openQueue } from '../../../src/source/sqs.js';
import type { SellingPartner } from '../../../src/source/types.js';
import { startProxies } from '../../faults/proxy.js';
import { generousPlans, ordersType, type Ran, sellerId, type World } from '../../ingest/world.js';
import { inWorld, type Provocations } from '../provoke.js';
import { silent } from '../../files/recorded-warnings.js';

const daily = { reportType: ordersType, window: '1 day', cron: '0 0 * * *' };

/** Errors of the queue and of the Selling Partner API. */
export const amazonProvocations: Provocations = {
  QUEUE_NOT_FOUND: {
    input: 'the URL of a queue that does not exist',
    provoke: () => inSandbox((sandbox) => receive(`${sandbox.queueUrl}-absent`)),
  },
  QUEUE_ACCESS_DENIED: {
    input: 'a queue that refuses the credentials',
    provoke: async () => {
      let close = async () => {};
      const through = async (sandbox: Sandbox) => {
        const proxies = await startProxies(sandbox);
        const body = '{"__type":"com.amazonaws.sqs#AccessDenied","message":"no"}';
        proxies.faults.push({
          service: 'queue',
          wrong: { what: 'answer', status: 403, body, type: 'application/x-amz-json-1.0' },
          times: 9,
        });
        close = proxies.close;
        return proxies;
      };
      try {
        return await inWorld({ through }, (world) => world.run('run'));
      } finally {
        await close();
      }
    },
  },
  QUEUE_CREDENTIALS_MISSING: {
    input: 'no AWS credentials at all',
    provoke: (folder) =>
      inWorld({}, (world) =>
        world.spawnRun(['run'], {
          AWS_ACCESS_KEY_ID: '',
          AWS_SECRET_ACCESS_KEY: '',
          AWS_CONFIG_FILE: join(folder, 'none'),
          AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'),
          AWS_EC2_METADATA_DISABLED: 'true',
        }),
      ),
  },
  QUEUE_UNREACHABLE: {
    input: 'a queue whose host refuses connections',
    provoke: () => inSandbox(() => receive('http://127.0.0.1:1/000000000000/q')),
  },
  LOGIN_REFUSED: {
    input: 'a wrong client secret',
    provoke: (folder) =>
      inSandbox((sandbox) => called(open(sandbox, folder, { clientSecret: 'wrong' }).getReport('1', {}))),
  },
  SUBSCRIPTION_REFUSED: {
    input: 'a subscription that Amazon refuses',
    provoke: () =>
      inWorld({}, (world) => {
        world.sandbox.state.faults.answers.set('getSubscription', { status: 403, times: 1 });
        return world.run('subscribe', '--json');
      }),
  },
  REPORT_REQUEST_REFUSED: {
    input: 'a request of a report that Amazon refuses',
    provoke: () =>
      inWorld({ pipelines: [{ request: [daily] }] }, (world) => {
        world.sandbox.state.faults.answers.set('createReport', { status: 400, times: 1 });
        return world.run('run', '--json');
      }),
  },
  REPORT_GIVEN_UP: {
    input: 'a requested report that ends as FATAL for three weeks',
    provoke: () => {
      const body = Buffer.from('{"errorDetails":"No data."}');
      const make = () => ({ status: 'FATAL' as const, body });
      return inWorld({ pipelines: [{ request: [daily] }], make }, (world) =>
        requestInVain(world, 'REPORT_GIVEN_UP'),
      );
    },
  },
  REPORT_OUTAGE: {
    input: 'a request whose reports all end as FATAL for days',
    provoke: () => {
      const body = Buffer.from('{"errorDetails":"Try again later."}');
      const make = () => ({ status: 'FATAL' as const, body });
      return inWorld({ pipelines: [{ request: [daily] }], make }, (world) =>
        requestInVain(world, 'REPORT_OUTAGE'),
      );
    },
  },
  REPORT_PARTS_LEFT: {
    input: 'more items than the reports of a week can have',
    provoke: () => inWorld(perAsin(['B000000001']), requestTooMany),
  },
  REQUEST_ITEMS_FAILED: {
    input: 'a query of items that names a table which is not there',
    provoke: () =>
      inWorld(perAsin({ sql: 'SELECT asin FROM nowhere' }), (world) => world.run('run', '--json')),
  },
  REQUEST_ITEMS_MISSING: {
    input: 'a request for all listings before they are loaded',
    provoke: () => inWorld(perAsin('listings'), (world) => world.run('run', '--json')),
  },
  REQUEST_ITEM_INVALID: {
    input: 'an item that contains the separator of the option',
    provoke: () => inWorld(perAsin(['B000000001 B000000002']), (world) => world.run('run', '--json')),
  },
  REQUEST_STATE_INVALID: {
    input: 'a state file of requests that a later version wrote',
    provoke: async (folder) => {
      writeFileSync(join(folder, 'requests.json'), '{"format":4}');
      openRequestStore(folder, silent).all();
    },
  },
  API_REQUEST_REFUSED: {
    input: 'a call that Amazon answers with 400',
    provoke: (folder) => callWith(folder, 400),
  },
  API_QUOTA_EXCEEDED: {
    input: 'a call that Amazon answers with 429 until its deadline',
    provoke: (folder) => callWith(folder, 429),
  },
  API_UNAVAILABLE: {
    input: 'a call that Amazon answers with 503 again and again',
    provoke: (folder) => callWith(folder, 503),
  },
  API_UNREACHABLE: {
    input: 'a host of the API that refuses connections',
    provoke: (folder) =>
      inSandbox(async (sandbox) => {
        const away = { ...sandbox, apiEndpoint: 'http://127.0.0.1:1' };
        await open(away, folder).getReport('1', {});
      }),
  },
};

async function inSandbox(work: (sandbox: Sandbox) => Promise<void>): Promise<void> {
  const sandbox = await startSandbox({ plans: generousPlans });
  sandbox.addSeller({ sellerId, region: 'na', marketplaces: ['ATVPDKIKX0DER'] });
  Object.assign(process.env, sandbox.awsEnvironment);
  try {
    await work(sandbox);
  } finally {
    await sandbox.close();
  }
}

async function receive(url: string): Promise<void> {
  const queue = openQueue({ url, visibilityTimeoutSeconds: 30, log: pino({ level: 'silent' }) });
  try {
    await queue.receive({ maxMessages: 1, waitTimeSeconds: 0 });
  } finally {
    await queue.close();
  }
}

function open(
  sandbox: Pick<Sandbox, 'apiEndpoint' | 'loginUrl' | 'credentialsFor'>,
  folder: string,
  change: { clientSecret?: string } = {},
): SellingPartner {
  const credentials = { ...sandbox.credentialsFor(sellerId), ...change };
  return openSellingPartner({
    seller: { id: sellerId, region: 'na', credentials },
    quota: openQuotaPlan({ state: openSharedJson(join(folder, 'quota.json'), quotaJson, silent) }),
    endpoint: sandbox.apiEndpoint,
    loginUrl: sandbox.loginUrl,
  });
}

async function called(call: Promise<unknown>): Promise<void> {
  await call;
}

function callWith(folder: string, status: number): Promise<void> {
  return inSandbox(async (sandbox) => {
    const seller = open(sandbox, folder);
    sandbox.state.faults.answers.set('getReport', { status, times: 9 });
    await seller.getReport('1', { deadlineMs: Date.now() + (status === 429 ? 500 : 60_000) });
  });
}

/**
 * Requests a report until that is reported; after each failure its records are backdated
 * beyond any backoff, and in the end beyond any outage.
 */
function perAsin(items: unknown) {
  const reportType = 'GET_BRAND_ANALYTICS_SEARCH_QUERY_PERFORMANCE_REPORT';
  const reportOptions = { reportPeriod: 'WEEK' };
  return { pipelines: [{ request: [{ reportType, reportOptions, perAsin: items, cron: '0 0 * * *' }] }] };
}

/** A new week begins while thousands of parts of an older one wait. */
async function requestTooMany(world: World): Promise<Ran> {
  await world.run('run', '--json');
  const file = join(world.folder, 'state', 'requests.json');
  const state = JSON.parse(readFileSync(file, 'utf8'));
  for (const progress of Object.values<Record<string, unknown>>(state.requests)) {
    const open = Array.from({ length: 2001 }, (_, index) => `B1${index}`);
    const [start, end] = ['2026-01-04T00:00:00.000Z', '2026-01-11T00:00:00.000Z'];
    Object.assign(progress, { windows: [], fanOuts: [{ start, end, parts: 2001, open }] });
  }
  writeFileSync(file, JSON.stringify(state));
  return world.run('run', '--json');
}

async function requestInVain(world: World, code: 'REPORT_GIVEN_UP' | 'REPORT_OUTAGE'): Promise<Ran> {
  const file = join(world.folder, 'state', 'requests.json');
  const older = (at: string) => new Date(Date.parse(at) - 6 * 86_400_000).toISOString();
  const run = () => world.run('run', '--json');
  await run();
  for (let failure = 1; failure <= 5; failure += 1) {
    await world.sandbox.stepReports();
    await world.sandbox.stepReports();
    await run();
    const text = readFileSync(file, 'utf8');
    writeFileSync(
      file,
      text.replace(/("at":\s*")([^"]+)"/g, (_, key, at) => `${key}${older(at)}"`),
    );
    const ran = await run();
    if (ran.stderr.includes(code)) return ran;
  }
  throw new Error(`${code} was not reported`);
}
