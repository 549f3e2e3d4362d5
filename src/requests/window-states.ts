import type { ReportsError } from '../errors.js';
import type { LedgerRow } from '../warehouse/types.js';
import type { Ask, Progress, WindowRecord } from './request-store.js';
import type { Window } from './windows.js';

const hourMs = 3_600_000;

/** After each failure so long until the window is asked for again; after one more it is given up. */
const waitsMs = [hourMs, 4 * hourMs, 24 * hourMs];

/** Given-up windows that are remembered. */
const mostGivenUp = 100;

/** An answer of createReport that was never seen: Amazon's list of reports has what it made by then. */
const listedAfterMs = 600_000;

/** What stands of a window. */
export type Standing = 'answered' | 'asked' | 'unsure' | 'waiting' | 'due';

export function standingOf({ asks, answered }: WindowRecord, nowMs: number): Standing {
  if (answered) return 'answered';
  const last = asks.at(-1);
  if (!last) return 'due';
  if (last.failed !== undefined) {
    const waitMs = waitsMs[asks.length - 1] ?? Number.POSITIVE_INFINITY;
    return nowMs - Date.parse(last.at) >= waitMs ? 'due' : 'waiting';
  }
  if (!unsureAsk({ asks })) return 'asked';
  return nowMs - Date.parse(last.at) >= listedAfterMs ? 'due' : 'unsure';
}

/** Reports that Amazon has not finished, or that were not loaded yet; and windows that failed, or are refused, and will be asked for again. */
export function countStandings(progress: Progress, nowMs: number): { underway: number; waiting: number } {
  const standings = progress.windows.map((record) => standingOf(record, nowMs));
  const count = (of: Standing[]) => standings.filter((each) => of.includes(each)).length;
  const isRefused = refusedUntilMs(progress) > nowMs;
  return { underway: count(['asked', 'unsure']), waiting: count(['waiting']) + (isRefused ? 1 : 0) };
}

/** The last ask of a window, where its answer was never seen. */
export function unsureAsk({ asks }: Pick<WindowRecord, 'asks'>): Ask | undefined {
  const last = asks.at(-1);
  return last && last.reportId === undefined && last.failed === undefined ? last : undefined;
}

/** Puts an ask in the place of one without an answer, or after the others. */
export function withAsk(record: WindowRecord, ask: Ask): WindowRecord {
  const others = unsureAsk(record) ? record.asks.slice(0, -1) : record.asks;
  return { ...record, asks: [...others, ask] };
}

/** Takes back the last ask of a window: nothing came of it. A window of which nothing else is known needs no record. */
export function withoutLastAsk(progress: Progress, window: Window): Progress {
  const { windows, ...rest } = withRecord(progress, window, (record) => ({
    ...record,
    asks: record.asks.slice(0, -1),
  }));
  const isKept = ({ asks, answered, againAt }: WindowRecord) =>
    asks.length > 0 || answered || againAt !== undefined;
  return { ...rest, windows: windows.filter(isKept) };
}

/** Whether a window was asked for in the one as in the other: where not, another process came in between. */
export function hasSameAsks(a: Progress | undefined, b: Progress | undefined, window: Window): boolean {
  const [ofA, ofB] = [a, b].map((progress) => progress && recordOf(progress, window)?.asks);
  return JSON.stringify(ofA ?? []) === JSON.stringify(ofB ?? []);
}

/** Notes that Amazon refused a request as it stands. */
export function withRefusal(progress: Progress, { details }: ReportsError, nowMs: number): Progress {
  const times = (progress.refused?.times ?? 0) + 1;
  const refused = { times, at: new Date(nowMs).toISOString(), found: String(details.found) };
  return { ...progress, refused };
}

/** Until when, in epoch milliseconds, a request is left alone that Amazon refused. */
export function refusedUntilMs({ refused }: Pick<Progress, 'refused'>): number {
  if (!refused) return 0;
  return Date.parse(refused.at) + (waitsMs[refused.times - 1] ?? (waitsMs.at(-1) as number));
}

/** The ids of the reports that were asked for and not settled yet. */
export function openReports({ windows }: Progress): { reportId: string; atMs: number }[] {
  return windows.flatMap(({ asks, answered }) => {
    const { reportId, at, failed } = asks.at(-1) ?? ({} as Partial<Ask>);
    return reportId && !answered && failed === undefined ? [{ reportId, atMs: Date.parse(at ?? '') }] : [];
  });
}

/** The ids of all reports that were asked for, for windows that have no answer: one that was taken for failed may come after all. */
export function unansweredReports({ windows }: Progress): string[] {
  return windows.flatMap(({ asks, answered }) =>
    answered ? [] : asks.flatMap(({ reportId }) => reportId ?? []),
  );
}

/**
 * What the ledger says of reports that were asked for: a FATAL one has failed, any other has answered its window, be it with rows, without,
 * or, CANCELLED, with the word that there is no data.
 */
export function settle(progress: Progress, rows: ReadonlyMap<string, LedgerRow>): Progress {
  return withWindows(progress, (record) => {
    const found = record.asks.map(({ reportId }) => rows.get(reportId ?? ''));
    if (found.some((row) => row && row.status !== 'fatal')) return { ...record, answered: true };
    const [last, row] = [record.asks.at(-1), found.at(-1)];
    return last && row && last.failed === undefined ? fail(record, row.reason ?? 'FATAL') : record;
  });
}

/** Notes that no report came of the last ask. */
export function fail(record: WindowRecord, found: string): WindowRecord {
  const last = record.asks.at(-1);
  return last ? { ...record, asks: [...record.asks.slice(0, -1), { ...last, failed: found }] } : record;
}

/** Notes that a window is answered by a report that somebody else asked for. */
export function markAnswered(progress: Progress, windows: Window[]): Progress {
  return windows.reduce(
    (held, window) => withRecord(held, window, (record) => ({ ...record, answered: true })),
    progress,
  );
}

/** What is known of one window. */
export function recordOf({ windows }: Progress, { startMs }: Window): WindowRecord | undefined {
  const start = new Date(startMs).toISOString();
  return windows.find((each) => each.start === start);
}

/** Changes the record of one window, which is made where there is none. */
export function withRecord(
  progress: Progress,
  { startMs, endMs }: Window,
  change: (record: WindowRecord) => WindowRecord,
): Progress {
  const times = { start: new Date(startMs).toISOString(), end: new Date(endMs).toISOString() };
  const isIt = (record: WindowRecord) => record.start === times.start && record.end === times.end;
  const held = progress.windows.find(isIt) ?? { ...times, asks: [] };
  const others = progress.windows.filter((record) => !isIt(record));
  const windows = [...others, change(held)].sort((a, b) => (a.start < b.start ? -1 : 1));
  return { ...progress, windows };
}

function withWindows(progress: Progress, change: (record: WindowRecord) => WindowRecord): Progress {
  return { ...progress, windows: progress.windows.map(change) };
}

/** Moves on past the windows that are answered, and those that failed too often, which are told of. */
export function advance(progress: Progress, nowMs: number): Progress {
  let { doneUntil, givenUp } = progress;
  const windows: WindowRecord[] = [];
  for (const record of progress.windows) {
    const found = record.asks.at(-1)?.failed;
    const isGivenUp = !record.answered && found !== undefined && record.asks.length > waitsMs.length;
    if (isGivenUp) {
      const { start, end } = record;
      givenUp = [...givenUp, { start, end, at: new Date(nowMs).toISOString(), found }].slice(-mostGivenUp);
    }
    const isDone = record.answered || isGivenUp;
    const isOfMoment = record.start === record.end;
    // One that is done before an older one stays until that is.
    if (!isDone || (record.start > doneUntil && !isOfMoment)) {
      windows.push(isGivenUp ? { ...record, asks: [], answered: true } : record);
    } else if (record.end > doneUntil) {
      doneUntil = record.end;
    }
  }
  // A newer report of the moment has made an older one useless.
  const isOutdated = ({ start, end, againAt }: WindowRecord) =>
    start === end && start <= doneUntil && againAt === undefined;
  return { ...progress, doneUntil, windows: windows.filter((record) => !isOutdated(record)), givenUp };
}

/** Makes what was given up, failed or was refused due again. */
export function beginAgain({ refused: _, ...progress }: Progress, nowMs: number): Progress {
  const again = { asks: [], againAt: new Date(nowMs).toISOString() };
  const begun = progress.windows.map((record) =>
    record.asks.at(-1)?.failed === undefined ? record : { start: record.start, end: record.end, ...again },
  );
  return progress.givenUp.reduce<Progress>(
    (held, { start, end }) =>
      withRecord(held, { startMs: Date.parse(start), endMs: Date.parse(end) }, () => ({
        start,
        end,
        ...again,
      })),
    { ...progress, windows: begun, givenUp: [] },
  );
}

/** Notes that a report was not made in days. */
export function failReport(progress: Progress, reportId: string, found: string): Progress {
  return withWindows(progress, (record) => {
    return record.asks.at(-1)?.reportId === reportId ? fail(record, found) : record;
  });
}
