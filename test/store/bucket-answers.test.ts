import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBucketStore } from '../../src/store/bucket-store.js';
import { openGsBucket } from '../../src/store/gs-bucket.js';
import { openS3Bucket } from '../../src/store/s3-bucket.js';
import type { Bucket } from '../../src/store/types.js';
import { s3Environment } from './emulators.js';

/**
 * Answers that services send and no emulator does: each request is recorded, and gets the next
 * answer.
 */
describe('the answer of a bucket', () => {
  let server: Server;
  let requests: IncomingMessage[];
  type Answer = [status: number, body: string, length?: number];
  let answers: Answer[];
  let folder: string;
  let buckets: Record<'s3' | 'gs', Bucket>;
  let withTimeout: Bucket;

  beforeEach(async () => {
    Object.assign(process.env, s3Environment);
    requests = [];
    answers = [];
    server = createServer((request, response) => {
      requests.push(request);
      request.resume().on('end', () => {
        const [status, body, length] =
          answers.length > 1 ? (answers.shift() ?? [500, '']) : (answers[0] ?? [500, '']);
        // 0: never.
        if (status === 0) return;
        response.writeHead(status, {
          'content-type': body.startsWith('<') ? 'application/xml' : 'application/json',
          ...(length && { 'content-length': length }),
        });
        if (length) response.write(body, () => response.destroy());
        else response.end(body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    folder = mkdtempSync(join(tmpdir(), 'sp-reports-bucket-'));
    writeFileSync(join(folder, 'file'), 'bytes');
    buckets = {
      s3: openS3Bucket({ bucket: 'b', endpoint }),
      gs: openGsBucket({ bucket: 'b', endpoint }),
    };
    // Google's client never reports that a connection broke in the middle of an object.
    withTimeout = openGsBucket({ bucket: 'b', endpoint, answerTimeoutMs: 500 });
  });
  afterEach(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true });
  });

  const s3Error = (code: string) =>
    `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`;
  const gsError = (status: number, message: string) =>
    JSON.stringify({ error: { code: status, message, errors: [{ message, reason: 'x' }] } });

  const cases = {
    'that access is denied': [403, 'AccessDenied', 'BUCKET_ACCESS_DENIED'],
    'that the credentials are wrong': [401, 'InvalidAccessKeyId', 'BUCKET_ACCESS_DENIED'],
    'that there is no such bucket': [404, 'NoSuchBucket', 'BUCKET_NOT_FOUND'],
  } as const;
  for (const [name, [status, word, code]] of Object.entries(cases)) {
    for (const kind of ['s3', 'gs'] as const) {
      it(`${name}, of ${kind}, becomes ${code} for every operation`, async () => {
        const said = word === 'NoSuchBucket' ? 'The specified bucket does not exist.' : word;
        answers = [[status, kind === 's3' ? s3Error(word) : gsError(status, said)]];
        const bucket = buckets[kind];
        const works = [
          () => bucket.list('a'),
          () => bucket.read('a'),
          () => bucket.put('a', join(folder, 'file')),
        ];
        for (const work of works) await assert.rejects(work(), { code, message: /(s3|gs):\/\/b/ });
      });
    }
  }

  it('with a token is a page, and the names of the next one are requested with it', async () => {
    const page = (name: string, nextPageToken?: string): Answer => [
      200,
      JSON.stringify({ items: [{ name }], nextPageToken }),
    ];
    answers = [page('b', 'more'), page('a')];
    const pages: string[][] = [];
    for await (const names of buckets.gs.pages('')) pages.push(names);
    assert.deepEqual(pages, [['b'], ['a']]);
    assert.match(requests[1]?.url ?? '', /pageToken=more/);
  });

  it('of a changed object is reported, and the request named the expected version', async () => {
    answers = [[412, s3Error('PreconditionFailed')]];
    const put = buckets.s3.put('a', join(folder, 'file'), { replaces: '"etag"' });
    await assert.rejects(put, { code: 'BUCKET_CHANGED', message: /s3:\/\/b\/a/ });
    assert.equal(requests[0]?.headers['if-match'], '"etag"');
    requests.length = 0;
    answers = [[412, gsError(412, 'conditionNotMet')]];
    const write = buckets.gs.put('a', join(folder, 'file'), { replaces: '17' });
    await assert.rejects(write, { code: 'BUCKET_CHANGED', message: /gs:\/\/b\/a/ });
    assert.match(requests[0]?.url ?? '', /ifGenerationMatch=17/);
  });

  it('follows a request that has a checksum of the bytes', async () => {
    answers = [[200, '']];
    await buckets.s3.put('a', join(folder, 'file'));
    const { headers } = requests[0] as IncomingMessage;
    assert.ok(headers['x-amz-checksum-crc32'] ?? headers['x-amz-trailer'], JSON.stringify(headers));
  });

  it('with another checksum than that of the bytes makes the upload fail', async () => {
    answers = [
      [200, JSON.stringify({ name: 'a', generation: '1', crc32c: 'AAAAAA==', md5Hash: 'x', size: '5' })],
    ];
    await assert.rejects(buckets.gs.put('a', join(folder, 'file')), { code: 'BUCKET_UNREACHABLE' });
  });

  it('that does not arrive for too long is a failure', async () => {
    answers = [[0, '']];
    await assert.rejects(withTimeout.read('a'), { code: 'BUCKET_UNREACHABLE' });
    await assert.rejects(withTimeout.put('a', join(folder, 'file')), { code: 'BUCKET_UNREACHABLE' });
    answers = [
      [200, JSON.stringify({ name: 'a', generation: '1', size: '5' })],
      [0, ''],
    ];
    await assert.rejects(withTimeout.get('a', join(folder, 'got')), { code: 'BUCKET_UNREACHABLE' });
  });

  for (const kind of ['s3', 'gs'] as const) {
    it(`with half of the bytes is requested again, of ${kind}`, async () => {
      const metadata: Answer = [200, JSON.stringify({ name: 'a', generation: '1', size: '10' })];
      const half: Answer = [200, '01234', 10];
      const whole: Answer = [200, '0123456789'];
      answers = kind === 's3' ? [half, whole] : [metadata, half, metadata, whole];
      const url = { scheme: kind, bucket: 'b', beginning: '' };
      const bucket = kind === 's3' ? buckets.s3 : withTimeout;
      const store = openBucketStore({ bucket, url, folder, unfinished: folder });
      assert.ok(await store.fetch(join(folder, 'a')));
      assert.equal(readFileSync(join(folder, 'a'), 'utf8'), '0123456789');
      assert.deepEqual(readdirSync(folder).sort(), ['a', 'file']);
    });
  }

  it('with a server error makes the request be sent again', async () => {
    answers = [
      [503, s3Error('SlowDown')],
      [200, 'text'],
    ];
    assert.equal(await buckets.s3.read('a'), 'text');
    assert.equal(requests.length, 2);
  });
});
