import {
  bigQuerySettings,
  compareWithDuckDb,
  compareWorlds,
  crashTypes,
  makeCrashWorld,
} from '../ingest/crash-matrix.js';
import { sellerId, type World } from '../ingest/world.js';
import { startS3 } from '../store/emulators.js';
import { type Fault, type Proxies, startProxies, startProxy } from './proxy.js';

export interface FaultCase {
  /** What happened. */
  name: string;
  faults: Fault[];
  /** The clock of the sandbox relative to ours, in milliseconds. */
  skewMs?: number;
  /** Takes seconds, because the program waits: not for every test run. */
  slow?: boolean;
}

export interface FaultRow {
  name: string;
  /** What the program did, run by run. */
  did: string;
  lost: number;
  twice: number;
  /**
   * From the first run until everything was loaded and the queue empty; the messages are released
   * at once after each run.
   */
  seconds: number;
  differences: string[];
}

const storm = 8;
const json = (status: number, code: string) => ({
  what: 'answer' as const,
  status,
  body: JSON.stringify({ errors: [{ code, message: code, details: '' }] }),
});
const sqsError = (status: number, type: string) => ({
  what: 'answer' as const,
  status,
  body: JSON.stringify({ __type: `com.amazonaws.sqs#${type}`, message: type }),
  type: 'application/x-amz-json-1.0',
});
const s3Error = (status: number, code: string) => ({
  what: 'answer' as const,
  status,
  body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`,
  type: 'application/xml',
});
const bigQueryError = (status: number, reason: string) => ({
  what: 'answer' as const,
  status,
  body: JSON.stringify({
    error: { code: status, message: reason, errors: [{ reason, message: reason, domain: 'global' }] },
  }),
});
const receive = /ReceiveMessage/;
const remove = /DeleteMessage/;
/** Statements and load jobs, but not the calls that check on them. */
const newJob = /^POST .*\/(queries|jobs)\b/;
const upload = /^POST \/(upload|resumable)/;

/** The faults of each service. */
export const faultCases: FaultCase[] = [
  {
    name: 'queue: no answer to a receive, reset',
    faults: [{ service: 'queue', of: receive, wrong: { what: 'reset' }, times: storm }],
  },
  {
    name: 'queue: a receive breaks off mid-body',
    faults: [{ service: 'queue', of: receive, wrong: { what: 'reset mid-body' }, times: 1 }],
  },
  {
    name: 'queue: 503 to a receive, many times',
    faults: [{ service: 'queue', of: receive, wrong: sqsError(503, 'ServiceUnavailable'), times: storm }],
  },
  {
    name: 'queue: throttled',
    faults: [{ service: 'queue', of: receive, wrong: sqsError(400, 'RequestThrottled'), times: 2 }],
  },
  {
    name: 'queue: clock reported as wrong',
    faults: [{ service: 'queue', of: receive, wrong: sqsError(403, 'RequestTimeTooSkewed'), times: 2 }],
  },
  {
    name: 'queue: malformed answer to a receive',
    faults: [
      {
        service: 'queue',
        of: receive,
        wrong: { what: 'answer', status: 200, body: '{"Messages": [{', type: 'application/x-amz-json-1.0' },
        times: storm,
      },
    ],
  },
  {
    name: 'queue: deletes refused',
    faults: [{ service: 'queue', of: remove, wrong: sqsError(500, 'InternalFailure'), times: 50 }],
  },
  {
    name: 'queue: the answers to deletes are lost',
    faults: [{ service: 'queue', of: remove, wrong: { what: 'half-closed' }, times: 50 }],
  },
  {
    name: 'queue: access revoked for a run',
    faults: [{ service: 'queue', of: receive, wrong: sqsError(403, 'AccessDenied'), times: 1 }],
  },
  {
    name: 'queue: no answer for 12 s',
    slow: true,
    faults: [{ service: 'queue', of: receive, wrong: { what: 'latency', ms: 12_000 }, times: 1 }],
  },
  {
    name: 'tokens: 503, many times',
    faults: [{ service: 'tokens', wrong: json(503, 'ServiceUnavailable'), times: storm }],
  },
  {
    name: 'tokens: an HTML page instead of JSON',
    faults: [
      {
        service: 'tokens',
        wrong: { what: 'answer', status: 200, body: '<html>', type: 'text/html' },
        times: 1,
      },
    ],
  },
  { name: 'tokens: reset', faults: [{ service: 'tokens', wrong: { what: 'reset' }, times: 2 }] },
  {
    name: 'tokens: refused for a run',
    faults: [
      {
        service: 'tokens',
        wrong: { what: 'answer', status: 400, body: '{"error":"invalid_grant"}' },
        times: 1,
      },
    ],
  },
  {
    name: 'API: token revoked midway',
    faults: [
      {
        service: 'API',
        of: /documents/,
        wrong: {
          what: 'answer',
          status: 403,
          body: '{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":"The access token you provided is revoked, malformed or invalid."}]}',
        },
        times: 1,
      },
    ],
  },
  {
    name: 'API: 429 storm',
    faults: [
      {
        service: 'API',
        wrong: { ...json(429, 'QuotaExceeded'), headers: { 'x-amzn-ratelimit-limit': '1000' } },
        times: storm,
      },
    ],
  },
  {
    name: 'API: 500, many times',
    faults: [{ service: 'API', wrong: json(500, 'InternalFailure'), times: storm }],
  },
  {
    name: 'API: malformed JSON',
    faults: [{ service: 'API', wrong: { what: 'answer', status: 200, body: '{"reportId": "1' }, times: 2 }],
  },
  {
    name: 'API: a response to something else',
    faults: [{ service: 'API', wrong: { what: 'answer', status: 200, body: '{"status":"ok"}' }, times: 2 }],
  },
  {
    name: 'API: a response that breaks off',
    faults: [{ service: 'API', wrong: { what: 'reset mid-body' }, times: 3 }],
  },
  {
    name: 'API: content length too long',
    faults: [{ service: 'API', wrong: { what: 'wrong length', by: 10 }, times: 2 }],
  },
  {
    name: 'API: content length too short',
    faults: [{ service: 'API', wrong: { what: 'wrong length', by: -10 }, times: 2 }],
  },
  {
    name: 'API: half-closed connections',
    faults: [{ service: 'API', wrong: { what: 'half-closed' }, times: 2 }],
  },
  { name: 'API: clock an hour ahead', skewMs: 3_600_000, faults: [] },
  { name: 'API: clock an hour behind', skewMs: -3_600_000, faults: [] },
  {
    name: 'API: a byte every second',
    slow: true,
    faults: [{ service: 'API', wrong: { what: 'slow-loris', msPerByte: 1000 }, times: 1 }],
  },
  {
    name: 'documents: URL has expired',
    faults: [
      {
        service: 'documents',
        wrong: { what: 'answer', status: 403, body: '<Error/>', type: 'application/xml' },
        times: 2,
      },
    ],
  },
  {
    name: 'documents: reset mid-body',
    faults: [{ service: 'documents', wrong: { what: 'reset mid-body' }, times: 3 }],
  },
  {
    name: 'documents: half-closed',
    faults: [{ service: 'documents', wrong: { what: 'half-closed' }, times: 3 }],
  },
  {
    name: 'documents: content length too long',
    faults: [{ service: 'documents', wrong: { what: 'wrong length', by: 7 }, times: 2 }],
  },
  {
    name: 'documents: content length too short',
    faults: [{ service: 'documents', wrong: { what: 'wrong length', by: -7 }, times: 1 }],
  },
  {
    name: 'documents: a byte every 5 ms',
    slow: true,
    faults: [{ service: 'documents', wrong: { what: 'slow-loris', msPerByte: 5 }, times: 2 }],
  },
  {
    name: 'documents: 503, many times',
    slow: true,
    faults: [{ service: 'documents', wrong: { what: 'answer', status: 503, body: '<Error/>' }, times: 12 }],
  },
  {
    name: 'documents: an HTML page instead of a document',
    faults: [
      {
        service: 'documents',
        wrong: { what: 'answer', status: 200, body: '<html><body>Sign in</body></html>', type: 'text/html' },
        times: 1,
      },
    ],
  },
  {
    name: 'bucket: 503, many times',
    faults: [{ service: 'bucket', of: /^PUT/, wrong: s3Error(503, 'SlowDown'), times: storm }],
  },
  {
    name: 'bucket: an upload is reset',
    faults: [{ service: 'bucket', of: /^PUT .*(raw|parquet)/, wrong: { what: 'reset' }, times: 3 }],
  },
  {
    name: 'bucket: access denied for a run',
    faults: [{ service: 'bucket', of: /^PUT .*_doctor/, wrong: s3Error(403, 'AccessDenied'), times: 1 }],
  },
  {
    name: 'bucket: access denied to Parquet and to records',
    faults: [
      { service: 'bucket', of: /^PUT .*parquet/, wrong: s3Error(403, 'AccessDenied'), times: 2 },
      { service: 'bucket', of: /^PUT .*_loads/, wrong: s3Error(403, 'AccessDenied'), times: 1 },
    ],
  },
  {
    name: 'documents: host name not found',
    slow: true,
    faults: [
      {
        service: 'API',
        of: /documents/,
        wrong: {
          what: 'changed',
          change: (body) => body.replace(/http:\/\/127\.0\.0\.1:\d+/, 'http://documents.invalid'),
        },
        times: 1,
      },
    ],
  },
  {
    name: 'BigQuery: 503, many times',
    faults: [{ service: 'BigQuery', wrong: bigQueryError(503, 'backendError'), times: storm }],
  },
  {
    name: 'BigQuery: too many requests',
    faults: [{ service: 'BigQuery', wrong: bigQueryError(403, 'rateLimitExceeded'), times: storm }],
  },
  {
    name: 'BigQuery: quota of the day used up for a run',
    faults: [{ service: 'BigQuery', of: newJob, wrong: bigQueryError(403, 'quotaExceeded'), times: 1 }],
  },
  {
    name: 'BigQuery: access revoked for a run',
    faults: [{ service: 'BigQuery', of: newJob, wrong: bigQueryError(403, 'accessDenied'), times: 1 }],
  },
  {
    name: 'BigQuery: reset',
    faults: [{ service: 'BigQuery', wrong: { what: 'reset' }, times: 3 }],
  },
  {
    name: 'BigQuery: the answers to statements and jobs are lost',
    faults: [{ service: 'BigQuery', of: newJob, wrong: { what: 'half-closed' }, times: 4 }],
  },
  {
    name: 'BigQuery: the answers to uploads are lost',
    faults: [{ service: 'BigQuery', of: upload, wrong: { what: 'reset mid-body' }, times: 2 }],
  },
  {
    name: 'BigQuery: malformed answers',
    faults: [
      {
        service: 'BigQuery',
        of: newJob,
        wrong: { what: 'answer', status: 200, body: '{"kind": "big' },
        times: 2,
      },
    ],
  },
  {
    name: 'BigQuery: no answer for 12 s',
    slow: true,
    faults: [{ service: 'BigQuery', of: newJob, wrong: { what: 'latency', ms: 12_000 }, times: 1 }],
  },
];

/** Whether the case needs a BigQuery: BIGQUERY_EMULATOR has its address. */
export function takesBigQuery({ faults }: FaultCase): boolean {
  return faults.some(({ service }) => service === 'BigQuery');
}

/**
 * Runs the program with one of the faults until the queue is empty, and compares the result with an
 * undisturbed run.
 */
export async function tryFault(fault: FaultCase): Promise<FaultRow> {
  const { name, faults, skewMs = 0 } = fault;
  const bigQuery = takesBigQuery(fault) ? process.env.BIGQUERY_EMULATOR : undefined;
  let proxies: Proxies | undefined;
  const isOfBucket = faults.some(({ service }) => service === 'bucket');
  const bucket = isOfBucket ? await startBucket(faults.map((each) => ({ ...each }))) : undefined;
  const world = await makeCrashWorld({
    now: () => Date.now() + skewMs,
    through: async (sandbox) => {
      proxies = await startProxies(sandbox, bigQuery);
      return proxies;
    },
    settings: () => ({
      ...(proxies?.bigQuery !== undefined && bigQuerySettings(proxies.bigQuery)),
      ...bucket?.settings,
    }),
  });
  const undisturbed = await makeCrashWorld();
  try {
    for (const each of [undisturbed, world]) await fill(each);
    await undisturbed.run('run');
    proxies?.faults.push(...faults.map((fault) => ({ ...fault })));
    const startedMs = Date.now();
    const did: string[] = [];
    for (let runs = 0; runs < 12; runs += 1) {
      did.push(summarize(await world.run('run', '--json')));
      const { visible, inFlight } = await world.sandbox.queueDepth();
      if (visible + inFlight === 0) break;
      await world.sandbox.returnMessages();
    }
    const seconds = (Date.now() - startedMs) / 1000;
    const compared = await (bigQuery === undefined ? compareWorlds : compareWithDuckDb)(world, undisturbed);
    const { visible, inFlight } = await world.sandbox.queueDepth();
    if (visible + inFlight > 0) compared.differences.push(`${visible + inFlight} messages stay on the queue`);
    return { name, did: did.join('; '), seconds, ...compared };
  } finally {
    await Promise.all([world.close(), undisturbed.close()]);
    await proxies?.close();
    await bucket?.close();
  }
}

/** A bucket for lake and raw documents, behind a proxy that injects these faults. */
async function startBucket(faults: Fault[]) {
  const { url, endpoint, close } = await startS3();
  const proxy = await startProxy('bucket', endpoint, faults);
  return {
    settings: { lake: `${url}/lake`, raw: `${url}/raw`, bucket: { endpoint: proxy.base } },
    close: () => Promise.all([proxy.close(), close()]),
  };
}

/** One document of each load mode, the first with a duplicate notification. */
async function fill({ sandbox }: World): Promise<void> {
  for (const [index, reportType] of crashTypes.entries()) {
    const rows = Array.from(
      { length: 40 },
      (_, row) => `${row}\t${index}.${row}\t${row === 3 ? 'many' : row}`,
    );
    const report = sandbox.addReport({
      sellerId,
      reportType,
      reportId: String(1000 + index),
      documentId: `amzn1.spdoc.1.4.na.fault-${index}`,
      createdAt: new Date(Date.UTC(2026, 9, 1, index)),
      body: Buffer.from(`id\tamount\tquantity\n${rows.join('\n')}\n`),
    });
    await sandbox.notify(report);
    if (index === 0) await sandbox.notify(report);
  }
}

/** A run in a few words: `loaded 3, failed 1 (API_UNAVAILABLE)`. */
function summarize({
  stdout,
  stderr,
  code,
}: {
  stdout: string;
  stderr: string;
  code: number | null;
}): string {
  if (stdout === '') return `ended with ${/[A-Z]+_[A-Z_]+/.exec(stderr)?.[0] ?? `exit code ${code}`}`;
  const { outcomes, failures } = JSON.parse(stdout) as {
    outcomes: Record<string, number>;
    failures: { code: string }[];
  };
  const codes = [...new Set(failures.map((each) => each.code))];
  const counts = Object.entries(outcomes).map(([outcome, count]) => {
    return `${outcome} ${count}${outcome === 'failed' ? ` (${codes.join(', ')})` : ''}`;
  });
  return counts.join(', ') || 'nothing received';
}
