import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener } from 'node:http';
import { pino } from 'pino';
import { describeError, ReportsError } from '../../src/errors/reports-error.js';
import { keepSecret } from '../../src/errors/secrets.js';
import type { QuotaPlan } from '../../src/source/selling-partner/quota.js';
import { openSellingPartner } from '../../src/source/selling-partner/selling-partner.js';
import { openQueue } from '../../src/source/sqs.js';
import { openS3Bucket } from '../../src/store/s3-bucket.js';
import { withServer } from '../errors/provoke.js';
import { onlyThese } from '../ingest/fake-context.js';
import { assertNoSecrets, encodings } from '../planted-secrets.js';

const secrets = {
  CLIENT_SECRET: 'client/s+cret"with&marks',
  REFRESH_TOKEN: 'refresh<token>with\\marks',
  SECRET_1: 'access=token\'with"marks',
  SECRET_2: 'restricted{token}with"marks',
  AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCY"KEY',
};

const generous = onlyThese<QuotaPlan>('quota', { take: async () => {}, observe: async () => {} });

/** Calls Amazon by a server that answers so. */
async function callThrough(answer: RequestListener, restricted = false): Promise<unknown> {
  return withServer(answer, (endpoint) => {
    const seller = {
      id: 'A1TESTSELLER',
      region: 'na' as const,
      credentials: {
        clientId: 'amzn1.application-oa2-client.1',
        clientSecret: secrets.CLIENT_SECRET,
        refreshToken: secrets.REFRESH_TOKEN,
      },
    };
    const amazon = openSellingPartner({
      seller,
      quota: generous,
      endpoint,
      loginUrl: `${endpoint}/login`,
    });
    return amazon.getReportDocument('doc-1', { restricted }).catch((error: unknown) => error);
  });
}

/** Answers logins with a token, or what `path` ends with by echoing the secrets. */
function echoAt(path: string, encode: (text: string) => string): RequestListener {
  return (request: IncomingMessage, response) => {
    const url = request.url ?? '';
    const said = `you sent ${Object.values(secrets).map(encode).join(' and ')}, which is wrong`;
    const body = url.endsWith(path)
      ? { error: said, errors: [{ code: 'InvalidInput', message: said, details: said }] }
      : { access_token: secrets.SECRET_1, restrictedDataToken: secrets.SECRET_2 };
    response.writeHead(url.endsWith(path) ? 400 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
}

function assertRedacted(error: unknown): void {
  assert.ok(error instanceof ReportsError, String(error));
  assert.match(error.message, /you sent .*<redacted>.*, which is wrong/s);
  assertNoSecrets(`${describeError(error)} ${JSON.stringify(error.details)}`, secrets, error.code);
}

describe('secrets that a server echoes in its errors', () => {
  before(() => {
    for (const each of [secrets.CLIENT_SECRET, secrets.REFRESH_TOKEN]) keepSecret(each);
  });

  for (const [name, encode] of Object.entries(encodings)) {
    it(`are in no error if they come back in ${name}`, async () => {
      // The tokens of these calls are known from here on.
      await callThrough(echoAt('nothing', encode), true);
      keepSecret(secrets.AWS_SECRET_ACCESS_KEY);
      for (const path of ['/login', '/restrictedDataToken', '/doc-1'])
        assertRedacted(await callThrough(echoAt(path, encode), true));
    });
  }

  it('are in no error of SQS or S3, by the credentials of their calls alone', async () => {
    const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'zk2/own+key+of+this+queue' };
    const said = `you sent ${credentials.secretAccessKey}, which is wrong`;
    const env = { AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey };
    const sqs: RequestListener = (_, response) => {
      response.writeHead(403, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify({ __type: 'com.amazonaws.sqs#AccessDenied', message: said }));
    };
    await withServer(sqs, async (endpoint) => {
      const url = `${endpoint}/1/reports`;
      const queue = openQueue({
        ...{ url, endpoint, credentials, region: 'us-east-1' },
        ...{ visibilityTimeoutSeconds: 60, log: pino({ level: 'silent' }) },
      });
      await assert.rejects(queue.hasRedrivePolicy(), (error: Error) => {
        assert.match(error.message, /you sent <redacted>, which is wrong/);
        assertNoSecrets(error.message, env, 'the error');
        return true;
      });
      await queue.close();
    });
    const s3 =
      (secret: string): RequestListener =>
      (_, response) => {
        response.writeHead(403, { 'content-type': 'application/xml' });
        const message = `you sent ${secret}, which is wrong`;
        response.end(`<Error><Code>AccessDenied</Code><Message>${message}</Message></Error>`);
      };
    const before = { ...process.env };
    const own = credentials.secretAccessKey.replace('queue', 'bucket');
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: own });
    try {
      await withServer(s3(own), async (endpoint) => {
        const bucket = openS3Bucket({ bucket: 'lake', endpoint, region: 'us-east-1' });
        await assert.rejects(bucket.list(''), /you sent <redacted>, which is wrong/);
      });
    } finally {
      for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) {
        if (before[name] === undefined) delete process.env[name];
        else process.env[name] = before[name];
      }
    }
  });
});
