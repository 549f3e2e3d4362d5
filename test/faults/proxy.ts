import { createServer, type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sandbox } from '../../src/sandbox/sandbox.js';

export type Service = 'queue' | 'tokens' | 'API' | 'documents' | 'bucket' | 'BigQuery';

/** A fault between the program and a service. */
export type Wrong =
  | { what: 'latency'; ms: number }
  /** The connection is reset before an answer. */
  | { what: 'reset' }
  /** The connection is reset in the middle of the body. */
  | { what: 'reset mid-body' }
  /** The server closes its side in the middle of the body. */
  | { what: 'half-closed' }
  /** The answer arrives one byte at a time. */
  | { what: 'slow-loris'; msPerByte: number }
  /** An answer of the proxy itself. */
  | { what: 'answer'; status: number; body: string; type?: string; headers?: Record<string, string> }
  /** The difference between the content length and the length of the body. */
  | { what: 'wrong length'; by: number }
  /** The body of the service, changed. */
  | { what: 'changed'; change: (body: string) => string };

export interface Fault {
  service: Service;
  /** The requests that it affects, by method, path and AWS target. Default: all of the service. */
  of?: RegExp;
  wrong: Wrong;
  /** How many requests it affects. */
  times: number;
}

/** A proxy in front of each service of the sandbox. */
export interface Proxies {
  sqsEndpoint: string;
  apiEndpoint: string;
  loginUrl: string;
  /** Undefined if there is no BigQuery behind it. */
  bigQuery: string | undefined;
  /** The next faults; each is used up. */
  faults: Fault[];
  close(): Promise<void>;
}

/**
 * Starts the proxies on loopback, one of them in front of `bigQuery` if it is given. Documents are
 * found behind theirs, because the URLs in the answers are changed.
 */
export async function startProxies(sandbox: Sandbox, bigQuery?: string): Promise<Proxies> {
  const faults: Fault[] = [];
  const documents = await startProxy('documents', sandbox.apiEndpoint, faults);
  const toDocuments = (body: Buffer) =>
    Buffer.from(
      body.toString('latin1').replaceAll(`${sandbox.apiEndpoint}/documents/`, `${documents.base}/documents/`),
      'latin1',
    );
  const queue = await startProxy('queue', sandbox.sqsEndpoint, faults);
  const tokens = await startProxy('tokens', sandbox.apiEndpoint, faults);
  const api = await startProxy('API', sandbox.apiEndpoint, faults, toDocuments);
  const warehouse = bigQuery === undefined ? undefined : await startProxy('BigQuery', bigQuery, faults);
  return {
    sqsEndpoint: queue.base,
    apiEndpoint: api.base,
    loginUrl: `${tokens.base}/auth/o2/token`,
    bigQuery: warehouse?.base,
    faults,
    async close() {
      await Promise.all([documents, queue, tokens, api, warehouse].map((each) => each?.close()));
    },
  };
}

/** Starts one in front of a service. */
export async function startProxy(
  service: Service,
  target: string,
  faults: Fault[],
  change: (body: Buffer) => Buffer = (body) => body,
): Promise<{ base: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const sent = await readAll(request);
    const named = `${request.method} ${request.url} ${request.headers['x-amz-target'] ?? ''}`;
    const fault = faults.find(
      (each) => each.service === service && each.times > 0 && (each.of ?? /^/).test(named),
    );
    if (fault) fault.times -= 1;
    const wrong = fault?.wrong;
    if (wrong?.what === 'reset') return void request.socket.resetAndDestroy();
    if (wrong?.what === 'answer') {
      const headers = { 'content-type': wrong.type ?? 'application/json', ...wrong.headers };
      return void response.writeHead(wrong.status, headers).end(wrong.body);
    }
    if (wrong?.what === 'latency') await sleep(wrong.ms);
    const answer = await forward(request, sent, target);
    const body = wrong?.what === 'changed' ? Buffer.from(wrong.change(String(answer.body))) : answer.body;
    await send(request, response, { ...answer, body: change(body) }, wrong);
  }
}

interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

/**
 * Sends an answer, or what is wrong with it. The pauses are real, as the sockets are: what was
 * written before must arrive.
 */
async function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: Answer,
  wrong: Wrong | undefined,
): Promise<void> {
  const length = body.length + (wrong?.what === 'wrong length' ? wrong.by : 0);
  const { 'transfer-encoding': _, connection: __, 'keep-alive': ___, ...kept } = headers;
  // The given content length, correct or not.
  response.strictContentLength = false;
  // The answer to a HEAD has the length of a body that it does not send.
  response.writeHead(status, request.method === 'HEAD' ? kept : { ...kept, 'content-length': length });
  const half = body.subarray(0, Math.ceil(body.length / 2));
  switch (wrong?.what) {
    case 'reset mid-body':
      response.write(half);
      await sleep(20);
      request.socket.resetAndDestroy();
      return;
    case 'half-closed':
      response.write(half);
      await sleep(20);
      request.socket.end();
      return;
    case 'wrong length':
      response.write(body);
      await sleep(20);
      request.socket.end();
      return;
    case 'slow-loris':
      for (let at = 0; at < body.length && !request.socket.destroyed; at += 1) {
        response.write(body.subarray(at, at + 1));
        await sleep(wrong.msPerByte);
      }
      response.end();
      return;
    default:
      response.end(body);
  }
}

function forward({ method, url, headers }: IncomingMessage, sent: Buffer, target: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const there = new URL(url ?? '/', target);
    const request = httpRequest(there, { method, headers: { ...headers, host: there.host } }, (response) => {
      readAll(response).then(
        (body) => resolve({ status: response.statusCode ?? 502, headers: response.headers, body }),
        reject,
      );
    });
    request.on('error', reject);
    request.end(sent);
  });
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
