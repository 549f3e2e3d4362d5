import { countryOf } from '../../schema/marketplaces.js';
import type { RequestedReport, RequestSummary } from '../../requests/types.js';
import type { CallsPerDay } from '../../requests/calls-per-day.js';
import { reportPeriod } from '../../requests/windows.js';
import { pluralize } from '../../text/pluralize.js';
import { callPlanText } from './call-plan-text.js';
import { partsText } from './parts-text.js';
import { remediesText, somethingFailed, summaryJson, summaryText } from './summary.js';
import { textTable } from './text-table.js';

/** Whether something happened, or a person has to act. */
export function hasRequestNews(summary: RequestSummary): boolean {
  const { requested, schedules, failures, recovered } = summary;
  return [requested, schedules, failures].some((each) => each.length > 0) || recovered !== undefined;
}

/**
 * Whether the exit code is 1: a request failed, or a report that was loaded without a notification
 * failed or was quarantined.
 */
export function requestsFailed({ failures, recovered }: RequestSummary): boolean {
  return failures.length > 0 || (recovered !== undefined && somethingFailed(recovered));
}

/** The result of a request cycle as text. */
export function requestText(
  summary: RequestSummary,
  { dryRun = false, nowMs = 0, width }: { dryRun?: boolean; nowMs?: number; width?: number } = {},
): string {
  const { requested, postponed, inFlight, backingOff, abandoned, schedules, failures, notes, recovered } =
    summary;
  const verb = dryRun ? 'Would request' : 'Requested';
  const nothing = failures.length > 0 ? 'No report requested.' : 'Nothing to request.';
  const parts = [
    requested.length > 0 ? `${verb} ${pluralize(requested.length, 'report')}.\n` : `${nothing}\n`,
  ];
  if (dryRun) parts.push(callPlanText(summary, { nowMs, width }));
  else if (requested.length > 0) parts.push(`\n${requestedTable(requested, width)}`);
  if (notes.length > 0) parts.push('\n', ...notes.map((note) => `note: ${note}\n`));
  if (summary.parts.length > 0) parts.push('\n', partsText(summary.parts));
  if (schedules.length > 0) {
    const rows = schedules.map(({ sellerId, reportType, marketplaceIds, period, done }) => [
      sellerId,
      reportType,
      countries(marketplaceIds),
      period ?? null,
      done,
    ]);
    const table = textTable(['seller', 'report type', 'marketplaces', 'period', 'schedule'], rows, {
      width,
      wrap: true,
    });
    parts.push(`\nSchedules at Amazon\n${table}`);
  }
  const rest = [
    ...(inFlight > 0 ? [`${pluralize(inFlight, 'report')} in flight`] : []),
    ...(backingOff > 0 ? [`${pluralize(backingOff, 'request')} to retry later`] : []),
    ...(postponed > 0 ? [`${pluralize(postponed, 'window')} postponed`] : []),
  ];
  if (rest.length > 0) parts.push(`\n${rest.join(', ')}.\n`);
  if (recovered) parts.push(`\nLoaded without a notification: ${summaryText(recovered)}`);
  if (failures.length > 0) {
    const messages = failures.map(({ message }) => `  ${message}\n`);
    parts.push('\nFailed\n', ...messages, remediesText(failures));
  }
  if (abandoned.length > 0) {
    parts.push('\nAbandoned after repeated failures; retry with `sp-reports request --again`\n');
    for (const { sellerId, reportType, start, end, items, found } of abandoned) {
      const part = items === undefined ? '' : `, ${items}`;
      parts.push(`  ${reportType} of ${sellerId}, ${start} to ${end}${part}\n    ${found}\n`);
    }
  }
  return parts.join('');
}

/** The result of a request cycle as JSON. Scripts rely on these keys. */
export function requestJson(summary: RequestSummary): Record<string, unknown> {
  const { requested, postponed, inFlight, backingOff, abandoned, schedules, failures, notes, recovered } =
    summary;
  const { decisions, perDay } = summary;
  return {
    asked: requested,
    left: postponed,
    underway: inFlight,
    waiting: backingOff,
    givenUp: abandoned,
    schedules,
    failures,
    notes,
    parts: summary.parts,
    taken: recovered && summaryJson(recovered),
    plan: decisions?.map(decisionJson),
    perDay: perDay && perDayJson(perDay),
  };
}

/** When a window would be requested, and what it waits for. */
function decisionJson({ candidate, atMs, waitsFor }: NonNullable<RequestSummary['decisions']>[number]) {
  const { sellerId, reportType, marketplaceIds } = candidate.plan;
  const at = waitsFor === undefined ? 'now' : new Date(atMs).toISOString();
  const period = reportPeriod(candidate.window);
  return { sellerId, reportType, marketplaceIds, ...period, reason: candidate.reason, at, waitsFor };
}

function perDayJson({ sellers, limits }: CallsPerDay) {
  return {
    sellers,
    limits: limits.map(({ limit: { reportType, calls, perMs }, ...rest }) => ({
      reportType,
      calls,
      perSeconds: perMs / 1000,
      ...rest,
    })),
  };
}

/** The figures of a request cycle, for the log. */
export function requestCounts(summary: RequestSummary): Record<string, number> {
  const { requested, postponed, inFlight, backingOff, abandoned, failures } = summary;
  return {
    requested: requested.length,
    postponed,
    inFlight,
    backingOff,
    abandoned: abandoned.length,
    failures: failures.length,
  };
}

function requestedTable(requested: RequestedReport[], width: number | undefined): string {
  const hasParts = requested.some(({ items }) => items !== undefined);
  const rows = requested.map((each) => [
    each.sellerId,
    each.reportType,
    countries(each.marketplaceIds),
    each.dataStart ?? 'now',
    each.dataEnd ?? null,
    ...(hasParts ? [each.items === undefined ? null : shortened(each.items)] : []),
    each.reportId ?? null,
  ]);
  const items = hasParts ? ['items'] : [];
  return textTable(['seller', 'report type', 'marketplaces', 'from', 'to', ...items, 'report id'], rows, {
    width,
    wrap: true,
  });
}

function shortened(items: string): string {
  return items.length <= 14 ? items : `${items.slice(0, 13)}…`;
}

function countries(ids: string[]): string {
  return ids.map(countryOf).join(' ');
}
