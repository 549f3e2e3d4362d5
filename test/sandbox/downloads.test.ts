import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import type { NewReport, Sandbox } from '../../src/sandbox/sandbox.js';
import { documentPath, get, listingsType, sellerId, tokenOf, withSandbox } from './client.js';

const text = Buffer.from('item-name\tseller-sku\nLamp 10"\t0042\n');

/** Adds a report and gets the presigned URL of its document. */
async function presigned(sandbox: Sandbox, report: Partial<NewReport> = {}) {
  const added = sandbox.addReport({ sellerId, reportType: listingsType, body: text, gzip: false, ...report });
  const { body } = await get(sandbox, documentPath(added.documentId), await tokenOf(sandbox));
  return {
    url: body.url as string,
    compression: body.compressionAlgorithm,
    documentId: added.documentId ?? '',
  };
}

async function bytesOf(response: Response): Promise<Buffer> {
  return Buffer.from(await response.arrayBuffer());
}

describe('the sandbox presigned downloads', () => {
  it('return the bytes and the Content-Type as they were stored, with and without a charset', () =>
    withSandbox({}, async (sandbox) => {
      for (const contentType of ['text/plain; charset=Cp1252', 'text/plain']) {
        const { url, compression } = await presigned(sandbox, { contentType });
        const response = await fetch(url);
        assert.equal(response.headers.get('content-type'), contentType);
        assert.equal(compression, undefined);
        assert.deepEqual(await bytesOf(response), text);
      }
    }));

  it('are gzip in the document, not in HTTP, and say so in compressionAlgorithm', () =>
    withSandbox({}, async (sandbox) => {
      const { url, compression } = await presigned(sandbox, { gzip: true });
      const response = await fetch(url);
      assert.equal(compression, 'GZIP');
      assert.equal(response.headers.get('content-encoding'), null);
      assert.deepEqual(gunzipSync(await bytesOf(response)), text);
    }));

  it('expire with 403 in the XML of S3', async () => {
    let nowMs = Date.UTC(2026, 9, 1);
    await withSandbox({ urlSeconds: 0.25, now: () => nowMs }, async (sandbox) => {
      const { url } = await presigned(sandbox);
      nowMs += 249;
      assert.equal((await fetch(url)).status, 200);
      nowMs += 1;
      const response = await fetch(url);
      assert.equal(response.status, 403);
      assert.equal(response.headers.get('content-type'), 'application/xml');
      assert.match(await response.text(), /<Code>AccessDenied<\/Code><Message>Request has expired</);
      assert.equal(sandbox.state.calls.at(-1)?.status, 403);
    });
  });

  it('refuse a URL that was changed, and a second authorization beside the signature', () =>
    withSandbox({}, async (sandbox) => {
      const { url } = await presigned(sandbox);
      const later = url.replace(/X-Amz-Expires=(\d+)/, (_, ms) => `X-Amz-Expires=${Number(ms) + 1000}`);
      assert.match(await (await fetch(later)).text(), /SignatureDoesNotMatch/);
      const twice = await fetch(url, { headers: { 'x-amz-access-token': await tokenOf(sandbox) } });
      assert.equal(twice.status, 400);
    }));

  it('return the rest from a byte offset, or all bytes if If-Range names another version', () =>
    withSandbox({}, async (sandbox) => {
      const { url } = await presigned(sandbox);
      const etag = (await fetch(url)).headers.get('etag') ?? '';
      const ask = (range: string, ifRange = etag) => fetch(url, { headers: { range, 'if-range': ifRange } });
      const rest = await ask('bytes=10-');
      assert.equal(rest.status, 206);
      assert.equal(rest.headers.get('content-range'), `bytes 10-${text.length - 1}/${text.length}`);
      assert.deepEqual(await bytesOf(rest), text.subarray(10));
      assert.deepEqual(await bytesOf(await ask('bytes=3-5')), text.subarray(3, 6));
      const whole = await ask('bytes=10-', '"other"');
      assert.equal(whole.status, 200);
      assert.deepEqual(await bytesOf(whole), text);
      assert.equal((await ask(`bytes=${text.length}-`)).status, 416);
    }));

  it('break off after a given number of bytes and times, for one document or for any', () =>
    withSandbox({}, async (sandbox) => {
      const body = Buffer.alloc(200_000, 'row\n');
      const one = await presigned(sandbox, { body });
      const other = await presigned(sandbox, { body });
      const received = async (url: string) => {
        let bytes = 0;
        try {
          for await (const chunk of (await fetch(url)).body ?? []) bytes += chunk.length;
          return `${bytes}`;
        } catch {
          return `${bytes}, then broken`;
        }
      };
      sandbox.state.faults.cutDownloads.set(one.documentId, { afterBytes: 70_000, times: 1 });
      assert.equal(await received(other.url), '200000');
      assert.equal(await received(one.url), '70000, then broken');
      assert.equal(await received(one.url), '200000');
      sandbox.state.faults.cutDownloads.set('*', { afterBytes: 0, times: 2 });
      assert.equal(await received(one.url), '0, then broken');
      assert.equal(await received(other.url), '0, then broken');
      assert.equal(await received(one.url), '200000');
    }));

  it('can be unavailable for a while', () =>
    withSandbox({}, async (sandbox) => {
      const { url, documentId } = await presigned(sandbox);
      sandbox.state.faults.answers.set(`download ${documentId}`, { status: 503, times: 1 });
      assert.deepEqual([(await fetch(url)).status, (await fetch(url)).status], [503, 200]);
    }));

  it('serve an empty document as one', () =>
    withSandbox({}, async (sandbox) => {
      const { url } = await presigned(sandbox, { body: Buffer.alloc(0) });
      const response = await fetch(url);
      assert.equal(response.status, 200);
      assert.equal((await bytesOf(response)).length, 0);
    }));
});
