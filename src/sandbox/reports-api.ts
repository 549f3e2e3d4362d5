import type { SandboxReport } from './amazon.js';
import { type ApiAnswer, refusal } from './answer.js';

const most = { reportTypes: 10, marketplaceIds: 10, pageSize: 100 };
const statuses = ['CANCELLED', 'DONE', 'FATAL', 'IN_PROGRESS', 'IN_QUEUE'];

/** How long Amazon keeps reports, and how far back getReports searches. */
const retentionMs = 90 * 86_400_000;

/**
 * Answers getReports for one seller, newest first: pages of at most 100 reports, at most 10 types
 * and marketplaces; nextToken must be the only parameter. Source: reports_2021-06-30 of Amazon's
 * models.
 */
export function listReports(query: URLSearchParams, own: readonly SandboxReport[], nowMs: number): ApiAnswer {
  const nextToken = query.get('nextToken');
  if (nextToken === null) {
    const problem = problemOf(query);
    return problem ? refusal(400, 'InvalidInput', problem) : page(query, own, nowMs);
  }
  if (query.size > 1) return refusal(400, 'InvalidInput', 'nextToken must be the only parameter.');
  const stored = new URLSearchParams(Buffer.from(nextToken, 'base64url').toString());
  if (!stored.has('start')) return refusal(400, 'InvalidInput', 'The nextToken is not valid.');
  return page(stored, own, nowMs);
}

/** Returns a report in the format of getReport. */
export function reportBody(report: SandboxReport): object {
  const { reportId, reportType, status, marketplaceIds, createdAt, dataStart, dataEnd, documentId } = report;
  return {
    reportId,
    reportType,
    processingStatus: status,
    createdTime: createdAt,
    marketplaceIds: marketplaceIds.length > 0 ? marketplaceIds : undefined,
    dataStartTime: dataStart,
    dataEndTime: dataEnd,
    reportScheduleId: report.reportScheduleId,
    processingStartTime: report.processingStartedAt,
    processingEndTime: report.processingEndedAt,
    reportDocumentId: documentId,
  };
}

function problemOf(query: URLSearchParams): string | undefined {
  const types = listed(query, 'reportTypes');
  if (!types) return 'Either reportTypes or nextToken is required.';
  for (const name of ['reportTypes', 'marketplaceIds'] as const) {
    if ((listed(query, name)?.length ?? 0) > most[name]) return `At most ${most[name]} ${name}.`;
  }
  const strange = listed(query, 'processingStatuses')?.find((each) => !statuses.includes(each));
  if (strange) return `${strange} is no processing status.`;
  const pageSize = sizeOf(query);
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > most.pageSize) {
    return `pageSize must be from 1 to ${most.pageSize}.`;
  }
  for (const name of ['createdSince', 'createdUntil']) {
    const time = query.get(name);
    if (time !== null && Number.isNaN(Date.parse(time))) return `${name} is no ISO 8601 date time.`;
  }
  return undefined;
}

function page(query: URLSearchParams, own: readonly SandboxReport[], nowMs: number): ApiAnswer {
  const types = listed(query, 'reportTypes');
  const wantedStatuses = listed(query, 'processingStatuses');
  const marketplaces = listed(query, 'marketplaceIds');
  const sinceMs = Date.parse(query.get('createdSince') ?? new Date(nowMs - retentionMs).toISOString());
  const until = query.get('createdUntil');
  const untilMs = until === null ? Number.POSITIVE_INFINITY : Date.parse(until);
  const found = own
    .filter(({ reportType, status, marketplaceIds, createdAt }) => {
      const createdMs = Date.parse(createdAt);
      return (
        types?.includes(reportType) &&
        (!wantedStatuses || wantedStatuses.includes(status)) &&
        (!marketplaces || marketplaceIds.some((id) => marketplaces.includes(id))) &&
        createdMs >= sinceMs &&
        createdMs <= untilMs
      );
    })
    .sort((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt));
  const start = Number(query.get('start') ?? 0);
  const end = start + sizeOf(query);
  const rest = new URLSearchParams(query);
  rest.set('start', String(end));
  return {
    status: 200,
    body: {
      reports: found.slice(start, end).map(reportBody),
      nextToken: end < found.length ? Buffer.from(rest.toString()).toString('base64url') : undefined,
    },
  };
}

/** Reads a list: Amazon's clients separate items by commas, or repeat the parameter. */
function listed(query: URLSearchParams, name: string): string[] | undefined {
  const items = query.getAll(name).flatMap((each) => each.split(','));
  return items.length > 0 ? items : undefined;
}

function sizeOf(query: URLSearchParams): number {
  return Number(query.get('pageSize') ?? 10);
}
