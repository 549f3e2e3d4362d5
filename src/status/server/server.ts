import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { describeError, ReportsError } from '../../errors/reports-error.js';
import { openAccess } from './access.js';
import { readBody, sendError, sendText } from './answers.js';
import {
  clientLimits,
  type ConnectionLimits,
  defaultConnectionLimits,
  limitConnections,
  oneAtATime,
} from './connections.js';
import { readPageFiles } from './page-files.js';
import { type RouteTools, routes } from './routes.js';

export interface StatusServer {
  /** The address, with the port that it listens on. */
  url: string;
  /** Aborts the requests in progress. */
  close(): Promise<void>;
}

export interface ServerOptions extends Omit<RouteTools, 'access' | 'page'> {
  host: string;
  port: number;
  token?: string | undefined;
  log: Logger;
  /** Other limits than the usual ones. */
  limits?: Partial<Record<keyof typeof clientLimits, number> & ConnectionLimits>;
}

/**
 * Serves the status page, the metrics and the health checks. It never keeps the program alive, and
 * a failed request affects nothing else. Errors: STATUS_NOT_SERVED if the address is unavailable.
 */
export async function serveStatus(options: ServerOptions): Promise<StatusServer> {
  const { host, port, token, log, limits, ...rest } = options;
  const access = openAccess(token);
  const tools: RouteTools = { ...rest, access, page: await readPageFiles() };
  const answering: Answering = { health: 0, other: 0 };
  const one = oneAtATime((request, response) => {
    answer(request, response, tools, answering).catch((error: unknown) => {
      if (response.destroyed) return;
      if (!(error instanceof ReportsError))
        log.warn(`answering ${request.url?.split('?', 1)[0]}: ${describeError(error)}`);
      if (response.headersSent) response.destroy();
      else sendError(response, error);
    });
  });
  const server = createServer({ ...clientLimits, ...limits }, one);
  limitConnections(server, { ...defaultConnectionLimits, ...limits });
  server.listen(port, host.replace(/^\[(.*)\]$/, '$1'));
  try {
    await once(server, 'listening');
  } catch (error) {
    const found = (error as NodeJS.ErrnoException).code ?? describeError(error);
    throw new ReportsError('STATUS_NOT_SERVED', { host, port, found }, { cause: error });
  }
  // For example too many open files. The connection is lost, and the server goes on.
  server.on('error', (error) => log.warn(`accepting a connection: ${describeError(error)}`));
  server.unref();
  const { address, family, port: boundPort } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${boundPort}/`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Only the path of a request URL is used. */
const base = 'http://localhost';

/**
 * Allows nothing from other sites, only code and styles from the files of the page, and no frame
 * around it.
 */
const headers = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** How many requests are being answered. */
type Answering = Record<'health' | 'other', number>;

/**
 * Of all requests that are being answered, health checks and metrics have a part of their own.
 * Together they are fewer than the connections, so that a new client always finds one.
 */
const maxAnswering: Answering = { health: 32, other: 64 };

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  tools: RouteTools,
  answering: Answering,
): Promise<void> {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  const { access, page } = tools;
  const asked = request.url ?? '/';
  if (!URL.canParse(asked, base)) return sendText(response, 404, 'Not found.\n');
  const url = new URL(asked, base);
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const route = routes[`${method} ${url.pathname}`];
  const file = method === 'GET' ? page.get(url.pathname) : undefined;
  if (!route && !file) return sendText(response, 404, 'Not found.\n');
  // Neither the health checks nor the files of the page reveal anything about this program's data.
  if (route && !route.isOpen) {
    const refusal =
      access.refusal(request) ?? (method === 'POST' ? access.foreignRefusal(request) : undefined);
    if (refusal)
      return route.refused?.(response, refusal) ?? sendText(response, refusal.status, `${refusal.message}\n`);
  }
  if (file) return sendText(response, 200, file.text, file.type);
  if (!route) return;
  // A client that sends its request slowly takes nobody's turn.
  const body = method === 'POST' ? await readBody(request) : '';
  const kind = route.isHealth ? 'health' : 'other';
  if (answering[kind] >= maxAnswering[kind]) {
    response.setHeader('retry-after', '1');
    return sendText(response, 503, 'too many requests at once\n');
  }
  answering[kind] += 1;
  try {
    await route.answer({ request, url, body }, response, tools);
  } finally {
    answering[kind] -= 1;
  }
}
