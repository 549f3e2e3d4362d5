import { ReportsError } from '../../errors.js';
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

/**
 * What Amazon has of those types that was asked for lately, by this program or by anybody else, whatever became of it; as far as the quota
 * of getReports lets it be seen. What was made around an ask of theirs without an answer is looked for by itself, and first: it must be
 * found, however long the program was off and however many reports there are since. Errors: API_QUOTA_EXCEEDED where that is not possible now.
 */
export async function recentReports(
  seller: SellingPartner,
  reportTypes: string[],
  progresses: Progress[],
  nowMs: number,
  call: CallOptions,
): Promise<Report[]> {
  const statuses: Report['status'][] = ['IN_QUEUE', 'IN_PROGRESS', 'DONE', 'CANCELLED', 'FATAL'];
  const reports: Report[] = [];
  for (const { sinceMs, untilMs } of spansOfUnsure(progresses, nowMs)) {
    const span = { createdSince: new Date(sinceMs), createdUntil: new Date(untilMs) };
    for await (const report of seller.getReports({ reportTypes, statuses, ...span }, call))
      reports.push(report);
  }
  let hasSome = false;
  try {
    const lately = { createdSince: new Date(nowMs - lookBackMs) };
    for await (const report of seller.getReports({ reportTypes, statuses, ...lately }, call)) {
      reports.push(report);
      hasSome = true;
    }
  } catch (error) {
    // Of the rest somebody else may have asked for one: asking once more loses nothing.
    if (!hasSome || !(error instanceof ReportsError) || error.code !== 'API_QUOTA_EXCEEDED') throw error;
  }
  return reports;
}

/** The times when reports may have been made for asks without an answer; those that overlap are one. */
function spansOfUnsure(progresses: Progress[], nowMs: number): { sinceMs: number; untilMs: number }[] {
  const times = progresses.flatMap(({ windows }) =>
    windows.flatMap((record) => {
      const atMs = Date.parse(unsureAsk(record)?.at ?? '');
      return atMs >= nowMs - longestLookBackMs ? [atMs] : [];
    }),
  );
  const spans: { sinceMs: number; untilMs: number }[] = [];
  for (const atMs of times.sort((a, b) => a - b)) {
    const [sinceMs, untilMs] = [atMs - clocksDifferMs, atMs + clocksDifferMs];
    const last = spans.at(-1);
    if (last && sinceMs <= last.untilMs) last.untilMs = untilMs;
    else spans.push({ sinceMs, untilMs });
  }
  return spans;
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
