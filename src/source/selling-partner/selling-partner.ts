import type { ZodType } from 'zod';
import { ReportsError } from '../../errors.js';
import type { ReportRegion } from '../../schema/types.js';
import type { CallOptions, DocumentLocation, Report, ReportFilter, SellingPartner } from '../types.js';
import { type ApiReport, apiDataToken, apiDocument, apiReport, apiReports } from './answers.js';
import { callJson, type JsonAnswer } from './http.js';
import { type Credentials, openLogin } from './login.js';
import { type Operation, type QuotaPlan, quotaKey } from './quota.js';
import { retried } from './retry.js';

/** Source: Selling Partner API documentation, "Selling Partner API endpoints". */
const endpoints: Record<ReportRegion, string> = {
  na: 'https://sellingpartnerapi-na.amazon.com',
  eu: 'https://sellingpartnerapi-eu.amazon.com',
  fe: 'https://sellingpartnerapi-fe.amazon.com',
};

/** Amazon's own limits of getReports. */
const mostTypesPerCall = 10;
const pageSize = 100;

/** A call that Amazon refuses so often for its rate is left to a later drain, whatever rate it tells. */
const mostThrottled = 5;

interface Call extends CallOptions {
  operation: Operation;
  /** What the call is about, for errors. */
  thing: string;
  path: string;
  body?: string;
  /** In place of the access token. */
  restrictedDataToken?: string;
}

/**
 * Opens the Selling Partner API for one seller. Every call takes from the quota plan first; 429 and 5xx are waited for.
 * Errors: LOGIN_REFUSED, API_ACCESS_DENIED, API_NOT_FOUND, API_REQUEST_REFUSED, API_QUOTA_EXCEEDED, API_UNAVAILABLE.
 * Source: Amazon's models reports_2021-06-30 and tokens_2021-03-01.
 */
export function openSellingPartner(options: {
  seller: { id: string; region: ReportRegion; credentials: Credentials };
  quota: QuotaPlan;
  /** In place of the region's. */
  endpoint?: string;
  loginUrl?: string;
}): SellingPartner {
  const { seller, quota } = options;
  const endpoint = (options.endpoint ?? endpoints[seller.region]).replace(/\/$/, '');
  const login = openLogin({
    sellerId: seller.id,
    credentials: seller.credentials,
    ...(options.loginUrl ? { loginUrl: options.loginUrl } : {}),
  });

  return {
    sellerId: seller.id,

    async getReport(reportId, call) {
      const path = `/reports/2021-06-30/reports/${encodeURIComponent(reportId)}`;
      const about = { ...call, operation: 'getReport' as const, thing: `report ${reportId}`, path };
      return toReport(await callApi(about, apiReport));
    },

    async getReportDocument(documentId, { restricted, ...call }) {
      const path = `/reports/2021-06-30/documents/${encodeURIComponent(documentId)}`;
      const about = { ...call, operation: 'getReportDocument' as const, thing: documentId, path };
      if (restricted) return locate({ ...about, restrictedDataToken: await dataToken(path, about) });
      try {
        return await locate(about);
      } catch (error) {
        // A type that Amazon restricts and its schema does not: a token for this document shows whether that is all.
        if (!(error instanceof ReportsError) || error.code !== 'API_ACCESS_DENIED') throw error;
        const restrictedDataToken = await dataToken(path, about).catch((refused: unknown) => {
          // Only a refusal is an answer; anything else may pass.
          throw refused instanceof ReportsError && refused.kind === 'terminal' ? error : refused;
        });
        return locate({ ...about, restrictedDataToken });
      }
    },

    async *getReports(filter, { onAnswered, ...call }) {
      for (let start = 0; start < filter.reportTypes.length; start += mostTypesPerCall) {
        const reportTypes = filter.reportTypes.slice(start, start + mostTypesPerCall);
        let query = reportsQuery({ ...filter, reportTypes });
        for (;;) {
          const path = `/reports/2021-06-30/reports?${query}`;
          const about = { ...call, operation: 'getReports' as const, thing: 'reports', path };
          const page = await callApi(about, apiReports);
          if (!query.has('nextToken')) await onAnswered?.(reportTypes);
          for (const report of page.reports) yield toReport(report);
          if (!page.nextToken) break;
          // A nextToken must come alone.
          query = new URLSearchParams({ nextToken: page.nextToken });
        }
      }
    },
  };

  async function dataToken(resource: string, call: CallOptions & { thing: string }): Promise<string> {
    const body = JSON.stringify({ restrictedResources: [{ method: 'GET', path: resource }] });
    const path = '/tokens/2021-03-01/restrictedDataToken';
    const about = { ...call, operation: 'createRestrictedDataToken' as const, path, body };
    return (await callApi(about, apiDataToken)).restrictedDataToken;
  }

  async function locate(call: Call): Promise<DocumentLocation> {
    const { url, compressionAlgorithm } = await callApi(call, apiDocument);
    return { url, ...(compressionAlgorithm === 'GZIP' ? { compression: 'GZIP' } : {}) };
  }

  /** One call, from quota to answer. */
  async function callApi<T>(call: Call, form: ZodType<T>): Promise<T> {
    const { operation, thing, signal } = call;
    const sellerId = seller.id;
    const key = quotaKey({ clientId: seller.credentials.clientId, sellerId, operation });
    let renewed = false;
    for (let throttled = 0; throttled < mostThrottled; ) {
      // A login takes time, and a call that was taken must not be late at Amazon.
      await login.accessToken(signal);
      await quota.take(key, call);
      const accessToken = await login.accessToken(signal);
      const answer = await retried(
        () => send(call, accessToken),
        (found) => new ReportsError('API_UNAVAILABLE', { operation, sellerId, found }),
        signal,
      );
      const limit = Number(answer.headers.get('x-amzn-ratelimit-limit') ?? Number.NaN);
      await quota.observe(key, {
        ...(Number.isFinite(limit) ? { callsPerSecond: limit } : {}),
        throttled: answer.status === 429,
      });
      if (answer.status < 300) return inForm(form, answer.body, { operation, sellerId });
      if (answer.status === 429) {
        throttled += 1;
        continue;
      }
      const found = amazonsWord(answer);
      // A token may expire, or be revoked, before its time: once more with a fresh one.
      if (
        (answer.status === 401 || answer.status === 403) &&
        !renewed &&
        /access token|expired/i.test(found)
      ) {
        renewed = true;
        login.invalidate(accessToken);
        if (!call.restrictedDataToken) continue;
      }
      const details = { operation, thing, sellerId, found };
      if (answer.status === 401 || answer.status === 403)
        throw new ReportsError('API_ACCESS_DENIED', details);
      throw new ReportsError(answer.status === 404 ? 'API_NOT_FOUND' : 'API_REQUEST_REFUSED', details);
    }
    throw new ReportsError('API_QUOTA_EXCEEDED', { operation, sellerId });
  }

  function send(call: Call, accessToken: string): Promise<JsonAnswer> {
    return callJson(`${endpoint}${call.path}`, {
      method: call.body ? 'POST' : 'GET',
      headers: {
        'x-amz-access-token': call.restrictedDataToken ?? accessToken,
        ...(call.body ? { 'content-type': 'application/json' } : {}),
      },
      ...(call.body ? { body: call.body } : {}),
      ...(call.signal ? { signal: call.signal } : {}),
    });
  }
}

function reportsQuery({ reportTypes, statuses, createdSince, createdUntil }: ReportFilter): URLSearchParams {
  return new URLSearchParams({
    reportTypes: reportTypes.join(','),
    processingStatuses: statuses.join(','),
    pageSize: String(pageSize),
    createdSince: createdSince.toISOString(),
    ...(createdUntil ? { createdUntil: createdUntil.toISOString() } : {}),
  });
}

/** An answer that lacks what it must have is none: something else than Amazon may have answered. */
function inForm<T>(form: ZodType<T>, body: unknown, about: { operation: Operation; sellerId: string }): T {
  const { data, error } = form.safeParse(body);
  if (data !== undefined) return data;
  const [issue] = error?.issues ?? [];
  const found = `an answer without ${issue?.path.join('.') || 'the members it must have'}`;
  throw new ReportsError('API_UNAVAILABLE', { ...about, found });
}

function toReport(report: ApiReport): Report {
  return {
    reportId: report.reportId,
    reportType: report.reportType,
    status: report.processingStatus,
    marketplaceIds: report.marketplaceIds ?? [],
    createdAt: isoTime(report.createdTime),
    ...(report.reportDocumentId ? { documentId: report.reportDocumentId } : {}),
    ...(report.dataStartTime ? { dataStart: isoTime(report.dataStartTime) } : {}),
    ...(report.dataEndTime ? { dataEnd: isoTime(report.dataEndTime) } : {}),
  };
}

/** In UTC, so that times compare as text. */
function isoTime(text: string): string {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? text : time.toISOString();
}

/** Status, code, message and details of Amazon's error list. */
function amazonsWord({ status, body }: JsonAnswer): string {
  const { errors } = body as { errors?: { code?: string; message?: string; details?: string }[] };
  const first = errors?.[0];
  return [status, first?.code, first?.message, first?.details].filter(Boolean).join(' ');
}
