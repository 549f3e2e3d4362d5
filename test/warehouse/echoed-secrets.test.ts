import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeError, ReportsError } from '../../src/errors/reports-error.js';
import { keepSecret } from '../../src/errors/secrets.js';
import { openGsBucket } from '../../src/store/gs-bucket.js';
import { openS3Bucket } from '../../src/store/s3-bucket.js';
import { BigQueryClient } from '../../src/warehouse/bigquery/client.js';
import { openDuckDbWarehouse } from '../../src/warehouse/duckdb/warehouse.js';
import { withServer } from '../errors/provoke.js';
import { listings, listingsType, makeWorld, sellerId } from '../ingest/world.js';
import { assertNoSecrets, encodings } from '../planted-secrets.js';
import { makeLoad } from './make-load.js';

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const keyLine = privateKey.split('\n')[7] ?? '';
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const signedToken = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ iss: 'a@b.example', aud: 'x' })}.Zk3-sig_nature`;

/** Of Google: the key of a service account, one line of it, and the tokens made of it. */
const google = { SECRET_1: keyLine, SECRET_2: privateKey };
const tokens = ['ya29.c.b0Aaekm1K-x_y', signedToken];
const aws = { SECRET_3: 'wJalrX/tnFEMI+K7"MDENG&bPxRfiCY', TOKEN_3: 'FwoGZXIvYXdz+session/token==' };

const said = (texts: string[]) => `you sent ${texts.join(' and ')}, which is wrong`;

function assertRedacted(error: unknown, secrets: Record<string, string>): void {
  assert.ok(error instanceof ReportsError, String(error));
  const shown = `${error.message} ${describeError(error)} ${JSON.stringify(error.details)}`;
  assert.match(shown, /<redacted>/);
  assertNoSecrets(shown, secrets, error.code);
  for (const token of tokens) assert.ok(!shown.includes(token), shown);
}

describe('secrets that a warehouse, a bucket or a webhook echoes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'echoed-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const keyFile = join(folder, 'key.json');
  writeFileSync(keyFile, JSON.stringify({ type: 'service_account', private_key: privateKey }));

  for (const [name, encode] of Object.entries(encodings)) {
    const texts = said(Object.values(google).map(encode));
    // A token that nobody registered is known by its shape, which base64 hides.
    const all = name.startsWith('base64') ? texts : `${texts} ${said(tokens.map(encode))}`;
    const answer: RequestListener = (_, response) => {
      response.statusMessage = 'Forbidden';
      response.writeHead(403, {
        'content-type': 'application/json',
        'www-authenticate': `Bearer error="${encode(keyLine).replace(/[^ -~]/g, '')}"`,
      });
      response.end(JSON.stringify({ error: { code: 403, message: all, errors: [{ message: all }] } }));
    };

    it(`are in no error of BigQuery or Google Cloud Storage if they come back in ${name}`, async () => {
      await withServer(answer, async (endpoint) => {
        const target = { project: 'p', dataset: 'd', location: 'EU', keyFile, endpoint };
        const client = new BigQueryClient(target);
        assertRedacted(await client.request({ uri: '/datasets/d' }).catch((error: unknown) => error), google);
        const bucket = openGsBucket({ bucket: 'b', keyFile, endpoint });
        assertRedacted(await bucket.list('').catch((error: unknown) => error), google);
        assertRedacted(await bucket.read('name').catch((error: unknown) => error), google);
      });
    });

    it(`are in no error of S3 if they come back in ${name}`, async () => {
      const before = { ...process.env };
      process.env.AWS_ACCESS_KEY_ID = 'AKIAEXAMPLE';
      process.env.AWS_SECRET_ACCESS_KEY = aws.SECRET_3;
      process.env.AWS_SESSION_TOKEN = aws.TOKEN_3;
      const message = said(Object.values(aws).map(encode));
      try {
        const echo: RequestListener = (_, response) => {
          response.writeHead(403, { 'content-type': 'application/xml' });
          response.end(`<Error><Code>AccessDenied</Code><Message><![CDATA[${message}]]></Message></Error>`);
        };
        await withServer(echo, async (endpoint) => {
          const bucket = openS3Bucket({ bucket: 'lake', endpoint, region: 'us-east-1' });
          assertRedacted(await bucket.list('').catch((error: unknown) => error), aws);
        });
      } finally {
        for (const each of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']) {
          if (before[each] === undefined) delete process.env[each];
          else process.env[each] = before[each];
        }
      }
    });

    it(`are in no error of DuckDB that quotes a query or a value in ${name}`, async () => {
      keepSecret(aws.SECRET_3);
      const warehouse = openDuckDbWarehouse({ path: join(folder, 'warehouse.duckdb') });
      const id = `d-${Object.keys(encodings).indexOf(name)}`;
      await warehouse.commit([await makeLoad(join(folder, 'lake'), { documentId: id })]);
      const literal = `'${encode(aws.SECRET_3).replaceAll("'", "''")}'`;
      for (const sql of [
        `SELECT ${literal}::INTEGER`,
        `SELECT error(${literal})`,
        `SELECT * FROM read_csv(${literal})`,
      ]) {
        const error = await warehouse.query(sql).catch((failed: unknown) => failed);
        assert.ok(error instanceof ReportsError, sql);
        assertNoSecrets(`${error.message} ${JSON.stringify(error.details)}`, aws, 'the error');
      }
    });
  }

  it('are in no log, error, ledger or file of the program if the webhook echoes its address', async () => {
    const token = '/services/T000/B000/hook-secret+"token"';
    const echoes = Object.values(encodings).map((encode) => encode(token));
    const echo: RequestListener = (request, response) => {
      response.writeHead(400, `no ${encodeURI(request.url ?? '')}`, {
        'content-type': 'text/plain',
        location: String(request.url),
        'x-echo': encodeURI(token),
      });
      response.end(said(echoes));
    };
    await withServer(echo, async (endpoint) => {
      const world = await makeWorld({ settings: { alarms: { webhook: '${WEBHOOK_SECRET}' } } });
      world.env.WEBHOOK_SECRET = `${endpoint}${token}`;
      // The path alone is as good as the address.
      world.env.SECRET_9 = token;
      try {
        const damaged = { sellerId, reportType: listingsType, body: listings(1) };
        await world.sandbox.notify({ ...world.sandbox.addReport(damaged), documentId: 'gone' });
        const { stderr } = await world.run('run');
        assert.match(stderr, /ALARM_NOT_SENT/);
        const tested = await world.run('alarms', '--test');
        assert.equal(tested.code, 1);
        assert.match(tested.stderr, /it answered 400/);
      } finally {
        // Searches what the program wrote, too.
        await world.close();
      }
    });
  });
});
