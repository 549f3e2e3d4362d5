import { schedulePeriods } from '../config/request-spec.js';
import type { AmazonState, AskedReport, SandboxReport, SandboxSchedule } from './amazon.js';
import { type ApiAnswer, refusal } from './answer.js';
import { searchQueryProblem } from './search-queries.js';

/** The result of a requested report. */
export interface Making {
  status: 'DONE' | 'CANCELLED' | 'FATAL';
  /** The bytes of the text; for FATAL, those of the explanation. */
  body?: Buffer;
  contentType?: string;
}

const base = '/reports/2021-06-30/';
const maxMarketplaces = 25;

/**
 * Returns Amazon's name of an operation that requests a report, cancels it, or manages schedules;
 * undefined for any other path.
 */
export function requestsOperation(method: string, path: string): string | undefined {
  if (!path.startsWith(base)) return undefined;
  const [kind, ...ids] = path.slice(base.length).split('/');
  const operations: Record<string, string> = {
    'POST reports 0': 'createReport',
    'DELETE reports 1': 'cancelReport',
    'GET schedules 0': 'getReportSchedules',
    'POST schedules 0': 'createReportSchedule',
    'GET schedules 1': 'getReportSchedule',
    'DELETE schedules 1': 'cancelReportSchedule',
  };
  return operations[`${method} ${kind} ${ids.length}`];
}

/**
 * Answers such a call. `thing` is the last part of its path; `add` adds a new report, which is in
 * the queue, to Amazon's list. Source: reports_2021-06-30 of Amazon's models.
 */
export function answerRequests(
  call: { operation: string; thing: string; query: URLSearchParams; body: string; sellerId: string },
  { reports, schedules, random, now }: AmazonState,
  add: (asked: AskedReport) => SandboxReport,
): ApiAnswer {
  const { operation, thing, query, body, sellerId } = call;
  const own = schedules.filter((each) => each.sellerId === sellerId);
  const schedule = own.find(({ reportScheduleId }) => reportScheduleId === thing);
  switch (operation) {
    case 'createReport': {
      const asked = readAsked(body, sellerId, now());
      if (typeof asked === 'string') return refusal(400, 'InvalidInput', asked);
      return { status: 202, body: { reportId: add(asked).reportId } };
    }
    case 'cancelReport': {
      const report = reports.find((each) => each.sellerId === sellerId && each.reportId === thing);
      if (!report) return missing;
      if (report.status !== 'IN_QUEUE')
        return refusal(400, 'InvalidInput', 'The report is not in the queue.');
      report.status = 'CANCELLED';
      return { status: 200, body: {} };
    }
    case 'createReportSchedule': {
      const asked = readAsked(body, sellerId, now());
      const { period = '', nextReportCreationTime } = parsed(body);
      if (typeof asked === 'string') return refusal(400, 'InvalidInput', asked);
      const periodMs = periodMsOf(period);
      if (periodMs === undefined) return refusal(400, 'InvalidInput', `${period} is no period.`);
      const before = own.find((each) => sameReports(each, asked));
      if (before) schedules.splice(schedules.indexOf(before), 1);
      const nextAt = nextReportCreationTime ?? new Date(now() + periodMs).toISOString();
      const made = { ...asked, period, nextAt, reportScheduleId: `5${random.digits(10)}` };
      schedules.push(made);
      return { status: 201, body: { reportScheduleId: made.reportScheduleId } };
    }
    case 'getReportSchedules': {
      const types = query.getAll('reportTypes').flatMap((each) => each.split(','));
      if (types.length === 0 || types.length > 10)
        return refusal(400, 'InvalidInput', 'From 1 to 10 reportTypes are required.');
      const found = own.filter(({ reportType }) => types.includes(reportType));
      return { status: 200, body: { reportSchedules: found.map(scheduleBody) } };
    }
    case 'getReportSchedule':
      return schedule ? { status: 200, body: scheduleBody(schedule) } : missing;
    default:
      if (!schedule) return missing;
      schedules.splice(schedules.indexOf(schedule), 1);
      return { status: 200, body: {} };
  }
}

/** Returns the reports of due schedules; each schedule then waits for its next time. */
export function dueBySchedule({
  schedules,
  now,
}: AmazonState): (AskedReport & { reportScheduleId: string })[] {
  const due = schedules.filter(({ nextAt }) => Date.parse(nextAt) <= now());
  for (const schedule of due) {
    schedule.nextAt = new Date(now() + (periodMsOf(schedule.period) ?? 0)).toISOString();
  }
  return due;
}

/** Identifies a schedule: Amazon keeps one per report type and marketplaces. */
function sameReports(a: AskedReport, b: AskedReport): boolean {
  return (
    a.reportType === b.reportType &&
    String(a.marketplaceIds.toSorted()) === String(b.marketplaceIds.toSorted())
  );
}

function scheduleBody(schedule: SandboxSchedule): object {
  const { reportScheduleId, reportType, marketplaceIds, reportOptions, period, nextAt } = schedule;
  const rest = { marketplaceIds, reportOptions, period, nextReportCreationTime: nextAt };
  return { reportScheduleId, reportType, ...rest };
}

const missing = refusal(404, 'NotFound', "The resource doesn't exist.");

interface RequestBody {
  reportType?: unknown;
  marketplaceIds?: unknown;
  reportOptions?: Record<string, string>;
  dataStartTime?: string;
  dataEndTime?: string;
  period?: string;
  nextReportCreationTime?: string;
}

/** Returns the parameters in a body, or what is wrong with it. */
function readAsked(body: string, sellerId: string, nowMs: number): AskedReport | string {
  const { reportType, marketplaceIds, reportOptions = {}, dataStartTime, dataEndTime } = parsed(body);
  if (typeof reportType !== 'string' || reportType === '') return 'reportType is required.';
  // Source: "Settlement reports cannot be requested or scheduled", of the documentation of report
  // types.
  if (/SETTLEMENT/.test(reportType)) return `Reports of type ${reportType} cannot be requested.`;
  if (
    !Array.isArray(marketplaceIds) ||
    marketplaceIds.length === 0 ||
    marketplaceIds.length > maxMarketplaces
  )
    return `From 1 to ${maxMarketplaces} marketplaceIds are required.`;
  const [startMs = nowMs, endMs = nowMs] = [dataStartTime, dataEndTime].map((time) =>
    time === undefined ? undefined : Date.parse(time),
  );
  if (!(startMs <= endMs) || !(endMs <= nowMs)) return 'The data times are not in order, or in the future.';
  const problem = searchQueryProblem({ reportType, reportOptions });
  if (problem) return problem;
  return {
    sellerId,
    reportType,
    marketplaceIds,
    reportOptions,
    dataStart: dataStartTime ? new Date(startMs).toISOString() : undefined,
    dataEnd: dataEndTime ? new Date(endMs).toISOString() : undefined,
  };
}

function periodMsOf(period: string): number | undefined {
  if (!(schedulePeriods as readonly string[]).includes(period)) return undefined;
  const [, days = 0, hours = 0, minutes = 0] =
    /^P(?:(\d+)D|1M)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$/.exec(period) ?? [];
  const dayMs = 86_400_000;
  return period === 'P1M'
    ? 30 * dayMs
    : Number(days) * dayMs + Number(hours) * 3_600_000 + Number(minutes) * 60_000;
}

function parsed(body: string): RequestBody {
  try {
    return JSON.parse(body) ?? {};
  } catch {
    return {};
  }
}
