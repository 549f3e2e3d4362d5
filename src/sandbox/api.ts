import type { AmazonState, AskedReport, SandboxReport } from './amazon.js';
import { type ApiAnswer, refusal } from './answer.js';
import { presign } from './downloads.js';
import { takeFault } from './faults.js';
import { answerNotifications, grantlessOperations, notificationsOperation } from './notifications-api.js';
import { RateLimits, type UsagePlan } from './rate-limits.js';
import { answerRequests, requestsOperation } from './report-requests.js';
import { listReports, reportBody } from './reports-api.js';
import { documentsPath, TokenDesk } from './tokens.js';

export interface ApiOptions {
  plans: Readonly<Record<string, UsagePlan>>;
  tokenSeconds: number;
  urlSeconds: number;
  /** Adds a requested report, which is in the queue. */
  addAsked(asked: AskedReport): SandboxReport;
}

/** A call as it arrives. */
export interface ApiRequest {
  method: string;
  url: URL;
  headers: { [name: string]: string | undefined };
  body: string;
}

/** The Selling Partner API of the sandbox, and Login with Amazon, whatever brings the calls. */
export interface SandboxApi {
  /** The answer, with the rate for its header if the operation has a usage plan. */
  answer(operation: string, request: ApiRequest): ApiAnswer & { callsPerSecond?: number };
}

const loginPath = '/auth/o2/token';
const reportsPath = '/reports/2021-06-30/reports';

/** Opens the API. It enforces the same rules as Amazon, and records every call. */
export function openSandboxApi(
  state: AmazonState,
  { plans, tokenSeconds, urlSeconds, addAsked }: ApiOptions,
): SandboxApi {
  const tokens = new TokenDesk(state.now, tokenSeconds);
  const limits = new RateLimits(plans, state.now);

  return {
    answer(operation, request) {
      const thing = thingOf(request.url);
      const { sellerId, ...answer } =
        operation === 'login' ? login(request.body) : call(operation, thing, request);
      state.calls.push({
        operation,
        sellerId,
        thing: operation === 'login' ? undefined : thing,
        status: answer.status,
        atMs: state.now(),
      });
      return { ...answer, callsPerSecond: limits.rateOf(operation) };
    },
  };

  function login(body: string): ApiAnswer & { sellerId?: string } {
    return fault('login') ?? tokens.login(new URLSearchParams(body), state.sellers.values());
  }

  function call(
    operation: string,
    thing: string,
    { url, headers, method, body }: ApiRequest,
  ): ApiAnswer & { sellerId?: string } {
    const denied = (details?: string) =>
      refusal(403, 'Unauthorized', 'Access to requested resource is denied.', details);
    const token = tokens.check(headers['x-amz-access-token']);
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
          url: presign(url.origin, report, state.now() + urlSeconds * 1000),
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

/** The last part of a path: a report id, or a document id. */
export function thingOf({ pathname }: URL): string {
  return decodeURIComponent(pathname.split('/').at(-1) ?? '');
}

/** Amazon's name of the operation; `login` and `download` for calls without one. */
export function operationOf(method: string, path: string): string | undefined {
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
