import { ReportsError } from '../../errors/reports-error.js';
import {
  maxReportsPerPage,
  maxReportTypesPerCall,
  reportRetentionDays,
} from '../../source/selling-partner/limits.js';
import type { CallOptions, Report, ReportStatus, SellingPartner } from '../../source/types.js';
import type { PipelineContext } from '../../ingest/context.js';
import { unsureAsk } from './progress.js';
import type { Review } from './review.js';

const dayMs = 86_400_000;

/** What others asked for longer ago is in the ledger, or nobody waits for it. */
const latelyMs = 2 * dayMs;

/** One day less than Amazon allows, so that no call is refused at the border. */
const maxLookBackMs = (reportRetentionDays - 1) * dayMs;

/** The clocks of Amazon and of this machine differ by no more. */
export const clocksDifferMs = 120_000;

/** Of the burst of 10 calls the others are left to asks without an answer, and to sweeps. */
const mostPagesOfLately = 5;

/** Times around asks without an answer that a turn looks through, beside the oldest one. */
const mostSpans = 2;

const statuses: ReportStatus[] = ['IN_QUEUE', 'IN_PROGRESS', 'DONE', 'CANCELLED', 'FATAL'];

/** What Amazon's list of reports told. */
export interface AmazonsList {
  reports: Report[];
  /** Whether the list would have what was made of an ask at that time, as ISO 8601. */
  tellsOf(reportType: string, at: string): boolean;
}

/** Reports of some types that were made in a time. */
interface Span {
  types: string[];
  sinceMs: number;
  /** Infinity for all since: Amazon's clock may be ahead. */
  untilMs: number;
}

/**
 * Reads what Amazon has been asked for lately, by this program or by anybody else, whatever became of it: of the types that something is due
 * of. What was made around an ask without an answer is looked for by itself where that is not enough: it must be found however long the
 * program was off and however many reports there are since. Each turn begins with the oldest such ask, so that turns get through all of them,
 * and ends where the quota of getReports does. Errors: what is no refusal and no lack of quota.
 */
export async function readAmazonsList(
  seller: SellingPartner,
  reviews: Review[],
  { clock, log }: Pick<PipelineContext, 'clock' | 'log'>,
  { isPatient, ...call }: CallOptions & { isPatient: boolean },
): Promise<AmazonsList> {
  const nowMs = clock.now();
  const reports: Report[] = [];
  const told: Span[] = [];
  let isOver = false;
  const tellsOf = (reportType: string, at: string) => {
    const { sinceMs, untilMs } = spanAround(reportType, at);
    // Amazon has none of that time any more.
    if (sinceMs < nowMs - maxLookBackMs) return true;
    return told.some(
      (span) => span.types.includes(reportType) && span.sinceMs <= sinceMs && span.untilMs >= untilMs,
    );
  };
  const unsure = () =>
    spansOf(asksWithoutAnswer(reviews).filter(({ reportType, at }) => !tellsOf(reportType, at)));

  for (const span of unsure().slice(0, 1)) await read(span);
  const types = [...new Set(reviews.flatMap(({ plan, due }) => (due.length > 0 ? [plan.reportType] : [])))];
  await read({ types, sinceMs: nowMs - latelyMs, untilMs: Number.POSITIVE_INFINITY }, mostPagesOfLately);
  for (const span of unsure().slice(0, isPatient ? undefined : mostSpans)) await read(span);
  return { reports, tellsOf };

  async function read(span: Span, mostPages = Number.POSITIVE_INFINITY): Promise<void> {
    const groups = groupsOf(span.types);
    const mostReports = Math.ceil(mostPages / groups.length) * maxReportsPerPage;
    for (const group of groups) {
      if (isOver) return;
      try {
        const isWhole = await readGroup({ ...span, types: group }, mostReports);
        if (isWhole) told.push({ ...span, types: group });
      } catch (error) {
        if (!(error instanceof ReportsError)) throw error;
        isOver = error.code === 'API_QUOTA_EXCEEDED';
        // One type that the application lacks a role for must not keep the others from being asked for.
        if (!isOver && error.kind !== 'terminal') throw error;
        const about = { sellerId: seller.sellerId, code: error.code };
        if (isOver) log.info(about, `${error.message}: the next turn goes on`);
        else log.warn(about, error.message);
      }
    }
  }

  /** Resolves to whether there are no more. */
  async function readGroup({ types, sinceMs, untilMs }: Span, mostReports: number): Promise<boolean> {
    const created = {
      createdSince: new Date(sinceMs),
      ...(Number.isFinite(untilMs) ? { createdUntil: new Date(untilMs) } : {}),
    };
    let number = 0;
    for await (const report of seller.getReports({ reportTypes: types, statuses, ...created }, call)) {
      reports.push(report);
      number += 1;
      if (number === mostReports) return false;
    }
    return true;
  }
}

/** Of what is due now, and would be asked for again: what was asked just now may not be in the list yet. */
function asksWithoutAnswer(reviews: Review[]): { reportType: string; at: string }[] {
  return reviews.flatMap(({ plan: { reportType }, progress, due }) => {
    const starts = new Set(due.map(({ startMs }) => new Date(startMs).toISOString()));
    return progress.windows
      .filter(({ start }) => starts.has(start))
      .flatMap((record) => unsureAsk(record) ?? [])
      .map(({ at }) => ({ reportType, at }));
  });
}

/** The times when reports may have been made for those asks, oldest first; those that overlap are one. */
function spansOf(asks: { reportType: string; at: string }[]): Span[] {
  const spans: Span[] = [];
  for (const { reportType, at } of asks.toSorted((a, b) => (a.at < b.at ? -1 : 1))) {
    const span = spanAround(reportType, at);
    const last = spans.at(-1);
    if (!last || span.sinceMs > last.untilMs) spans.push(span);
    else {
      last.untilMs = span.untilMs;
      last.types = [...new Set([...last.types, reportType])];
    }
  }
  return spans;
}

function spanAround(reportType: string, at: string): Span {
  const atMs = Date.parse(at);
  return { types: [reportType], sinceMs: atMs - clocksDifferMs, untilMs: atMs + clocksDifferMs };
}

/** Those of one call each: of such a group it is known whether it was read to the end. */
function groupsOf(types: string[]): string[][] {
  const groups: string[][] = [];
  for (let start = 0; start < types.length; start += maxReportTypesPerCall)
    groups.push(types.slice(start, start + maxReportTypesPerCall));
  return groups;
}
