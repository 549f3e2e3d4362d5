import type { Report } from '../source/types.js';
import { type AmazonsList, clocksDifferMs } from './existing-reports.js';
import type { Progress, RequestBook } from './request-store.js';
import { isSame, type RequestPlan } from './request-plans.js';
import { hasSameAsks, recordOf, unsureAsk, withAsk, withoutLastAsk, withRecord } from './window-states.js';
import type { Review } from './due-windows.js';
import { isPeriodOf, type Window } from './windows.js';

/**
 * Leaves out of what is due what Amazon has been asked for already, and notes it; what another process asked for meanwhile is left out too.
 * Where nothing came of an ask without an answer, that is noted as well: nobody has to look for it again. `unsure` are the windows of which
 * Amazon's list does not tell that yet.
 */
export async function withAdopted(
  { plan, progress: known, due }: Review,
  { reports, tellsOf }: AmazonsList,
  book: RequestBook,
): Promise<Review & { unsure: Window[] }> {
  const others = book.reportIdsOfOthers(plan.key);
  const adoptIn = (held: Progress) => {
    const left: Review & { unsure: Window[] } = { plan, progress: held, due: [], unsure: [] };
    for (const window of due) {
      if (!hasSameAsks(held, known, window)) continue;
      const adopted = adopt(left.progress, plan, window, reports, (id) => others.has(id));
      if (adopted) {
        left.progress = adopted;
        continue;
      }
      const ask = unsureAsk(recordOf(held, window) ?? { asks: [] });
      if (ask && !tellsOf(plan.reportType, ask.at)) {
        left.unsure.push(window);
        continue;
      }
      if (ask) left.progress = withoutLastAsk(left.progress, window);
      left.due.push(window);
    }
    return left;
  };
  let adopted = adoptIn(known);
  if (adopted.progress === known) return adopted;
  await book.change(plan.key, (held) => {
    adopted = adoptIn(held ?? known);
    return adopted.progress;
  });
  return adopted;
}

/**
 * Notes a report that Amazon has for a window already: the answer to a call that was cut off, what another replica asked for, or a person.
 * Returns undefined where there is none.
 */
function adopt(
  progress: Progress,
  plan: RequestPlan,
  window: Window,
  reports: Report[],
  isOwned: (reportId: string) => boolean,
): Progress | undefined {
  const record = recordOf(progress, window);
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
