import type { CallsPerDay, LimitedCalls, SellerCalls } from '../../requests/calls-per-day.js';
import type { RequestLimit } from '../../requests/call-limits.js';
import type { RequestSummary } from '../../requests/types.js';
import { windowsBetween } from '../../requests/windows.js';
import { countryOf } from '../../schema/marketplaces.js';
import type { CallReason } from '../../scheduling/call-plan.js';
import { pluralize } from '../../text/pluralize.js';
import { wrapText } from './visible-text.js';

type Decision = NonNullable<RequestSummary['decisions']>[number];

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

const reasonNames: Record<CallReason, string> = {
  new: 'newest window',
  retry: 'window to retry',
  refresh: 'refresh',
  older: 'older window',
  'fan-out': 'window part',
};

/** What a dry run would request, by seller and request, with the reason and the time. */
export function callPlanText(
  { decisions = [] }: Pick<RequestSummary, 'decisions'>,
  { nowMs, width }: { nowMs: number; width?: number },
): string {
  if (decisions.length === 0) return '';
  const now = decisions.filter(({ waitsFor }) => waitsFor === undefined).length;
  const lines = [
    wrapText(
      now === decisions.length
        ? 'All of them at once.'
        : `${now} of them at once, the others when Amazon allows them, the most urgent first.`,
      width,
      '',
    ),
  ];
  for (const [sellerId, ofSeller] of groupedBy(decisions, (each) => each.candidate.sellerId)) {
    lines.push(`\n${sellerId}\n`);
    for (const ofRequest of groupedBy(ofSeller, (each) => each.candidate.requestKey).values())
      lines.push(requestLines(ofRequest, nowMs, width));
  }
  return lines.join('');
}

function requestLines(decisions: Decision[], nowMs: number, width: number | undefined): string {
  const [first] = decisions;
  if (!first) return '';
  const { reportType, marketplaceIds, reportOptions } = first.candidate.plan;
  const countries = marketplaceIds.map(countryOf).join(' ');
  const options = Object.entries(reportOptions).map((each) => each.join('='));
  const lines = [wrapText([reportType, countries, ...options].join(', '), width, '  ')];
  for (const ofReason of groupedBy(decisions, ({ candidate }) => candidate.reason).values()) {
    const [one] = ofReason;
    if (!one) continue;
    const { startMs, endMs } = one.candidate.window;
    const count = pluralize(ofReason.length, reasonNames[one.candidate.reason]).replace(/shs$/, 'shes');
    const what = startMs === endMs ? 'the current state' : `${count}, ${periodText(ofReason)}`;
    lines.push(wrapText(`${what}: ${timesText(ofReason, nowMs)}`, width, '    '));
  }
  const later = laterWindows(decisions);
  if (later > 0) lines.push(wrapText(`${pluralize(later, 'more window')} after these`, width, '    '));
  return lines.join('');
}

/**
 * How many windows lie between the older ones and the newest: a cycle looks at some of them at a
 * time.
 */
function laterWindows(decisions: Decision[]): number {
  const of = (reason: CallReason) => decisions.filter(({ candidate }) => candidate.reason === reason);
  const sinceMs = Math.max(...of('older').map(({ candidate }) => candidate.window.endMs));
  const [newest] = of('new');
  const { window, fromMs } = newest?.candidate.plan ?? {};
  if (!newest || !window || !Number.isFinite(sinceMs)) return 0;
  const { startMs } = newest.candidate.window;
  return [...windowsBetween(window, sinceMs, startMs, fromMs)].length;
}

/** The whole period of several windows: dates if they are whole days. */
function periodText(decisions: Decision[]): string {
  const windows = decisions.map(({ candidate }) => candidate.window);
  const startMs = windows.reduce((least, each) => Math.min(least, each.startMs), Number.POSITIVE_INFINITY);
  const endMs = windows.reduce((last, each) => Math.max(last, each.endMs), 0);
  const isWholeDays = startMs % dayMs === 0 && endMs % dayMs === 0;
  const text = (ms: number) => new Date(ms).toISOString().slice(0, isWholeDays ? 10 : 19);
  const [from, to] = [text(startMs), text(endMs - 1000)];
  return from === to ? from : `${from} to ${to}`;
}

function timesText(decisions: Decision[], nowMs: number): string {
  const waiting = decisions.filter(({ waitsFor }) => waitsFor !== undefined);
  if (waiting.length === 0) return 'now';
  const times = waiting.map(({ atMs }) => atMs).sort((a, b) => a - b);
  const [first = nowMs, last = nowMs] = [times[0], times.at(-1)];
  const made = decisions.length - waiting.length;
  const begin = made === 0 ? '' : `${made} now, the others `;
  const between = first === last ? 'at' : `from ${timeText(first, nowMs)} to`;
  const reasons = new Set(waiting.map((each) => obstacleText(each)));
  return `${begin}${between} ${timeText(last, nowMs)} UTC (${[...reasons].join('; ')})`;
}

/** With its date if that is not today's. */
function timeText(ms: number, nowMs: number): string {
  const text = new Date(ms).toISOString();
  const isToday = Math.floor(ms / dayMs) === Math.floor(nowMs / dayMs);
  return isToday ? text.slice(11, 16) : text.slice(0, 16).replace('T', ' ');
}

/** Amazon's limit, in a few words. */
function obstacleText({ waitsFor, candidate }: Decision): string {
  if (waitsFor === 'createReport') return 'about 1 request a minute';
  if (waitsFor === 'getReportDocument') return 'after those requested before are loaded';
  if (waitsFor === 'window') return 'after another report of the window';
  const [narrowest] = candidate.limits.toSorted((a, b) => b.perMs / b.calls - a.perMs / a.calls);
  return narrowest ? limitText(narrowest) : '';
}

function limitText({ calls, perMs, isLearned }: RequestLimit): string {
  const minutes = Math.floor(perMs / minuteMs);
  const span = minutes % 60 === 0 ? pluralize(minutes / 60, 'hour') : pluralize(minutes, 'minute');
  return `${calls} report${calls === 1 ? '' : 's'} of the type per ${span.replace(/^1 /, '')}${isLearned ? ', learned' : ''}`;
}

/** The calls that all pipelines need each day, their share of the quota, and what is too much. */
export function callsPerDayText({ sellers, limits }: CallsPerDay, width: number | undefined): string {
  const lines = [
    '\nCalls per day, all pipelines, once everything is up to date\n',
    ...sellers.flatMap((seller) => [`  ${seller.sellerId}\n`, ...sellerLines(seller, width)]),
    ...limits.map((each) => limitLine(each, width)),
  ];
  const tooMuch = [...sellers.flatMap(sellerProblems), ...limits.flatMap(limitProblems)];
  if (tooMuch.length > 0)
    lines.push('\nMore than Amazon allows\n', ...tooMuch.map((text) => wrapText(text, width, '  ')));
  return lines.join('');
}

function sellerLines(
  { new: first, refreshes, scheduled, ...possible }: SellerCalls,
  width?: number,
): string[] {
  const made = first + refreshes;
  const parts = `${number(first)} for new windows, ${number(refreshes)} for refreshes`;
  const documents = scheduled > 0 ? `, ${number(scheduled)} of them on schedules at Amazon` : '';
  return [
    wrapText(`requests: ${share(made, possible.createReport)}: ${parts}`, width, '    '),
    wrapText(`documents: ${share(made + scheduled, possible.getReportDocument)}${documents}`, width, '    '),
  ];
}

function limitLine({ limit, sellerIds, needed, possible }: LimitedCalls, width: number | undefined): string {
  const whose = limit.isShared
    ? `all sellers of the application together: ${limitText(limit)}`
    : `${sellerIds.join(', ')}: ${limitText(limit)}`;
  return wrapText(`${limit.reportType}: ${share(needed, possible)}; ${whose}`, width, '  ');
}

function sellerProblems({ sellerId, new: first, refreshes, scheduled, ...possible }: SellerCalls): string[] {
  const made = first + refreshes;
  const problem = (what: string, needed: number, allowed: number) =>
    needed <= allowed
      ? []
      : [
          `${sellerId} needs ${number(needed)} ${what} a day; Amazon allows ${number(allowed)}. ${givesWay(first, refreshes, needed - allowed)} Next step: fewer ages in \`refresh\`, longer windows, or fewer report types or marketplaces.`,
        ];
  const ofRequests = problem('requests', made, possible.createReport);
  return ofRequests.length > 0
    ? ofRequests
    : problem('documents', made + scheduled, possible.getReportDocument);
}

function limitProblems({ limit, sellerIds, needed, possible }: LimitedCalls): string[] {
  if (needed <= possible) return [];
  const whose = limit.isShared ? pluralize(sellerIds.length, 'seller') : sellerIds.join(', ');
  return [
    `${limit.reportType} of ${whose} needs ${number(needed)} reports a day; Amazon allows ${number(possible)}. The newest windows come first; refreshes and older windows wait. Next step: fewer ages in \`refresh\`, longer windows, or fewer marketplaces for this type.`,
  ];
}

/** What is not requested if so many calls a day are too many. */
function givesWay(first: number, refreshes: number, tooMany: number): string {
  if (tooMany < refreshes)
    return `The newest windows come first: about ${number(tooMany)} of ${number(refreshes)} refreshes a day are not made, and older windows are hardly requested.`;
  return `No refreshes and hardly any older windows are requested, and about ${number(tooMany - refreshes)} of ${number(first)} new windows a day wait.`;
}

/** Rounded up for what is needed: the part of a call that is made now and then. */
function share(needed: number, possible: number): string {
  const percent = (needed / possible) * 100;
  const text = needed > 0 && percent < 1 ? 'less than 1' : String(Math.round(percent));
  return `${number(needed)} of ${number(possible)} (${text} %)`;
}

function number(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 1 : 0 });
}

function groupedBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item)) ?? [];
    group.push(item);
    groups.set(keyOf(item), group);
  }
  return groups;
}
