import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../runtime/clock.js';
import type { AmazonState } from './amazon.js';
import { refusal, send } from './answer.js';
import { type ApiOptions, openSandboxApi, operationOf, thingOf } from './api.js';
import { serveDownload } from './downloads.js';
import { takeFault } from './faults.js';

/**
 * Starts the HTTP server of the sandbox on loopback: Login with Amazon, the Reports and
 * Notifications APIs, restricted data tokens, presigned downloads.
 */
export async function startApiServer(
  state: AmazonState,
  options: ApiOptions,
): Promise<{ base: string; close(): Promise<void> }> {
  const api = openSandboxApi(state, options);
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { base, close: () => closeServer(server) };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '' } = request;
    const url = new URL(request.url ?? '/', base);
    const operation = operationOf(method, url.pathname);
    let body = '';
    for await (const chunk of request) body += chunk;
    if (!operation) return send(response, refusal(404, 'NotFound', "The resource doesn't exist."));
    const held = takeFault(state.faults.holds, [`${operation} ${thingOf(url)}`, operation]);
    if (held) await systemClock.sleep(held.ms);
    if (operation === 'download') return serveDownload(request, response, url, state);
    const headers = request.headers as Record<string, string | undefined>;
    const { callsPerSecond, ...answer } = api.answer(operation, { method, url, headers, body });
    send(response, answer, callsPerSecond);
  }
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve, reject) => server.close((error) => (error ? reject(error) : resolve())));
}
