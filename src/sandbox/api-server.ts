import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../runtime/clock.js';
import type { AmazonState, AskedReport, SandboxReport } from './amazon.js';
import { type ApiAnswer, refusal, send } from './answer.js';
import { presign, serveDownload } from './downloads.js';
import { takeFault } from './faults.js';
import { answerNotifications, grantlessOperations, notificationsOperation } from './notifications-api.js';
import { RateLimits, type UsagePlan } from './rate-limits.js';
import { answerRequests, requestsOperation } from './report-requests.js';
import { listReports, reportBody } from './reports-api.js';
import { documentsPath, TokenDesk } from './tokens.js';

export interface ApiServerOptions {
  plans: Readonly<Record<string, UsagePlan>>;
  tokenSeconds: number;
  urlSeconds: number;
  /** Adds a requested report, which is in the queue. */
  addAsked(asked: AskedReport): SandboxReport;
}

const loginPath = '/auth/o2/token';
const reportsPath = '/reports/2021-06-30/reports';

/**
 * Starts the HTTP server of the sandbox on loopback: Login with Amazon, the Reports and
 * Notifications APIs, restricted data tokens, presigned downloads. It enforces the same rules as
 * Amazon, and records every call.
 */
export async function startApiServer(
  state: AmazonState,
  { plans, tokenSeconds, urlSeconds, addAsked }: ApiServerOptions,
): Promise<{ base: string; close(): Promise<void> }> {
  const tokens = new TokenDesk(state.now, tokenSeconds);
  const limits = new RateLimits(plans, state.now);
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { base, close: () => closeServer(server) };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', base);
    const thing = decodeURIComponent(url.pathname.split('/').at(-1) ?? '');
    const operation = operationOf(request.method ?? '', url.pathname);
    let body = '';
    for await (const chunk of request) body += chunk;
    if (!operation) return send(response, refusal(404, 'NotFound', "The resource doesn't exist."));
    const held = takeFault(state.faults.holds, [`${operation} ${thing}`, operation]);
    if (held) await systemClock.sleep(held.ms);
    if (operation === 'download') return serveDownload(request, response, url, state);
    const { sellerId, ...answer } =
      operation === 'login' ? login(body) : call(operation, thing, url, request, body);
    state.calls.push({
      operation,
      sellerId,
      thing: operation === 'login' ? undefined : thing,
      status: answer.status,
      atMs: state.now(),
    });
    send(response, answer, limits.rateOf(operation));
  }

  function login(body: string): ApiAnswer & { sellerId?: string } {
    return fault('login') ?? tokens.login(new URLSearchParams(body), state.sellers.values());
  }

  function call(
    operation: string,
    thing: string,
    url: URL,
    { headers, method = '' }: IncomingMessage,
    body: string,
  ): ApiAnswer & { sellerId?: string } {
    const denied = (details?: string) =>
      refusal(403, 'Unauthorized', 'Access to requested resource is denied.', details);
    const token = tokens.check(headers['x-amz-access-token'] as string | undefined);
    if ('problem' in token) return denied(token.problem);
    const { sellerId, paths } = token;
    // A restricted data token is only valid for the resources it was created for.
    if (paths && !paths.includes(url.pathname)) return { ...denied(), sellerId };
    // Amazon requires the application's token for grantless operations, and a seller's for all
    // others.
    if ((sellerId === '') !== grantlessOperations.has(operation)) return { ...denied(), sellerId };
    const failed = fault(operation, thing);
    if (failed) return { ...failed, sellerId };
    if (!limits.take(sellerId, operation)) {
      const message = 'You exceeded your quota for the requested resource.';
      return { ...refusal(429, 'QuotaExceeded', message), sellerId };
    }
    const own = state.reports.filter((report) => report.sellerId === sellerId);
    switch (operation) {
      case 'getReports':
        return { ...listReports(url.searchParams, own, state.now()), sellerId };
      case 'getReport': {
        const report = own.find(({ reportId }) => reportId === thing);
        if (!report) return { ...refusal(404, 'NotFound', `Report ${thing} not found`), sellerId };
        return { status: 200, body: reportBody(report), sellerId };
      }
      case 'getReportDocument': {
        const report = own.find(({ documentId }) => documentId === thing);
        if (!report?.document)
          return { ...refusal(404, 'NotFound', `Report document ${thing} not found`), sellerId };
        if (report.restricted && !paths) return { ...denied(), sellerId };
        const { compression } = report.document;
        const answer = {
          reportDocumentId: thing,
          url: presign(base, report, state.now() + urlSeconds * 1000),
          compressionAlgorithm: compression,
        };
        return { status: 200, body: answer, sellerId };
      }
      case 'createRestrictedDataToken':
        return { ...tokens.restrict(sellerId, body), sellerId };
      default: {
        const asking = { operation, thing, query: url.searchParams, body, sellerId };
        const answer = requestsOperation(method, url.pathname)
          ? answerRequests(asking, state, addAsked)
          : answerNotifications(operation, thing, body, sellerId, state);
        return { ...answer, sellerId };
      }
    }
  }

  function fault(operation: string, thing = ''): ApiAnswer | undefined {
    const planned = takeFault(state.faults.answers, [`${operation} ${thing}`, operation]);
    if (!planned) return undefined;
    return refusal(planned.status, 'InternalFailure', 'We encountered an internal error. Please try again.');
  }
}

function operationOf(method: string, path: string): string | undefined {
  const ofOthers = notificationsOperation(method, path) ?? requestsOperation(method, path);
  if (ofOthers) return ofOthers;
  if (method === 'POST') {
    if (path === loginPath) return 'login';
    return path === '/tokens/2021-03-01/restrictedDataToken' ? 'createRestrictedDataToken' : undefined;
  }
  if (method !== 'GET') return undefined;
  if (path.startsWith('/documents/')) return 'download';
  if (path === reportsPath) return 'getReports';
  if (path.startsWith(`${reportsPath}/`)) return 'getReport';
  return path.startsWith(documentsPath) ? 'getReportDocument' : undefined;
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve, reject) => server.close((error) => (error ? reject(error) : resolve())));
}
