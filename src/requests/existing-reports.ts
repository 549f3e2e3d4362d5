import { ReportsError } from '../errors/reports-error.js';
import type { PipelineContext } from '../ingest/context.js';
import {
  maxReportsPerPage,
  maxReportTypesPerCall,
  reportRetentionDays,
} from '../source/selling-partner/limits.js';
import type { CallOptions, Report, ReportStatus, SellingPartner } from '../source/types.js';
import type { DueWindows } from './due-windows.js';
import { windowRecord } from './request-progress.js';
import { maxClockSkewMs, maxProcessingMs, unconfirmedAttempt } from './window-states.js';

const dayMs = 86_400_000;

/** Reports that others requested earlier are in the ledger, or nobody waits for them. */
const recentMs = 2 * dayMs;

/** One day less than Amazon allows, so that no call is refused at the limit. */
const maxLookBackMs = (reportRetentionDays - 1) * dayMs;

/** Of the burst of 10 calls, the others are left to unconfirmed attempts and to sweeps. */
const maxRecentPages = 5;

/** Ranges around unconfirmed attempts that a cycle reads, besides the oldest one. */
const maxRanges = 2;

const statuses: ReportStatus[] = ['IN_QUEUE', 'IN_PROGRESS', 'DONE', 'CANCELLED', 'FATAL'];

/** The reports that Amazon lists. */
export interface ExistingReports {
  reports: Report[];
  /**
   * Whether a report that was created by an attempt at this time would be among them. `at` is ISO
   * 8601.
   */
  covers(reportType: string, at: string): boolean;
  /** Whether reports may exist that lost state knew of: the list of the type could not be read. */
  mayHideLost(reportType: string): boolean;
}

/** Reports of some types, created within a time. */
interface CreatedRange {
  types: string[];
  sinceMs: number;
  /** Infinity for everything since: Amazon's clock may be ahead. */
  untilMs: number;
}

/**
 * Reads which reports were requested recently, by this program or by anyone else, of the types that
 * have due windows, whatever became of them. If that does not reach back to an unconfirmed attempt,
 * the time around the attempt is read as well: its report must be found however long the program
 * was off and however many reports were created since. Each cycle begins with the oldest such
 * attempt, so that cycles get through all of them, and ends when the quota of getReports does.
 * After a loss of state, it reads as far back as reports that nobody knows of may still be made.
 * Errors: any but a refusal and API_QUOTA_EXCEEDED.
 */
export async function readExistingReports(
  seller: SellingPartner,
  requests: DueWindows[],
  { clock, log }: Pick<PipelineContext, 'clock' | 'log'>,
  { waitsForQuota, isStateLost, ...call }: CallOptions & { waitsForQuota: boolean; isStateLost: boolean },
): Promise<ExistingReports> {
  const nowMs = clock.now();
  const reports: Report[] = [];
  const rangesRead: CreatedRange[] = [];
  const listedTypes = new Set<string>();
  let isQuotaExhausted = false;
  const covers = (reportType: string, at: string) => {
    const { sinceMs, untilMs } = rangeAround(reportType, at);
    // Amazon no longer has reports of that time.
    if (sinceMs < nowMs - maxLookBackMs) return true;
    return rangesRead.some(
      (range) => range.types.includes(reportType) && range.sinceMs <= sinceMs && range.untilMs >= untilMs,
    );
  };
  const mayHideLost = (reportType: string) => isStateLost && !listedTypes.has(reportType);
  const unreadRanges = () =>
    mergedRanges(unconfirmedAttempts(requests).filter(({ reportType, at }) => !covers(reportType, at)));

  for (const range of unreadRanges().slice(0, 1)) await read(range);
  const types = [...new Set(requests.flatMap(({ plan, due }) => (due.length > 0 ? [plan.reportType] : [])))];
  const sinceMs = nowMs - (isStateLost ? maxProcessingMs : recentMs);
  await read({ types, sinceMs, untilMs: Number.POSITIVE_INFINITY }, maxRecentPages);
  for (const range of unreadRanges().slice(0, waitsForQuota ? undefined : maxRanges)) await read(range);
  return { reports, covers, mayHideLost };

  async function read(range: CreatedRange, maxPages = Number.POSITIVE_INFINITY): Promise<void> {
    const groups = groupsOf(range.types);
    const maxReports = Math.ceil(maxPages / groups.length) * maxReportsPerPage;
    for (const group of groups) {
      if (isQuotaExhausted) return;
      try {
        const isComplete = await readGroup({ ...range, types: group }, maxReports);
        if (isComplete) rangesRead.push({ ...range, types: group });
        if (!Number.isFinite(range.untilMs)) for (const type of group) listedTypes.add(type);
      } catch (error) {
        if (!(error instanceof ReportsError)) throw error;
        isQuotaExhausted = error.code === 'API_QUOTA_EXCEEDED';
        // A type that the application has no role for must not block requests of other types.
        if (!isQuotaExhausted && error.kind !== 'terminal') throw error;
        const about = { sellerId: seller.sellerId, code: error.code };
        if (isQuotaExhausted) log.info(about, `${error.message}: continuing in the next cycle`);
        else log.warn(about, error.message);
      }
    }
  }

  /** Resolves to whether it read all of them. */
  async function readGroup({ types, sinceMs, untilMs }: CreatedRange, maxReports: number): Promise<boolean> {
    const created = {
      createdSince: new Date(sinceMs),
      createdUntil: Number.isFinite(untilMs) ? new Date(untilMs) : undefined,
    };
    let number = 0;
    for await (const report of seller.getReports({ reportTypes: types, statuses, ...created }, call)) {
      reports.push(report);
      number += 1;
      if (number === maxReports) return false;
    }
    return true;
  }
}

/** Of due windows only: a report that was requested just now may not be listed yet. */
function unconfirmedAttempts(requests: DueWindows[]): { reportType: string; at: string }[] {
  return requests.flatMap(({ plan: { reportType }, progress, due }) =>
    due.flatMap((window) => {
      // The list does not show which part of a window a report is of.
      const attempt =
        window.items === undefined ? unconfirmedAttempt(windowRecord(progress, window)) : undefined;
      return attempt ? [{ reportType, at: attempt.at }] : [];
    }),
  );
}

/** When the reports of those attempts may have been created, oldest first, overlaps joined. */
function mergedRanges(attempts: { reportType: string; at: string }[]): CreatedRange[] {
  const ranges: CreatedRange[] = [];
  for (const { reportType, at } of attempts.toSorted((a, b) => (a.at < b.at ? -1 : 1))) {
    const range = rangeAround(reportType, at);
    const last = ranges.at(-1);
    if (!last || range.sinceMs > last.untilMs) ranges.push(range);
    else {
      last.untilMs = range.untilMs;
      last.types = [...new Set([...last.types, reportType])];
    }
  }
  return ranges;
}

function rangeAround(reportType: string, at: string): CreatedRange {
  const atMs = Date.parse(at);
  return { types: [reportType], sinceMs: atMs - maxClockSkewMs, untilMs: atMs + maxClockSkewMs };
}

/** Types of one call each, so that for each group we know whether it was read to the end. */
function groupsOf(types: string[]): string[][] {
  const groups: string[][] = [];
  for (let start = 0; start < types.length; start += maxReportTypesPerCall)
    groups.push(types.slice(start, start + maxReportTypesPerCall));
  return groups;
}
