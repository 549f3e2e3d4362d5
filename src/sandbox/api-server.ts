import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AmazonState, SandboxReport } from './amazon.js';
import { presign, serveDownload } from './downloads.js';
import { RateLimits, type UsagePlan } from './rate-limits.js';
import { TokenDesk } from './tokens.js';

export interface ApiServerOptions {
  plans: Readonly<Record<string, UsagePlan>>;
  tokenSeconds: number;
  urlSeconds: number;
}

interface Answer {
  status: number;
  body: object;
}

const reportsPath = '/reports/2021-06-30/reports';
const documentsPath = '/reports/2021-06-30/documents/';

/**
 * Starts the HTTP side of the sandbox on loopback: Login with Amazon, the Reports API, restricted data tokens, presigned downloads.
 * It enforces what Amazon enforces.
 */
export async function startApiServer(
  state: AmazonState,
  { plans, tokenSeconds, urlSeconds }: ApiServerOptions,
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
    if (url.pathname.startsWith('/documents/')) return serveDownload(request, response, url, state);
    let body = '';
    for await (const chunk of request) body += chunk;
    if (url.pathname === '/auth/o2/token') {
      const answer = fault('login') ?? tokens.login(new URLSearchParams(body), state.sellers.values());
      const sellerId =
        'sellerId' in answer && typeof answer.sellerId === 'string' ? { sellerId: answer.sellerId } : {};
      state.calls.push({ operation: 'login', status: answer.status, ...sellerId });
      return send(response, answer);
    }
    const operation = operationOf(request.method ?? '', url.pathname);
    if (!operation) return send(response, refusal(404, 'NotFound', "The resource doesn't exist."));
    const token = tokens.check(request.headers['x-amz-access-token'] as string | undefined);
    if ('problem' in token) {
      state.calls.push({ operation, status: 403 });
      return send(
        response,
        refusal(403, 'Unauthorized', 'Access to requested resource is denied.', token.problem),
      );
    }
    const { sellerId } = token;
    const answer =
      fault(operation) ??
      (limits.take(sellerId, operation)
        ? answerTo(operation, url, sellerId, token.path, body)
        : refusal(429, 'QuotaExceeded', 'You exceeded your quota for the requested resource.'));
    const thing = decodeURIComponent(url.pathname.split('/').at(-1) ?? '');
    state.calls.push({ operation, sellerId, thing, status: answer.status });
    send(response, answer, limits.rateOf(operation));
  }

  function answerTo(
    operation: string,
    url: URL,
    sellerId: string,
    tokenPath: string | undefined,
    body: string,
  ): Answer {
    const id = decodeURIComponent(url.pathname.split('/').at(-1) ?? '');
    const own = state.reports.filter((report) => report.sellerId === sellerId);
    switch (operation) {
      case 'getReport': {
        const report = own.find(({ reportId }) => reportId === id);
        return report
          ? { status: 200, body: reportBody(report) }
          : refusal(404, 'NotFound', `Report ${id} not found`);
      }
      case 'getReports':
        return listReports(url.searchParams, own);
      case 'getReportDocument': {
        const report = own.find(({ documentId }) => documentId === id);
        if (!report?.document) return refusal(404, 'NotFound', `Report document ${id} not found`);
        const opened = tokenPath === undefined ? !report.restricted : tokenPath === url.pathname;
        if (!opened) return refusal(403, 'Unauthorized', 'Access to requested resource is denied.');
        const { compression } = report.document;
        const address = presign(base, report, state.now() + urlSeconds * 1000);
        return {
          status: 200,
          body: {
            reportDocumentId: id,
            url: address,
            ...(compression ? { compressionAlgorithm: compression } : {}),
          },
        };
      }
      default:
        return restrictedDataToken(sellerId, body);
    }
  }

  function restrictedDataToken(sellerId: string, body: string): Answer {
    const { restrictedResources = [] } = JSON.parse(body || '{}') as {
      restrictedResources?: { method?: string; path?: string }[];
    };
    const [resource] = restrictedResources;
    if (resource?.method !== 'GET' || !resource.path?.startsWith(documentsPath)) {
      return refusal(
        400,
        'InvalidInput',
        'Application does not have access to one or more requested resources.',
      );
    }
    return {
      status: 200,
      body: { restrictedDataToken: tokens.restrict(sellerId, resource.path), expiresIn: 3600 },
    };
  }

  function fault(operation: string): Answer | undefined {
    const planned = state.faults.answers.get(operation);
    if (!planned || planned.times < 1) return undefined;
    planned.times -= 1;
    return refusal(planned.status, 'InternalFailure', 'We encountered an internal error. Please try again.');
  }
}

function operationOf(method: string, path: string): string | undefined {
  if (method === 'POST')
    return path === '/tokens/2021-03-01/restrictedDataToken' ? 'createRestrictedDataToken' : undefined;
  if (path === reportsPath) return 'getReports';
  if (path.startsWith(`${reportsPath}/`)) return 'getReport';
  return path.startsWith(documentsPath) ? 'getReportDocument' : undefined;
}

/** getReports: pages of at most 100, at most 10 types; a nextToken stands alone. */
function listReports(query: URLSearchParams, own: SandboxReport[]): Answer {
  const nextToken = query.get('nextToken');
  if (nextToken !== null) {
    if (query.size > 1) return refusal(400, 'InvalidInput', 'nextToken must be the only parameter.');
    const stored = new URLSearchParams(Buffer.from(nextToken, 'base64url').toString());
    return page(stored, own, Number(stored.get('start')));
  }
  const types = query.get('reportTypes')?.split(',') ?? [];
  const pageSize = Number(query.get('pageSize') ?? 10);
  const mostTypes = 10;
  if (types.length === 0) return refusal(400, 'InvalidInput', 'Either reportTypes or nextToken is required.');
  if (types.length > mostTypes) return refusal(400, 'InvalidInput', 'At most 10 reportTypes.');
  if (!(pageSize >= 1 && pageSize <= 100))
    return refusal(400, 'InvalidInput', 'pageSize must be from 1 to 100.');
  return page(query, own, 0);
}

function page(query: URLSearchParams, own: SandboxReport[], start: number): Answer {
  const list = (name: string) => query.get(name)?.split(',');
  const pageSize = Number(query.get('pageSize') ?? 10);
  const since = query.get('createdSince') ?? '';
  const until = query.get('createdUntil') ?? '9999';
  const marketplaces = list('marketplaceIds');
  const found = own
    .filter(
      (report) =>
        (list('reportTypes') ?? []).includes(report.reportType) &&
        (list('processingStatuses') ?? [report.status]).includes(report.status) &&
        (!marketplaces || report.marketplaceIds.some((id) => marketplaces.includes(id))) &&
        report.createdAt >= since &&
        report.createdAt <= until,
    )
    .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  const next = start + pageSize;
  const rest = new URLSearchParams(query);
  rest.set('start', String(next));
  return {
    status: 200,
    body: {
      reports: found.slice(start, next).map(reportBody),
      ...(next < found.length ? { nextToken: Buffer.from(rest.toString()).toString('base64url') } : {}),
    },
  };
}

function reportBody(report: SandboxReport): object {
  const { reportId, reportType, status, marketplaceIds, createdAt, dataStart, dataEnd, documentId } = report;
  return {
    reportId,
    reportType,
    processingStatus: status,
    createdTime: createdAt,
    ...(marketplaceIds.length > 0 ? { marketplaceIds } : {}),
    ...(dataStart ? { dataStartTime: dataStart } : {}),
    ...(dataEnd ? { dataEndTime: dataEnd } : {}),
    ...(documentId ? { reportDocumentId: documentId } : {}),
  };
}

function refusal(status: number, code: string, message: string, details = ''): Answer {
  return { status, body: { errors: [{ code, message, details }] } };
}

function send(response: ServerResponse, { status, body }: Answer, callsPerSecond?: number): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(callsPerSecond === undefined ? {} : { 'x-amzn-ratelimit-limit': String(callsPerSecond) }),
  });
  response.end(JSON.stringify(body));
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve, reject) => server.close((error) => (error ? reject(error) : resolve())));
}
