import { maxSeamMs } from '../warehouse/ledger/periods.js';
import type { Period } from '../warehouse/types.js';
import { beforeMs } from '../yaml/span.js';
import type { RequestPlan } from './request-plans.js';
import { countDone, type FanOut } from './fan-out.js';
import type { RequestProgress } from './request-progress.js';
import { hasData, type WindowRecord } from './window-states.js';
import { isoTimes, type Window, windowsBetween } from './windows.js';

/**
 * What is known of a period of a table.
 *
 * | state        | meaning                                                                     |
 * | ------------ | --------------------------------------------------------------------------- |
 * | loaded       | the ledger has a report of it, which no request will replace                |
 * | settling     | the same, but it will be requested again, because Amazon may restate it      |
 * | refreshing   | the same, and its refresh is due or requested                               |
 * | no data      | Amazon says that there is none                                              |
 * | due          | it will be requested in one of the next cycles                              |
 * | requested    | Amazon is making its report, or the report is not loaded yet                |
 * | retrying     | its report failed and will be requested again                               |
 * | abandoned    | its reports failed too often                                                |
 * | out of reach | it is missing, and Amazon no longer has data of that time                   |
 * | missing      | no report covers it, and nothing requests it                                |
 */
export type CoverageState =
  | 'loaded'
  | 'settling'
  | 'refreshing'
  | 'no data'
  | 'due'
  | 'requested'
  | 'retrying'
  | 'abandoned'
  | 'out of reach'
  | 'missing';

/** A period in one state. Times are ISO 8601 in UTC; the end is exclusive. */
export interface CoveredPeriod {
  from: string;
  to: string;
  state: CoverageState;
  /** Why it is in that state, as Amazon says. */
  reason?: string;
}

/** A request with its stored progress, if it has any. */
export interface RequestState {
  plan: RequestPlan;
  progress: RequestProgress | undefined;
}

/** What covers the periods of one type, seller and set of marketplaces. */
export interface CoverageSource {
  /** The periods in the ledger, in any order. */
  ledger: Pick<Period, 'dataStart' | 'dataEnd'>[];
  /** Those that differ only in their options. */
  requests: RequestState[];
}

/**
 * Returns the states of all periods, from the first one that the ledger or a request knows until
 * the last window that has ended; adjoining periods in the same state are one. Empty for snapshots,
 * which have no periods. If several requests differ only in their options, the state is that of the
 * one that is behind.
 */
export function coverageOf({ ledger, requests }: CoverageSource, nowMs: number): CoveredPeriod[] {
  const covered = joinedSpans(ledger);
  const windowed = requests.filter(({ plan }) => plan.window !== undefined);
  const cells = windowed.map((request) => cellsOf(request, covered, nowMs));
  const [first = ledgerCells(covered), ...others] = cells;
  return joined(others.reduce(behindOf, first));
}

/** A period with its state, in epoch milliseconds. */
interface Cell extends Window {
  state: CoverageState;
  reason?: string;
}

/** From the state that most needs attention to the one that needs none. */
const urgency: CoverageState[] = [
  'abandoned',
  'missing',
  'retrying',
  'due',
  'requested',
  'out of reach',
  'refreshing',
  'settling',
  'no data',
  'loaded',
];

/** Whether a period in this state lacks data. */
export function isGap({ state }: Pick<CoveredPeriod, 'state'>): boolean {
  return urgency.indexOf(state) <= urgency.indexOf('out of reach');
}

function cellsOf({ plan, progress }: RequestState, covered: Window[], nowMs: number): Cell[] {
  const { window, lagMs, fromMs, facts } = plan;
  if (!window) return [];
  const begins = [
    ...covered.slice(0, 1).map(({ startMs }) => startMs),
    ...(progress ? [Date.parse(progress.begin)] : []),
  ];
  if (begins.length === 0) return [];
  const oldestMs = facts.oldestStart ? beforeMs(nowMs, facts.oldestStart) : Number.NEGATIVE_INFINITY;
  const whole = progress?.windows.filter(({ items }) => items === undefined) ?? [];
  const records = new Map(whole.map((record) => [record.start, record]));
  const divided = new Map(progress?.fanOuts?.map((each) => [each.start, each]));
  const abandoned = new Map(progress?.abandoned.map((each) => [each.start, each.found]));
  const windows = windowsBetween(window, Math.min(...begins), nowMs - lagMs, fromMs);
  return [...windows].map((each) => {
    const start = new Date(each.startMs).toISOString();
    const fanOut = divided.get(start);
    if (progress && fanOut) return { ...each, ...stateOfParts(fanOut, progress.windows) };
    const record = records.get(start);
    const stored = record && stateOfRecord(record);
    const reason = abandoned.get(start);
    const isLoaded = isCovered(each, covered);
    // One report does not cover a window that has many.
    const isWhole = isLoaded && !(plan.items && (stored || reason !== undefined || isOpen(each)));
    // The next cycle will see what the ledger has already.
    if (isWhole && (!stored || isGap(stored))) return { ...each, state: 'loaded' };
    if (stored) return { ...each, ...stored };
    if (reason !== undefined) return { ...each, state: 'abandoned', reason };
    if (each.startMs < oldestMs) return { ...each, state: 'out of reach' };
    if (!progress || each.endMs <= Date.parse(progress.begin)) return { ...each, state: 'missing' };
    // What is done without rows in the ledger was cancelled.
    return { ...each, state: isOpen(each) ? 'due' : 'no data' };
  });

  function isOpen({ endMs }: Window): boolean {
    return progress !== undefined && endMs > Date.parse(progress.doneUntil);
  }
}

/** That of the part that most needs attention, with how many parts are done. */
function stateOfParts(fanOut: FanOut, windows: readonly WindowRecord[]): Pick<Cell, 'state' | 'reason'> {
  const { start, parts, open } = fanOut;
  const records = new Map(
    windows.flatMap((record) => (record.start === start ? [[record.items, record] as const] : [])),
  );
  const states = open.map((items) => {
    const record = records.get(items);
    return record ? stateOfRecord(record).state : 'due';
  });
  const [state = 'due'] = urgency.filter((each) => states.includes(each));
  const done = countDone(fanOut, windows);
  return { state, reason: done < parts ? `${done} of ${parts} parts done` : undefined };
}

function stateOfRecord(record: WindowRecord): Pick<Cell, 'state' | 'reason'> {
  const { state, attempts, isEmpty } = record;
  const reason = attempts.findLast(({ failed }) => failed !== undefined)?.failed;
  switch (state) {
    case 'answered':
      return { state: isEmpty ? 'no data' : 'loaded' };
    case 'settling':
      return { state: isEmpty ? 'no data' : 'settling' };
    case 'abandoned':
      return { state: 'abandoned', reason };
    default:
      if (hasData(record)) return { state: isEmpty ? 'no data' : 'refreshing', reason };
      if (state === 'backing-off') return { state: 'retrying', reason };
      return { state: state === 'due' ? 'due' : 'requested', reason };
  }
}

/** Without a request, all that is known is what the ledger has. */
function ledgerCells(covered: Window[]): Cell[] {
  return covered.flatMap((each, index) => {
    const before = covered[index - 1];
    const loaded: Cell = { ...each, state: 'loaded' };
    return before ? [{ startMs: before.endMs, endMs: each.startMs, state: 'missing' }, loaded] : [loaded];
  });
}

/** Windows of several requests that begin at the same time: those that are behind. */
function behindOf(some: Cell[], others: Cell[]): Cell[] {
  const rank = ({ state }: Cell) => urgency.indexOf(state);
  const byStart = new Map(some.map((cell) => [cell.startMs, cell]));
  for (const cell of others) {
    const known = byStart.get(cell.startMs);
    if (!known || rank(cell) < rank(known)) byStart.set(cell.startMs, cell);
  }
  return [...byStart.values()].sort((a, b) => a.startMs - b.startMs);
}

function joined(cells: Cell[]): CoveredPeriod[] {
  const periods: CoveredPeriod[] = [];
  for (const { state, reason, ...window } of cells) {
    const { start: from, end: to } = isoTimes(window);
    const last = periods.at(-1);
    if (last && last.to >= from && last.state === state && last.reason === reason) last.to = to;
    else periods.push({ from, to, state, reason });
  }
  return periods;
}

/** The periods of the ledger, oldest first; those that adjoin or overlap are one. */
function joinedSpans(ledger: CoverageSource['ledger']): Window[] {
  const spans: Window[] = [];
  const sorted = ledger
    .map(({ dataStart, dataEnd }) => ({
      startMs: Date.parse(dataStart ?? ''),
      endMs: Date.parse(dataEnd ?? ''),
    }))
    .sort((a, b) => a.startMs - b.startMs);
  for (const span of sorted) {
    const last = spans.at(-1);
    if (last && span.startMs - last.endMs <= maxSeamMs) last.endMs = Math.max(last.endMs, span.endMs);
    else spans.push(span);
  }
  return spans;
}

/**
 * Whether the ledger covers a window. Amazon may state the beginning of the last day as the end of
 * a longer period.
 */
function isCovered({ startMs, endMs }: Window, covered: Window[]): boolean {
  const dayMs = 86_400_000;
  const toleranceMs = endMs - startMs > dayMs ? dayMs + maxSeamMs : maxSeamMs;
  return covered.some((each) => each.startMs <= startMs + maxSeamMs && endMs - each.endMs <= toleranceMs);
}
