import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { pino } from 'pino';
import { type ServerOptions, serveStatus, type StatusServer } from '../../src/status/server/server.js';
import type { StatusSnapshot } from '../../src/status/types.js';
import { onlyThese } from '../ingest/fake-context.js';
import { fakeSnapshot } from './fake-snapshot.js';
import { until } from '../runtime/until.js';

const token = 'a-token-of-some-length';
const halfARequest = 'GET /api/status HTTP/1.1\r\nHost: localhost\r\nX-Slow: ';
const authorization = { authorization: `Bearer ${token}` };

/** Whether this is an answer with all of its body, by the length in its headers. */
function isWhole(answer: string): boolean {
  const [head = '', body] = answer.split('\r\n\r\n', 2);
  const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1]);
  return body !== undefined && Buffer.byteLength(body) === length;
}

describe('the status server under load', () => {
  let server: StatusServer;
  const clients: Socket[] = [];

  async function serve(options: Partial<ServerOptions> = {}): Promise<void> {
    server = await serveStatus({
      host: '127.0.0.1',
      port: 0,
      token,
      log: pino({ level: 'silent' }),
      readSnapshot: async () => fakeSnapshot(),
      readRelations: async () => [],
      readViews: async () => [],
      readPictures: async () => ({}),
      metrics: { contentType: 'text/plain', text: async () => 'sp_reports_info 1\n' },
      warehouse: onlyThese<ServerOptions['warehouse']>('warehouse', {}),
      reloads: onlyThese<ServerOptions['reloads']>('reloads', {}),
      ...options,
    });
  }
  /** Opens a connection that sends this and no more. */
  async function client(text: string, from: Partial<NetConnectOpts> = {}): Promise<Socket> {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(server.url).port), ...from });
    // The server may close it at any time.
    socket.on('error', () => {});
    clients.push(socket);
    await once(socket, 'connect');
    if (text) socket.write(text);
    return socket;
  }
  async function openMany(count: number, text: string, from?: Partial<NetConnectOpts>): Promise<Socket[]> {
    return Promise.all(Array.from({ length: count }, () => client(text, from)));
  }
  async function statusOf(path: string, headers: Record<string, string> = authorization): Promise<number> {
    const answer = await fetch(new URL(path, server.url), {
      headers: { ...headers, connection: 'close' },
    });
    await answer.text();
    return answer.status;
  }
  /** Resolves when the server has closed that many. */
  function haveClosed(sockets: Socket[], count: number): Promise<void> {
    return new Promise((resolve) => {
      let closed = 0;
      const note = () => {
        closed += 1;
        if (closed === count) resolve();
      };
      for (const socket of sockets) {
        if (socket.closed) note();
        else socket.once('close', note).resume();
      }
    });
  }
  const healthPaths = ['/healthz', '/readyz', '/metrics', '/api/status'];

  afterEach(async () => {
    await server.close();
    for (const socket of clients.splice(0)) socket.destroy();
  });

  for (const [what, count, text] of [
    ['half a request on each of 400 connections', 400, halfARequest],
    ['1,000 idle connections', 1000, ''],
    [
      '400 logins whose body never comes',
      400,
      'POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n',
    ],
    ['400 requests whose answer nobody reads', 400, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ] as const) {
    it(`answers health checks, metrics and the page beside ${what}`, async () => {
      await serve();
      const sockets = await openMany(count, text);
      for (const path of healthPaths) assert.equal(await statusOf(path), 200, path);
      await haveClosed(sockets, count - 128);
    });
  }

  it('closes connections of the address that has most of them, not those of others', async () => {
    await serve({ limits: { total: 20, perAddress: 16 } });
    const other = await client(halfARequest, { localAddress: '127.0.0.3' });
    await openMany(200, halfARequest, { localAddress: '127.0.0.2' });
    other.write('x\r\nConnection: close\r\n\r\n');
    const [answer] = (await once(other, 'data')) as [Buffer];
    assert.match(answer.toString(), /^HTTP\/1\.1 401 /);
  });

  it('answers health checks while all others wait for an answer, and refuses more of them', async () => {
    let readings = 0;
    let release = (_: StatusSnapshot): void => {};
    const reading = new Promise<StatusSnapshot>((resolve) => {
      release = resolve;
    });
    await serve({
      readSnapshot: () => {
        readings += 1;
        return reading;
      },
    });
    const statuses = Array.from({ length: 70 }, () => statusOf('/api/status'));
    const refused = await Promise.race(statuses);
    assert.equal(refused, 503);
    for (const path of ['/healthz', '/metrics']) assert.equal(await statusOf(path), 200, path);
    assert.equal(readings, 64);
    release(fakeSnapshot());
    const answered = await Promise.all(statuses);
    assert.equal(answered.filter((status) => status === 200).length, 64);
    assert.equal(await statusOf('/api/status'), 200);
  });

  it('disconnects a client that never reads its answer', async () => {
    await serve({
      limits: { sendTimeoutMs: 100 },
      metrics: { contentType: 'text/plain', text: async () => `${Math.random()}\n`.repeat(2_000_000) },
    });
    const socket = await client(
      `GET /metrics HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    );
    // The first bytes are read, no more.
    await once(socket, 'readable');
    // A client that reads nothing learns of it by writing.
    await until(async () => {
      socket.write('\r\n');
      return socket.destroyed;
    });
    assert.ok(socket.bytesRead < 20_000_000, `${socket.bytesRead} bytes were read`);
  });

  it('disconnects clients that send nothing, half a request or a body that never ends', async () => {
    const limits = {
      headersTimeout: 100,
      requestTimeout: 200,
      keepAliveTimeout: 100,
      connectionsCheckingInterval: 50,
    };
    await serve({ limits });
    const slow = [
      await client(''),
      await client(halfARequest),
      await client('POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\ntok'),
      await client('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'),
      await client(`POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\n\r\n${'x'.repeat(300_000)}`),
    ];
    await haveClosed(slow, slow.length);
  });

  it('starts no request of a connection before the last one is answered', async () => {
    let readings = 0;
    await serve({
      readSnapshot: async () => {
        readings += 1;
        return fakeSnapshot();
      },
    });
    const request = `GET /api/status HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`;
    const greedy = await Promise.all(Array.from({ length: 20 }, () => client(request.repeat(50))));
    await haveClosed(greedy, greedy.length);
    assert.ok(readings <= greedy.length, `${readings} requests were started`);
    const patient = await client('');
    for (let answers = 1; answers <= 3; answers += 1) {
      patient.write(request);
      let text = '';
      while (!isWhole(text)) {
        const [chunk] = (await once(patient, 'data')) as [Buffer];
        text += chunk;
      }
      assert.match(text, /^HTTP\/1\.1 200 /);
    }
  });

  it('refuses headers that are too long', async () => {
    await serve();
    assert.equal(await statusOf('/healthz', { 'x-long': 'x'.repeat(20_000) }), 431);
    assert.equal(await statusOf('/healthz'), 200);
  });

  for (const [how, framing] of [
    ['with its length', 'Content-Length: 20000000'],
    ['in chunks', 'Transfer-Encoding: chunked'],
  ] as const) {
    it(`answers 413 to a client that sends a body of 20 MB ${how}, and keeps its connection`, async () => {
      await serve();
      const socket = await client(
        `POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${framing}\r\n\r\n`,
      );
      let answered = '';
      socket.on('data', (chunk: Buffer) => {
        answered += String(chunk);
      });
      const megabyte = 'x'.repeat(1_000_000);
      const piece = how === 'in chunks' ? `f4240\r\n${megabyte}\r\n` : megabyte;
      for (let sent = 0; sent < 20; sent += 1) await new Promise((done) => socket.write(piece, done));
      if (how === 'in chunks') socket.write('0\r\n\r\n');
      socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
      const statuses = () => answered.match(/HTTP\/1\.1 \d+/g) ?? [];
      await until(async () => statuses().length === 2);
      assert.deepEqual(statuses(), ['HTTP/1.1 413', 'HTTP/1.1 200']);
      assert.match(answered, /the request is too long/);
    });
  }
});
