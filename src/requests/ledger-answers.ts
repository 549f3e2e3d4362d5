import type { LedgerField, LedgerRow } from '../warehouse/types.js';
import type { RequestProgress } from './request-progress.js';
import type { RefreshRules } from './refresh-rules.js';
import type { Answer } from './window-states.js';
import { isPeriodOf, type Window } from './windows.js';

/** The fields of a report that show which windows it answers, and how. */
export const answerFields = [
  'status',
  'marketplaceIds',
  'dataStart',
  'dataEnd',
  'reportCreatedAt',
  'loadedAt',
  'tables',
] as const satisfies LedgerField[];

export type AnsweringReport = Pick<LedgerRow, (typeof answerFields)[number]>;

/** What shows which windows of a request are answered or failed, and whether Amazon works. */
export interface Evidence {
  /** By report id: reports of open windows. */
  requested: ReadonlyMap<string, LedgerRow>;
  /** Reports of the type, seller and marketplaces, whoever requested them. */
  others: AnsweringReport[];
  /** The other requests of the type, of all sellers. */
  otherRequests: RequestProgress[];
  /** Into which parts new windows are divided now: the items of each, the most important first. */
  parts?: string[];
}

/** Returns the newest of some reports that answers a window. */
export function newestAnswer(
  reports: AnsweringReport[],
  window: Window,
  rules: Pick<RefreshRules, 'keepsOldRows'>,
): Answer | undefined {
  return reports
    .filter((report) => answers(report, window))
    .map((report) => answerOf(report, rules))
    .reduce<Answer | undefined>(
      (newest, each) => (newest && isNewer(newest, each) ? newest : each),
      undefined,
    );
}

/**
 * Returns what a report in the ledger says about its window. `requestedAt`: when it was requested,
 * for a report of which the ledger does not know when it was created.
 */
export function answerOf(
  { status, reportCreatedAt, loadedAt, tables }: AnsweringReport,
  { keepsOldRows }: Pick<RefreshRules, 'keepsOldRows'>,
  requestedAt = loadedAt,
): Answer {
  const filled = tables.filter(({ rows }) => rows > 0);
  // Zeros that stay beside the figures of a newer report would be rows too many.
  const isZero =
    !keepsOldRows && filled.length > 0 && filled.every(({ allMeasuresEmpty }) => allMeasuresEmpty);
  const isEmpty = status === 'cancelled' || status === 'empty' || (status === 'loaded' && isZero);
  return { createdAt: reportCreatedAt ?? requestedAt, isEmpty };
}

/** A snapshot is answered by any report that was created since. */
function answers({ reportCreatedAt, dataStart, dataEnd }: AnsweringReport, window: Window): boolean {
  if (window.startMs !== window.endMs) return isPeriodOf(window, { dataStart, dataEnd });
  return reportCreatedAt !== null && Date.parse(reportCreatedAt) >= window.startMs;
}

function isNewer(a: Answer, b: Answer): boolean {
  return Date.parse(a.createdAt) >= Date.parse(b.createdAt);
}
