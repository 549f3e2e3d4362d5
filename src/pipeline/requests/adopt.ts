import type { CallOptions, Report, SellingPartner } from '../../source/types.js';
import type { Progress } from './book.js';
import { isSame, type RequestPlan } from './plan.js';
import { unsureAsk, withAsk, withRecord } from './progress.js';
import { isPeriodOf, type Window } from './windows.js';

const dayMs = 86_400_000;

/** What others asked for longer ago is in the ledger, or nobody waits for it. */
const lookBackMs = 2 * dayMs;

/** Amazon keeps reports for 90 days, and refuses to look back further. */
const longestLookBackMs = 89 * dayMs;

/** The clocks of Amazon and of this machine differ by no more. */
const clocksDifferMs = 120_000;

/** Reports that are looked through at most: their pages cost the quota of getReports. */
const mostReports = 300;

/**
 * What Amazon has of those types that was asked for lately, by this program or by anybody else, whatever became of it. It goes back as far
 * as the oldest ask of theirs without an answer: the program may have been off for days.
 */
export async function recentReports(
  seller: SellingPartner,
  reportTypes: string[],
  progresses: Progress[],
  nowMs: number,
  call: CallOptions,
): Promise<Report[]> {
  const reports: Report[] = [];
  const unsureMs = progresses.flatMap(({ windows }) =>
    windows.flatMap((record) => {
      const unsure = unsureAsk(record);
      return unsure ? [Date.parse(unsure.at) - clocksDifferMs] : [];
    }),
  );
  const sinceMs = Math.max(Math.min(nowMs - lookBackMs, ...unsureMs), nowMs - longestLookBackMs);
  const filter = {
    reportTypes,
    statuses: ['IN_QUEUE', 'IN_PROGRESS', 'DONE', 'CANCELLED', 'FATAL'] as const,
    createdSince: new Date(sinceMs),
  };
  for await (const report of seller.getReports({ ...filter, statuses: [...filter.statuses] }, call)) {
    reports.push(report);
    if (reports.length === mostReports) break;
  }
  return reports;
}

/**
 * Notes a report that Amazon has for a window already: the answer to a call that was cut off, what another replica asked for, or a person.
 * Returns undefined where there is none.
 */
export function adopt(
  progress: Progress,
  plan: RequestPlan,
  window: Window,
  reports: Report[],
  isOwned: (reportId: string) => boolean,
): Progress | undefined {
  const start = new Date(window.startMs).toISOString();
  const record = progress.windows.find((each) => each.start === start);
  const unsure = record && unsureAsk(record);
  const known = new Set(record?.asks.map(({ reportId }) => reportId));
  const [found] = reports
    .filter((report) => {
      if (report.reportType !== plan.reportType || !isSame(report.marketplaceIds, plan.marketplaceIds))
        return false;
      if (known.has(report.reportId) || isOwned(report.reportId)) return false;
      const createdMs = Date.parse(report.createdAt);
      if (record?.againAt && createdMs < Date.parse(record.againAt)) return false;
      // Of a request that differs in its options alone it may be as well; only what this program waits for is taken for its own.
      if (plan.hasSibling && !(unsure && Math.abs(createdMs - Date.parse(unsure.at)) <= clocksDifferMs))
        return false;
      if (window.startMs !== window.endMs) return isPeriodOf(window, report);
      return createdMs >= (unsure ? Date.parse(unsure.at) - clocksDifferMs : window.startMs);
    })
    .sort(
      (a, b) =>
        Number(a.status === 'FATAL') - Number(b.status === 'FATAL') || (a.createdAt < b.createdAt ? 1 : -1),
    );
  if (!found) return undefined;
  const { createdAt: at, reportId } = found;
  return withRecord(progress, window, (held) => withAsk(held, { at, reportId }));
}
