import { ReportsError } from '../../errors/reports-error.js';
import { keepPassingSecret, keepPresignedUrl } from '../../errors/secrets.js';
import { withoutUndefined } from '../../runtime/without-undefined.js';
import type { CallOptions, DocumentLocation, Report, ReportFilter, SellingPartner } from '../types.js';
import { type ApiReport, apiDataToken, apiDocument, apiReport, apiReports } from './answers.js';
import { maxReportsPerPage, maxReportTypesPerCall } from './limits.js';
import { openRequests } from './requests.js';
import { type ApiCall, type ApiOptions, openApi } from './call-api.js';

/**
 * Opens the Selling Partner API for one seller. Every call takes from the quota plan first; 429 and
 * 5xx are retried.
 * Errors: LOGIN_REFUSED, API_ACCESS_DENIED, API_NOT_FOUND, API_REQUEST_REFUSED, API_QUOTA_EXCEEDED,
 * API_UNAVAILABLE, API_UNREACHABLE.
 * Source: Amazon's models reports_2021-06-30 and tokens_2021-03-01.
 */
export function openSellingPartner(options: ApiOptions): SellingPartner {
  const callApi = openApi(options);

  return {
    sellerId: options.seller.id,
    ...openRequests(callApi),

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
        // Amazon may restrict a type that its schema does not: a restricted token shows whether
        // that was the only reason.
        if (!(error instanceof ReportsError) || error.code !== 'API_ACCESS_DENIED') throw error;
        const restrictedDataToken = await dataToken(path, about).catch((refused: unknown) => {
          // Only a refusal is an answer; any other failure may pass.
          throw refused instanceof ReportsError && refused.kind === 'terminal' ? error : refused;
        });
        return locate({ ...about, restrictedDataToken });
      }
    },

    async *getReports(filter, { onAnswered, ...call }) {
      for (let start = 0; start < filter.reportTypes.length; start += maxReportTypesPerCall) {
        const reportTypes = filter.reportTypes.slice(start, start + maxReportTypesPerCall);
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
    const { restrictedDataToken } = await callApi(about, apiDataToken);
    keepPassingSecret(restrictedDataToken);
    return restrictedDataToken;
  }

  async function locate(call: ApiCall): Promise<DocumentLocation> {
    const { url, compressionAlgorithm } = await callApi(call, apiDocument);
    keepPresignedUrl(url);
    return { url, compression: compressionAlgorithm === 'GZIP' ? 'GZIP' : undefined };
  }
}

function reportsQuery({ reportTypes, statuses, createdSince, createdUntil }: ReportFilter): URLSearchParams {
  return new URLSearchParams(
    withoutUndefined({
      reportTypes: reportTypes.join(','),
      processingStatuses: statuses.join(','),
      pageSize: String(maxReportsPerPage),
      createdSince: createdSince.toISOString(),
      createdUntil: createdUntil?.toISOString(),
    }),
  );
}

function toReport(report: ApiReport): Report {
  return {
    reportId: report.reportId,
    reportType: report.reportType,
    status: report.processingStatus,
    marketplaceIds: report.marketplaceIds ?? [],
    createdAt: isoTime(report.createdTime),
    documentId: report.reportDocumentId || undefined,
    dataStart: report.dataStartTime ? isoTime(report.dataStartTime) : undefined,
    dataEnd: report.dataEndTime ? isoTime(report.dataEndTime) : undefined,
  };
}

/** In UTC, so that times compare as text. */
function isoTime(text: string): string {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? text : time.toISOString();
}
