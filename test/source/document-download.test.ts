import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { ReportsError } from '../../src/errors/reports-error.js';
import { bootId } from '../../src/runtime/boot-id.js';
import { type Clock, systemClock } from '../../src/runtime/clock.js';
import { type DownloadOptions, downloadDocument } from '../../src/source/document/download.js';
import { examineDocument } from '../../src/source/document/examine.js';
import { findRaw, rawPath } from '../../src/source/document/raw-store.js';
import type { DocumentMetadata, DocumentLocation } from '../../src/source/types.js';
import { openFolderStore } from '../../src/store/folder-store.js';

const metadata: DocumentMetadata = {
  sellerId: 'A1',
  documentId: 'amzn1.spdoc.1.3.abc',
  reportType: 'GET_TEST',
  reportId: '1',
  marketplaceIds: [],
};

/** Longer than the buffers of a socket, and not periodic. */
const document = Buffer.concat(
  Array.from({ length: 40_000 }, (_, n) => createHash('sha256').update(String(n)).digest()),
);

/** Answers the n-th request, from 1, with a fault; with undefined, answers it correctly. */
type Fault = (request: IncomingMessage, response: ServerResponse, n: number) => boolean | undefined;

/** A store like S3: presigned URLs, ETags, Range and If-Range. */
class Store {
  bytes = document;
  etag = '"v1"';
  contentType: string | undefined = 'text/plain; charset=Cp1252';
  fault: Fault = () => undefined;
  readonly requests: IncomingMessage[] = [];
  /** Called with each request before it is answered. */
  onRequest = () => {};
  readonly #server: Server = createServer((request, response) => this.#answer(request, response));

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/document?X-Amz-Signature=secret`;
  }

  ranges(): (string | undefined)[] {
    return this.requests.map((request) => request.headers.range);
  }

  /** Sends the document, or its rest if that is requested and the version is the same. */
  send(request: IncomingMessage, response: ServerResponse, cutAfter?: number): void {
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    const start = range && request.headers['if-range'] === this.etag ? Number(range[1]) : 0;
    if (start >= this.bytes.length && start > 0) {
      response.writeHead(416, { 'content-range': `bytes */${this.bytes.length}` }).end();
      return;
    }
    const rest = this.bytes.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, {
      etag: this.etag,
      'content-length': rest.length,
      ...(this.contentType ? { 'content-type': this.contentType } : {}),
      ...(start > 0
        ? { 'content-range': `bytes ${start}-${this.bytes.length - 1}/${this.bytes.length}` }
        : {}),
    });
    if (cutAfter === undefined) response.end(rest);
    // The socket has passed them on by then; a destroyed one drops what it has not.
    else response.write(rest.subarray(0, cutAfter), () => setTimeout(() => response.destroy(), 5));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push(request);
    this.onRequest();
    if (!this.fault(request, response, this.requests.length)) this.send(request, response);
  }
}

describe('downloading a document', () => {
  let rawFolder: string;
  let store: Store;
  let located: number;
  /** Bytes reported to `onBytes`. */
  let reportedBytes: number;
  const path = () => rawPath(rawFolder, metadata);

  beforeEach(async () => {
    rawFolder = await mkdtemp(join(tmpdir(), 'download-'));
    store = new Store();
    await store.open();
    located = 0;
    reportedBytes = 0;
  });
  afterEach(async () => {
    await store.close();
    await rm(rawFolder, { recursive: true, force: true });
  });

  function download(options: Partial<DownloadOptions> = {}, location: Partial<DocumentLocation> = {}) {
    const locate = async () => {
      located += 1;
      return { url: `${store.url}&n=${located}`, ...location };
    };
    const onBytes = (bytes: number) => {
      reportedBytes += bytes;
    };
    return downloadDocument({
      store: openFolderStore(rawFolder),
      metadata,
      locate,
      onBytes,
      pauseMs: 1,
      ...options,
    });
  }

  /** Notes, for each request, how many bytes there were before it. */
  function noteStops(): number[] {
    const stops: number[] = [];
    store.onRequest = () => stops.push(reportedBytes);
    return stops;
  }

  /**
   * Each request continued after the bytes of the one before. A socket may lose bytes that the
   * server had sent but the socket had not delivered: at most its buffer.
   */
  function assertWentOn(stops: number[], sent: number[]): void {
    assert.deepEqual(
      store.ranges(),
      stops.map((bytes) => (bytes === 0 ? undefined : `bytes=${bytes}-`)),
    );
    const bufferBytes = 128 * 1024;
    sent.forEach((bytes, index) => {
      const got = (stops[index + 1] ?? Number.NaN) - (stops[index] ?? Number.NaN);
      assert(got <= bytes && got >= bytes - bufferBytes, `${got} of ${bytes} bytes`);
    });
  }

  async function assertWhole(expected = document): Promise<void> {
    assert((await readFile(path())).equals(expected), 'the raw bytes are those of the store');
    assert.deepEqual(readdirSync(dirname(path())).sort(), [basename(path()), `${basename(path())}.json`]);
    const { bytes, sha256 } = JSON.parse(await readFile(`${path()}.json`, 'utf8'));
    assert.deepEqual({ bytes, sha256 }, digestOf(expected), 'the digest beside them is theirs');
  }

  function digestOf(bytes: Buffer) {
    return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  }

  /** Leaves what an earlier process would have left if killed after this many bytes. */
  async function leavePart(bytes: Buffer, version: object): Promise<void> {
    await mkdir(dirname(path()), { recursive: true });
    await writeFile(`${path()}.part.json`, JSON.stringify({ boot: bootId(), ...version }));
    await writeFile(`${path()}.part`, bytes);
  }

  it('keeps the bytes as they are sent, with what Amazon said about them', async () => {
    const raw = await download({}, { compression: 'GZIP' });
    await assertWhole();
    assert.equal(reportedBytes, document.length);
    assert.deepEqual(raw, {
      path: path(),
      bytes: document.length,
      kept: digestOf(document),
      metadata: { ...metadata, contentType: 'text/plain; charset=Cp1252', compression: 'GZIP' },
    });
    assert.deepEqual(await findRaw(openFolderStore(rawFolder), metadata), raw);
  });

  it('requests the bytes as stored, and sends a token to nobody', async () => {
    await download();
    const { headers } = store.requests[0] ?? assert.fail();
    assert.deepEqual(Object.keys(headers).sort(), ['accept-encoding', 'connection', 'host']);
    assert.equal(headers['accept-encoding'], 'identity');
  });

  it('accepts an empty document, and one without a Content-Type', async () => {
    store.bytes = Buffer.alloc(0);
    store.contentType = undefined;
    const raw = await download();
    assert.equal(raw.bytes, 0);
    assert.deepEqual(raw.metadata, { ...metadata, contentType: undefined, compression: undefined });
    await assertWhole(store.bytes);
  });

  it('accepts a document of unknown length', async () => {
    store.fault = (_, response) => {
      response.writeHead(200, { etag: '"v1"' });
      response.write(document.subarray(0, 1000));
      response.end(document.subarray(1000));
      return true;
    };
    await download();
    await assertWhole();
  });

  it('continues where a broken connection stopped', async () => {
    store.fault = (request, response, n) => {
      if (n > 4) return undefined;
      store.send(request, response, 200_000);
      return true;
    };
    const stops = noteStops();
    await download();
    await assertWhole();
    assertWentOn(stops, [200_000, 200_000, 200_000, 200_000]);
    assert.equal(stops.length, 5);
    assert.equal(located, 1);
  });

  it('continues where a chunked response of unknown length broke off', async () => {
    store.fault = (_, response, n) => {
      if (n > 1) return undefined;
      response.writeHead(200, { etag: store.etag });
      response.write(document.subarray(0, 300_000), () => setTimeout(() => response.destroy(), 5));
      return true;
    };
    const stops = noteStops();
    await download();
    await assertWhole();
    assertWentOn(stops, [300_000]);
  });

  it('requests another URL when this one has expired', async () => {
    store.fault = (request, response, n) => {
      if (n === 1) store.send(request, response, 500_000);
      if (n === 2) response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>');
      return n <= 2;
    };
    const stops = noteStops();
    await download();
    await assertWhole();
    assert.deepEqual(
      store.requests.map(({ url }) => url?.at(-1)),
      ['1', '1', '2'],
    );
    assertWentOn(stops, [500_000, 0]);
  });

  it('continues with the part that a killed process left', async () => {
    await leavePart(document.subarray(0, 900_000), {
      etag: '"v1"',
      totalBytes: document.length,
      contentType: 'text/csv',
    });
    const raw = await download();
    await assertWhole();
    assert.deepEqual(store.ranges(), ['bytes=900000-']);
    assert.equal(raw.metadata.contentType, 'text/csv');
  });

  it('makes no request if a killed process left all bytes', async () => {
    await leavePart(document, {
      etag: '"v1"',
      totalBytes: document.length,
      contentType: 'text/csv',
      compression: 'GZIP',
    });
    const raw = await download();
    await assertWhole();
    assert.deepEqual([located, store.requests.length], [0, 0]);
    assert.deepEqual(raw.metadata, { ...metadata, contentType: 'text/csv', compression: 'GZIP' });
  });

  const unfit: [string, Buffer, object][] = [
    [
      'may have lost bytes when the power was cut',
      Buffer.concat([document.subarray(0, 4096), Buffer.alloc(document.length - 4096)]),
      { etag: '"v1"', totalBytes: document.length, boot: 'an earlier one' },
    ],
    ['was left by an earlier version', Buffer.alloc(900_000), { etag: '"v1"', boot: undefined }],
    ['is of another version', Buffer.alloc(900_000, 'x'), { etag: '"v0"', totalBytes: document.length }],
    ['is of an unknown version', Buffer.alloc(900_000, 'x'), {}],
    [
      'is longer than the document',
      Buffer.concat([document, document]),
      { etag: '"v1"', totalBytes: document.length },
    ],
    [
      'is of another length',
      document.subarray(0, 900_000),
      { etag: '"v1"', totalBytes: document.length + 1 },
    ],
  ];
  for (const [what, bytes, version] of unfit) {
    it(`starts again if the part on disk ${what}`, async () => {
      await leavePart(bytes, version);
      await download();
      await assertWhole();
    });
  }

  it('starts again if the metadata of the part is not JSON', async () => {
    await leavePart(document.subarray(0, 1000), {});
    await writeFile(`${path()}.part.json`, '{"etag"');
    await download();
    await assertWhole();
  });

  it('never joins two versions when the document changes in between', async () => {
    const changed = Buffer.from(document.map((byte) => byte ^ 0xff));
    store.fault = (request, response, n) => {
      if (n > 1) return undefined;
      store.send(request, response, 500_000);
      store.bytes = changed;
      store.etag = '"v2"';
      return true;
    };
    await download();
    await assertWhole(changed);
  });

  it('never joins two versions even if the server ignores If-Range', async () => {
    store.fault = (_, response, n) => {
      if (n > 1) return undefined;
      response.writeHead(206, {
        etag: '"v2"',
        'content-range': `bytes 500000-${document.length - 1}/${document.length}`,
      });
      response.end(Buffer.alloc(document.length - 500_000));
      return true;
    };
    await leavePart(document.subarray(0, 500_000), { etag: '"v1"', totalBytes: document.length });
    await download();
    await assertWhole();
  });

  it('starts again if a server does not support ranges', async () => {
    store.fault = (request, response, n) => {
      delete request.headers.range;
      store.send(request, response, n === 1 ? 500_000 : undefined);
      return true;
    };
    await download();
    await assertWhole();
  });

  it('continues if a server sends less of the rest than was requested', async () => {
    store.fault = (_, response, n) => {
      if (n !== 1) return undefined;
      response.writeHead(206, {
        etag: store.etag,
        'content-range': `bytes 500000-599999/${document.length}`,
        'content-length': 100_000,
      });
      response.end(document.subarray(500_000, 600_000));
      return true;
    };
    await leavePart(document.subarray(0, 500_000), { etag: '"v1"', totalBytes: document.length });
    await download();
    await assertWhole();
    assert.deepEqual(store.ranges(), ['bytes=500000-', 'bytes=600000-']);
  });

  it('gives up after some tries without progress, and reveals no URL', async () => {
    store.fault = (_, response) => {
      response.writeHead(503).end('SlowDown');
      return true;
    };
    await assert.rejects(download(), (error: unknown) => {
      assert(error instanceof ReportsError);
      assert.equal(error.code, 'DOWNLOAD_UNAVAILABLE');
      assert.equal(error.kind, 'retryable');
      assert.match(error.message, /amzn1\.spdoc\.1\.3\.abc: the download was answered with status 503/);
      assertNoUrl(error);
      return true;
    });
    assert.equal(store.requests.length, 5);
    assert.equal(located, 1);
  });

  it('gives up on a server that starts again and breaks off at the same byte each time', async () => {
    store.fault = (request, response) => {
      delete request.headers.range;
      store.send(request, response, 10_000);
      return true;
    };
    await assert.rejects(download(), { code: 'DOWNLOAD_FAILED', message: /ECONNRESET/ });
    // A socket may lose the last bytes before a break: then a later try gets a little further.
    assert(store.requests.length >= 5 && store.requests.length <= 15, `${store.requests.length} tries`);
  });

  it('blames an outage if one had part in the failure, and the document if bytes arrived since', async () => {
    store.fault = (_, response, n) => {
      response.writeHead(n === 2 ? 503 : 403).end();
      return true;
    };
    await assert.rejects(download(), { code: 'DOWNLOAD_UNAVAILABLE', message: /answered with status 403/ });
    store.requests.length = 0;
    store.fault = (request, response, n) => {
      if (n === 2) store.send(request, response, 700_000);
      else response.writeHead(n === 1 ? 503 : 400).end();
      return true;
    };
    await assert.rejects(download(), { code: 'DOWNLOAD_FAILED', message: /answered with status 400/ });
  });

  it('gives up when every URL has expired', async () => {
    store.fault = (_, response) => {
      response.writeHead(403).end();
      return true;
    };
    await assert.rejects(download(), { code: 'DOWNLOAD_FAILED', message: /answered with status 403/ });
    assert.equal(located, 5);
  });

  it('keeps its part when it gives up, for the next drain', async () => {
    store.fault = (request, response, n) => {
      if (n === 1) store.send(request, response, 700_000);
      else response.destroy();
      return true;
    };
    const stops = noteStops();
    await assert.rejects(download(), { code: 'DOWNLOAD_UNAVAILABLE' });
    assert(!existsSync(path()));
    store.fault = () => undefined;
    await download();
    await assertWhole();
    assertWentOn(stops, [700_000]);
  });

  it('reports that a document is gone', async () => {
    store.fault = (_, response) => {
      response.writeHead(404).end();
      return true;
    };
    await assert.rejects(download(), (error: unknown) => {
      assert(error instanceof ReportsError);
      assert.deepEqual([error.code, error.kind], ['API_NOT_FOUND', 'terminal']);
      assert.match(error.message, /download for amzn1\.spdoc\.1\.3\.abc of seller A1/);
      assertNoUrl(error);
      return true;
    });
    assert.equal(store.requests.length, 1);
  });

  it('refuses a document over plain HTTP, except from this machine', async () => {
    for (const host of [
      'example.com',
      '127.0.0.1.example.com',
      'localhost.example.com',
      '10.0.0.1',
      '[::2]',
    ]) {
      await assert.rejects(download({}, { url: `http://${host}/x?secret` }), (error: unknown) => {
        assert(error instanceof ReportsError);
        assert.match(error.message, /its URL is not https/);
        assertNoUrl(error);
        return true;
      });
    }
    assert.equal(store.requests.length, 0);
  });

  it('reveals no URL if there is no server, or no URL at all', async () => {
    const closed = createTcpServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => closed.once('listening', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    for (const url of [`http://127.0.0.1:${port}/x?secret`, 'secret', 'http://[secret', 'ftp://secret/']) {
      await assert.rejects(download({}, { url }), (error: unknown) => {
        assert(error instanceof ReportsError);
        assert.equal(error.code, 'DOWNLOAD_UNAVAILABLE');
        assertNoUrl(error);
        return true;
      });
    }
  });

  it('closes a connection without data, before the answer and within it', async () => {
    store.fault = (request, response, n) => {
      if (n === 2) {
        response.writeHead(200, { etag: store.etag, 'content-length': document.length });
        response.write(document.subarray(0, 1000));
      }
      if (n > 2) store.send(request, response);
      return true;
    };
    await download({ idleTimeoutMs: 1000 });
    await assertWhole();
    assert.deepEqual(store.ranges(), [undefined, undefined, 'bytes=1000-']);
  });

  it('reports that no data ever arrived', async () => {
    store.fault = () => true;
    await assert.rejects(download({ idleTimeoutMs: 20 }), { message: /nothing came for 0\.02 s/ });
  });

  it('measures by its clock how long nothing came', async () => {
    let nowMs = 0;
    const checks = new Set<() => void>();
    const clock: Clock = {
      now: () => nowMs,
      sleep: async () => {},
      every(_, check) {
        checks.add(check);
        return () => checks.delete(check);
      },
    };
    store.fault = (request, response, n) => {
      nowMs += n === 1 ? 59_999 : 60_000;
      for (const check of checks) check();
      if (n === 1) store.send(request, response);
      return true;
    };
    const pace = { bytes: 0, withinMs: 60_000 };
    await download({ clock, pace });
    await assertWhole();
    assert.equal(checks.size, 0);
    await assert.rejects(download({ clock, pace, again: true }), { message: /nothing came for 60 s/ });
    assert.equal(checks.size, 0);
  });

  it('closes connections that are too slow, and leaves the rest to the next drain', async () => {
    const trickle = setInterval(() => {
      for (const [index, response] of responses.entries())
        response.write(document.subarray(index, index + 1));
    }, 10);
    const responses: ServerResponse[] = [];
    store.fault = (_, response) => {
      response.writeHead(200, { etag: store.etag, 'content-length': document.length });
      responses.push(response);
      return true;
    };
    try {
      const pace = { bytes: 1000, withinMs: 100 };
      await assert.rejects(download({ pace }), {
        code: 'DOWNLOAD_UNAVAILABLE',
        message: /only \d+ bytes came in 0\.1 s/,
      });
      assert.equal(responses.length, 5);
    } finally {
      clearInterval(trickle);
    }
  });

  it('gives up on a server that breaks off after a few bytes each time', async () => {
    store.fault = (request, response) => {
      store.send(request, response, 20);
      return true;
    };
    await assert.rejects(download({ pauseMs: 10, pace: { bytes: 100_000, withinMs: 5000 } }), {
      code: 'DOWNLOAD_FAILED',
    });
    assert.equal(store.requests.length, 5);
  });

  it('stops at once when its signal is aborted, and continues later', async () => {
    const stop = new AbortController();
    store.fault = (request, response) => {
      store.send(request, response, undefined);
      return true;
    };
    const reason = new Error('shutting down');
    const onBytes = () => stop.abort(reason);
    await assert.rejects(download({ signal: stop.signal, onBytes }), reason);
    assert(!existsSync(path()));
    await assert.rejects(download({ signal: stop.signal }), reason);
    await download();
    await assertWhole();
    assert.match(store.ranges().at(-1) ?? '', /^bytes=\d+-$/);
  });

  it('stops while it waits for an answer, and between two tries', async () => {
    const reason = new Error('shutting down');
    const waiting = new AbortController();
    store.fault = () => {
      waiting.abort(reason);
      return true;
    };
    await assert.rejects(download({ signal: waiting.signal }), reason);

    const pausing = new AbortController();
    store.fault = (_, response) => !!response.destroy();
    const clock: Clock = {
      ...systemClock,
      sleep(ms, signal) {
        queueMicrotask(() => pausing.abort(reason));
        return systemClock.sleep(ms, signal);
      },
    };
    await assert.rejects(download({ signal: pausing.signal, pauseMs: 5000, clock }), reason);
  });

  it('passes on why there is no URL', async () => {
    const error = new ReportsError('API_QUOTA_EXCEEDED', { operation: 'getReportDocument', sellerId: 'A1' });
    const locate = () => Promise.reject(error);
    await assert.rejects(downloadDocument({ store: openFolderStore(rawFolder), metadata, locate }), error);
  });

  it('reports a full disk', async () => {
    await mkdir(dirname(path()), { recursive: true });
    const probe = await open(join(rawFolder, 'probe'), 'w');
    const handle = Object.getPrototypeOf(probe) as { write: unknown };
    const { write } = handle;
    handle.write = async () => {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    };
    try {
      await assert.rejects(download(), { code: 'DISK_FULL', kind: 'retryable' });
    } finally {
      handle.write = write;
      await probe.close();
    }
    await download();
    await assertWhole();
  });

  it('keeps a gzip that the server declares as an encoding, as it is sent', async () => {
    const text = 'sku\tquantity\nA\t1\n';
    store.fault = (_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'text/plain' });
      response.end(gzipSync(text));
      return true;
    };
    const raw = await download();
    const examined = await examineDocument(raw, { maxTextBytes: 1000 });
    let found = '';
    for await (const chunk of examined.openText()) found += chunk;
    assert.equal(found, text);
    assert.match(examined.notes.join(), /although Amazon did not say so/);
  });

  it('is done by one process at a time; the others get an error, and find the document later', async () => {
    const results = await Promise.allSettled([download(), download(), download()]);
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    assert.deepEqual(
      failures.map(({ code, kind }) => [code, kind]),
      [
        ['DOCUMENT_BUSY', 'retryable'],
        ['DOCUMENT_BUSY', 'retryable'],
      ],
    );
    await assertWhole();
    assert.equal((await download()).bytes, document.length);
    assert.equal(store.requests.length, 1);
  });

  it('continues at once after a process that was killed while it held the lock', async () => {
    await leavePart(document.subarray(0, 900_000), { etag: '"v1"', totalBytes: document.length });
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    await writeFile(`${path()}.lock`, JSON.stringify({ host: hostname(), pid, id: 'dead' }));
    await download();
    await assertWhole();
    assert.deepEqual(store.ranges(), ['bytes=900000-']);
  });

  it('is not kept if the lock was lost meanwhile', async () => {
    store.fault = (request, response) => {
      writeFileSync(`${path()}.lock`, JSON.stringify({ host: 'elsewhere', pid: 1, id: 'other' }));
      store.send(request, response);
      return true;
    };
    await assert.rejects(download(), { code: 'DOCUMENT_BUSY' });
    assert(!existsSync(path()));
    assert(existsSync(`${path()}.lock`), "the other's lock is left alone");
  });
});

/** Neither the message nor anything that a log would show. */
function assertNoUrl(error: Error): void {
  assert.doesNotMatch(inspect(error, { depth: 10, showHidden: true }), /secret|127\.0\.0\.1:\d+\/|X-Amz/);
}
