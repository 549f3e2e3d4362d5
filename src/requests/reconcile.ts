import type { Report } from '../source/types.js';
import type { DueWindows } from './due-windows.js';
import type { ExistingReports } from './existing-reports.js';
import { applyToWindow, type RequestProgress, windowRecord, windowVersion } from './request-progress.js';
import { isCoveredBy, type RequestPlan } from './request-plans.js';
import type { RequestStore } from './request-store.js';
import { maxClockSkewMs, unconfirmedAttempt } from './window-states.js';
import { isPeriodOf, type Window } from './windows.js';

/** Due windows after a look at the reports that exist. */
export interface Reconciled extends DueWindows {
  /**
   * Windows that may have been requested: the list of reports does not cover the time of the
   * attempt, or state was lost and the list could not be read.
   */
  unconfirmed: Window[];
}

/**
 * Matches due windows with the reports that Amazon has already: the result of a call whose response
 * was lost, or the request of another replica or of a person. A matched window becomes `requested`.
 * An unconfirmed window without a report becomes `due`. Both are stored. Windows that another
 * process changed in the meantime are left out.
 */
export async function reconcile(
  { plan, progress: known, due }: DueWindows,
  existing: ExistingReports,
  store: RequestStore,
  nowMs: number,
): Promise<Reconciled> {
  const ofOthers = store.reportIdsOfOthers(plan.key);
  const reports = existing.reports.filter(
    ({ reportId, reportType, marketplaceIds }) =>
      reportType === plan.reportType && isCoveredBy(plan, marketplaceIds) && !ofOthers.has(reportId),
  );
  let result = reconciled(known);
  if (result.progress === known) return result;
  await store.update(plan.key, (held) => {
    result = reconciled(held ?? known);
    return result.progress;
  });
  return result;

  function reconciled(held: RequestProgress): Reconciled {
    const left: Reconciled = { plan, progress: held, due: [], unconfirmed: [] };
    for (const window of due) {
      if (windowVersion(held, window) !== windowVersion(known, window)) continue;
      // The list does not show which part a report is of, and other applications request parts too.
      // One report too many loses nothing; a part that is taken for requested would be missing.
      const isPart = window.items !== undefined;
      const found = isPart ? undefined : matchReport(held, plan, window, reports);
      const attempt = isPart ? undefined : unconfirmedAttempt(windowRecord(held, window));
      if (found) {
        const { reportId, createdAt: at } = found;
        left.progress = applyToWindow(left.progress, window, { type: 'report-created', reportId, at }, nowMs);
      } else if (
        existing.mayHideLost(plan.reportType) ||
        (attempt && !existing.covers(plan.reportType, attempt.at))
      ) {
        left.unconfirmed.push(window);
      } else {
        left.progress = applyToWindow(left.progress, window, { type: 'not-created' }, nowMs);
        left.due.push(window);
      }
    }
    return left;
  }
}

/** Returns the newest report for a window, one that did not fail if possible. */
function matchReport(
  progress: RequestProgress,
  plan: RequestPlan,
  window: Window,
  reports: Report[],
): Report | undefined {
  const record = windowRecord(progress, window);
  const attempt = unconfirmedAttempt(record);
  const known = new Set(record?.attempts.map(({ reportId }) => reportId));
  const [found] = reports
    .filter(isMatch)
    .sort(
      (a, b) =>
        Number(a.status === 'FATAL') - Number(b.status === 'FATAL') || (a.createdAt < b.createdAt ? 1 : -1),
    );
  return found;

  function isMatch(report: Report): boolean {
    if (known.has(report.reportId)) return false;
    const createdMs = Date.parse(report.createdAt);
    if (record?.forcedAt && createdMs < Date.parse(record.forcedAt)) return false;
    if (record?.refreshAt && createdMs < Date.parse(record.refreshAt) - maxClockSkewMs) return false;
    // A report does not show its options. With a sibling, only a report that was created at the
    // time of an unconfirmed attempt is taken for the result of that attempt.
    const attemptedMs = attempt && Date.parse(attempt.at);
    const isOfAttempt = attemptedMs !== undefined && Math.abs(createdMs - attemptedMs) <= maxClockSkewMs;
    if (plan.hasSibling && !isOfAttempt) return false;
    if (window.startMs !== window.endMs) return isPeriodOf(window, report);
    return createdMs >= (attemptedMs === undefined ? window.startMs : attemptedMs - maxClockSkewMs);
  }
}
