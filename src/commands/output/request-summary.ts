import { marketplaces } from '../../schema/marketplaces.js';
import type { AskedReport } from '../../pipeline/requests/ask.js';
import type { RequestSummary } from '../../pipeline/requests/types.js';
import { pluralize } from '../../text/pluralize.js';
import { remediesText, somethingFailed, summaryJson, summaryText } from './summary.js';
import { textTable } from './text-table.js';

/** Whether a summary is worth printing: something happened, or somebody has to act. */
export function shouldPrint(summary: RequestSummary): boolean {
  const { asked, schedules, failures, taken } = summary;
  return [asked, schedules, failures].some((each) => each.length > 0) || taken !== undefined;
}

/**
 * Whether the exit code is 1: a request failed, or a report loaded without a notification was
 * quarantined or failed.
 */
export function requestsFailed({ failures, taken }: RequestSummary): boolean {
  return failures.length > 0 || (taken !== undefined && somethingFailed(taken));
}

/** Returns the outcome of requests as text for people. */
export function requestText(summary: RequestSummary, { dryRun = false }: { dryRun?: boolean } = {}): string {
  const { asked, left, underway, waiting, givenUp, schedules, failures, taken } = summary;
  const verb = dryRun ? 'Would request' : 'Requested';
  const nothing = failures.length > 0 ? 'No report was requested.' : 'Nothing to request.';
  const parts = [asked.length > 0 ? `${verb} ${pluralize(asked.length, 'report')}.\n` : `${nothing}\n`];
  if (asked.length > 0) parts.push(`\n${askedTable(asked)}`);
  if (schedules.length > 0) {
    const rows = schedules.map(({ sellerId, reportType, marketplaceIds, period, done }) => [
      sellerId,
      reportType,
      countries(marketplaceIds),
      period ?? null,
      done,
    ]);
    const table = textTable(['seller', 'report type', 'marketplaces', 'period', 'schedule'], rows);
    parts.push(`\nSchedules at Amazon\n${table}`);
  }
  const rest = [
    ...(underway > 0 ? [`${pluralize(underway, 'report')} in progress`] : []),
    ...(waiting > 0 ? [`${pluralize(waiting, 'request')} to be retried later`] : []),
    ...(left > 0 ? [`${pluralize(left, 'window')} postponed`] : []),
  ];
  if (rest.length > 0) parts.push(`\n${rest.join(', ')}.\n`);
  if (taken) parts.push(`\nLoaded without a notification: ${summaryText(taken)}`);
  if (failures.length > 0) {
    const messages = failures.map(({ message }) => `  ${message}\n`);
    parts.push('\nFailed\n', ...messages, remediesText(failures));
  }
  if (givenUp.length > 0) {
    parts.push('\nGiven up; `sp-reports request --again` retries them\n');
    for (const { sellerId, reportType, start, end, found } of givenUp)
      parts.push(`  ${reportType} of ${sellerId}, ${start} to ${end}\n    ${found}\n`);
  }
  return parts.join('');
}

/** Returns the outcome of requests as JSON for programs. */
export function requestJson({ taken, ...summary }: RequestSummary): Record<string, unknown> {
  return { ...summary, ...(taken ? { taken: summaryJson(taken) } : {}) };
}

/** Returns the outcome of requests as counts. */
export function requestCounts(summary: RequestSummary): Record<string, number> {
  const { asked, left, underway, waiting, givenUp, failures } = summary;
  return {
    asked: asked.length,
    left,
    underway,
    waiting,
    givenUp: givenUp.length,
    failures: failures.length,
  };
}

function askedTable(asked: AskedReport[]): string {
  const rows = asked.map(({ sellerId, reportType, marketplaceIds, dataStart, dataEnd, reportId }) => [
    sellerId,
    reportType,
    countries(marketplaceIds),
    dataStart ?? 'now',
    dataEnd ?? null,
    reportId ?? null,
  ]);
  return textTable(['seller', 'report type', 'marketplaces', 'from', 'to', 'report id'], rows);
}

function countries(ids: string[]): string {
  return ids.map((id) => marketplaces[id]?.country ?? id).join(' ');
}
