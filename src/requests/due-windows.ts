import { requestLimits } from '../config/request-limits.js';
import type { Span } from '../config/span.js';
import { type LedgerRow, ledgerKey } from '../warehouse/types.js';
import type { PipelineContext } from '../pipeline/context.js';
import type { Progress } from './request-store.js';
import { isSame, type RequestPlan } from './request-plans.js';
import {
  advance,
  markAnswered,
  refusedUntilMs,
  settle,
  standingOf,
  unansweredReports,
} from './window-states.js';
import { isPeriodOf, lastWindow, leastDataEndMs, type Window, windowsBetween } from './windows.js';

/** New windows of one request that a turn looks at: those beyond have their turn when these are asked for. */
const mostNewWindows = 200;

const dayMs = 86_400_000;
/** How far back the ledger tells where a request begins that the book doesn't know. */
const ledgerDays = 60;

/** What a request stands at, by the book and the ledger. */
export interface Review {
  plan: RequestPlan;
  progress: Progress;
  /** To be asked for, oldest first. */
  due: Window[];
}

export interface Times {
  nowMs: number;
  /** The latest end of a window to ask for. */
  untilMs: number;
  /** Ask again at once where Amazon refused. */
  evenRefused: boolean;
}

/** Reports in the ledger that say something of a request's windows. */
export interface LedgerWord {
  /** By report id: those that were asked for. */
  asked: ReadonlyMap<string, LedgerRow>;
  /** Of the type and seller, whoever asked for them. */
  others: LedgerRow[];
}

/**
 * Looks up in the ledger what there is of the reports of a request; those of others only where there are windows to ask for, and no older
 * ones than say something of these.
 */
export async function readLedger(
  plan: RequestPlan,
  held: Progress | undefined,
  untilMs: number,
  context: PipelineContext,
): Promise<LedgerWord> {
  const { sellerId, reportType } = plan;
  const nowMs = context.clock.now();
  const progress = held && beginningAt(held, plan, nowMs);
  const ids = progress ? unansweredReports(progress) : [];
  const keyOf = (reportId: string) => ledgerKey({ sellerId, reportId });
  const seen = await context.warehouse.seen(ids.map(keyOf));
  const asked = new Map(
    ids.flatMap((id) => {
      const row = seen.get(keyOf(id));
      return row && row.status !== 'skipped' ? [[id, row] as const] : [];
    }),
  );
  if (progress && unknownWindows(plan, progress, untilMs).length === 0) return { asked, others: [] };
  const others = await context.warehouse.loads({
    reportType,
    sellerId,
    statuses: ['loaded', 'empty', 'cancelled', 'quarantined'],
    ...(plan.window
      ? {
          dataEndSince: new Date(
            leastDataEndMs(sinceMs(plan.window, plan, progress, { nowMs, untilMs })),
          ).toISOString(),
        }
      : { createdSince: new Date(untilMs).toISOString() }),
  });
  return { asked, others: others.filter((row) => isSame(row.marketplaceIds, plan.marketplaceIds)) };
}

/** Until when nothing is to be looked up. */
function sinceMs(
  window: Span,
  { fromMs }: RequestPlan,
  progress: Progress | undefined,
  { nowMs, untilMs }: Pick<Times, 'nowMs' | 'untilMs'>,
): number {
  if (progress) return Date.parse(progress.doneUntil);
  // The first window may be a quarter, or end long ago.
  return fromMs ?? Math.min(nowMs - ledgerDays * dayMs, lastWindow(window, untilMs).startMs);
}

/**
 * Brings the progress of a request up to what the ledger says, and tells what is to be asked for.
 */
export function review(
  plan: RequestPlan,
  held: Progress | undefined,
  ledger: LedgerWord,
  times: Times,
): Review {
  // Of requests that differ in their options alone nothing tells whose report it is: asking once more loses nothing.
  const others = plan.hasSibling ? [] : ledger.others;
  const { nowMs, untilMs } = times;
  let progress = held ?? begun(plan, others, untilMs, nowMs);
  progress = settle(beginningAt(progress, plan, nowMs), ledger.asked);
  progress = markAnswered(
    progress,
    unknownWindows(plan, progress, untilMs).filter((window) => others.some((row) => isAbout(row, window))),
  );
  progress = advance(progress, nowMs);
  if (!times.evenRefused && refusedUntilMs(progress) > nowMs) return { plan, progress, due: [] };
  return { plan, progress, due: dueOf(plan, progress, untilMs, nowMs) };
}

/** A newer report of the moment takes the place of an older one that failed, or waits for its turn. */
function dueOf(plan: RequestPlan, progress: Progress, untilMs: number, nowMs: number): Window[] {
  const recorded = progress.windows
    .filter((record) => standingOf(record, nowMs) === 'due')
    .map(({ start, end }) => ({ startMs: Date.parse(start), endMs: Date.parse(end) }));
  const unknown = unknownWindows(plan, progress, untilMs);
  if (plan.window) return [...recorded, ...unknown].sort((a, b) => a.startMs - b.startMs);
  const isUnderway = progress.windows.some((record) =>
    ['asked', 'unsure'].includes(standingOf(record, nowMs)),
  );
  return isUnderway ? [] : [...recorded, ...unknown].slice(-1);
}

function unknownWindows(plan: RequestPlan, progress: Progress, untilMs: number): Window[] {
  const known = new Set(progress.windows.map(({ start }) => start));
  return newWindows(plan, progress, untilMs).filter(
    ({ startMs }) => !known.has(new Date(startMs).toISOString()),
  );
}

/** The windows after those that are done, oldest first, and the newest of all. */
function newWindows(
  { window, fromMs }: RequestPlan,
  { doneUntil }: Pick<Progress, 'doneUntil'>,
  untilMs: number,
): Window[] {
  const sinceMs = Date.parse(doneUntil);
  if (!window) return untilMs > sinceMs ? [{ startMs: untilMs, endMs: untilMs }] : [];
  const windows: Window[] = [];
  for (const each of windowsBetween(window, sinceMs, untilMs, fromMs)) {
    if (windows.length === mostNewWindows) {
      windows.push(lastWindow(window, untilMs, fromMs));
      break;
    }
    windows.push(each);
  }
  return windows;
}

/** Where a request begins that the book does not know. */
function begun(plan: RequestPlan, others: LedgerRow[], untilMs: number, nowMs: number): Progress {
  const begin = new Date(firstMs(plan, others, untilMs, nowMs)).toISOString();
  return { reportType: plan.reportType, begin, doneUntil: begin, windows: [], givenUp: [] };
}

function firstMs(
  { window, fromMs }: RequestPlan,
  others: LedgerRow[],
  untilMs: number,
  nowMs: number,
): number {
  if (!window) return untilMs - 1;
  if (fromMs !== undefined) return fromMs;
  const last = lastWindow(window, untilMs);
  for (const each of windowsBetween(window, nowMs - ledgerDays * dayMs, last.startMs)) {
    if (others.some((row) => isPeriodOf(each, row))) return each.startMs;
  }
  return last.startMs;
}

/** Goes back where `from` was set earlier, and forward past what Amazon has no longer. */
function beginningAt(
  progress: Progress,
  { fromMs, reportType, window }: RequestPlan,
  nowMs: number,
): Progress {
  if (!window) return progress;
  const { oldestDays } = requestLimits(reportType);
  let { begin, doneUntil } = progress;
  if (fromMs !== undefined && fromMs < Date.parse(begin)) {
    begin = new Date(fromMs).toISOString();
    doneUntil = begin;
  }
  if (oldestDays === undefined) return { ...progress, begin, doneUntil };
  const oldestMs = nowMs - oldestDays * dayMs;
  if (Date.parse(doneUntil) >= oldestMs) return { ...progress, begin, doneUntil };
  const [first] = windowsBetween(window, oldestMs, Number.POSITIVE_INFINITY, fromMs);
  const firstMs = first && (first.startMs < oldestMs ? first.endMs : first.startMs);
  return { ...progress, begin, doneUntil: new Date(firstMs ?? oldestMs).toISOString() };
}

/** Of the moment is what was made since. */
function isAbout({ reportCreatedAt, dataStart, dataEnd }: LedgerRow, window: Window): boolean {
  if (window.startMs !== window.endMs) return isPeriodOf(window, { dataStart, dataEnd });
  return reportCreatedAt !== null && Date.parse(reportCreatedAt) >= window.startMs;
}
