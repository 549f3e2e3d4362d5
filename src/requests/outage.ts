import {
  applyToWindows,
  changed,
  type Outage,
  type RequestProgress,
  type Unanswered,
  windowOf,
} from './request-progress.js';
import type { RefreshRules } from './refresh-rules.js';
import { maxFailures, maxProcessingMs, type WindowRecord } from './window-states.js';

const hourMs = 3_600_000;

/** Failures in a row within a shorter time may be a hiccup. */
const minOutageMs = 4 * hourMs;

/**
 * How long a window is retried during an outage, from its first failure. Outages of a week have
 * been seen.
 */
const patienceMs = 21 * 24 * hourMs;

/** Requests of one time: the cycle that makes them takes a while. */
const sameTimeMs = hourMs;

/** A request of weeks has a report in that time. */
const usedMs = 8 * 24 * hourMs;

interface Failure {
  atMs: number;
  found: string;
  /** Its window, or part of a window; undefined if the request as a whole is refused. */
  window?: string;
}

/**
 * Records that an outage of a request has begun, continues or is over. It begins after four
 * failures in a row, within four hours or more, if all requests of the type fail, or several
 * windows of this one. It is over when a report has been made since. Then each window has its four
 * attempts again. `others`: the other requests of the type. Pure.
 */
export function updateOutage(
  progress: RequestProgress,
  others: RequestProgress[],
  nowMs: number,
): RequestProgress {
  const { outage } = progress;
  if (outage) {
    const witnesses = outage.isOfType ? [progress, ...others] : [progress];
    if (lastAnsweredMs(witnesses) > Date.parse(outage.since)) return endOutage(progress, nowMs);
  }
  const found = findOutage(progress, others, nowMs);
  if (!found || (found.at === outage?.at && found.isOfType === outage.isOfType)) return progress;
  return changed(progress, { outage: { ...found, since: outage?.since ?? found.since } });
}

/**
 * Whether a window that has failed is given up: after four failures, if Amazon has made another
 * report of the type since the first of them. It is given up neither before its data settles nor
 * during an outage, unless that lasts for weeks.
 */
export function isGivenUp(
  { attempts, end }: WindowRecord,
  progress: RequestProgress,
  others: RequestProgress[],
  { settledMs }: Pick<RefreshRules, 'settledMs'>,
): boolean {
  if (attempts.length < maxFailures) return false;
  const firstMs = Date.parse(attempts[0]?.at ?? '');
  const lastMs = Date.parse(attempts.at(-1)?.at ?? '');
  if (lastMs - firstMs >= patienceMs) return true;
  const isAlone = !progress.outage && lastAnsweredMs([progress, ...others]) > firstMs - sameTimeMs;
  return isAlone && lastMs >= Date.parse(end) + settledMs;
}

/** When a window or the request failed last, in epoch milliseconds. */
export function lastFailedMs({ outage }: Pick<RequestProgress, 'outage'>): number {
  return outage ? Date.parse(outage.at) : Number.NEGATIVE_INFINITY;
}

function findOutage(progress: RequestProgress, others: RequestProgress[], nowMs: number): Outage | undefined {
  const own = failuresSince(progress, lastAnsweredMs([progress]), nowMs);
  const last = own.at(-1);
  if (!last) return undefined;
  const sinceMs = lastAnsweredMs([progress, ...others]);
  const failing = [progress, ...others].map((each) => failuresSince(each, sinceMs, nowMs));
  const isOfType =
    isLasting(failing.flat()) &&
    [progress, ...others].every((each, index) => failing[index]?.length || !isUsed(each, nowMs));
  const isOfRequest =
    isLasting(own) && own.some(({ window }) => window === undefined || window !== last.window);
  if (!isOfType && !isOfRequest) return undefined;
  const firstMs = Math.min(...(isOfType ? failing.flat() : own).map(({ atMs }) => atMs));
  const [since = '', at = ''] = [firstMs, last.atMs].map((ms) => new Date(ms).toISOString());
  return { since, at, found: last.found, isOfType };
}

/** Whether a request had a report lately: those that nobody makes any more are stored too. */
function isUsed({ lastAnsweredAt = '' }: RequestProgress, nowMs: number): boolean {
  return nowMs - Date.parse(lastAnsweredAt) <= usedMs;
}

/**
 * What failed after a time, oldest first. A report that is not made in days has failed so far. A
 * window whose retry was forced has failed while others did not: it says nothing about an outage.
 */
function failuresSince(
  { windows, refusal, unanswered }: RequestProgress,
  sinceMs: number,
  nowMs: number,
): Failure[] {
  const fresh = windows.filter(({ forcedAt }) => forcedAt === undefined);
  const ofWindows = fresh.flatMap(({ start, items, state, attempts }) =>
    attempts.flatMap(({ at, failed }): Failure[] => {
      const atMs = Date.parse(at);
      const isStuck = state === 'requested' && nowMs - atMs > maxProcessingMs;
      const found = failed ?? (isStuck ? 'Amazon has not made the report yet' : undefined);
      return found === undefined ? [] : [{ atMs, found, window: `${start} ${items ?? ''}` }];
    }),
  );
  const ofRequest = [refusal, unanswered].flatMap((failed) => (failed ? failuresInRow(failed) : []));
  return [...ofWindows, ...ofRequest].filter(({ atMs }) => atMs > sinceMs).sort((a, b) => a.atMs - b.atMs);
}

/** Of failures in a row, only the times of the first and of the last one are known. */
function failuresInRow({ times, since, at, found }: Unanswered): Failure[] {
  return Array.from({ length: Math.min(times, maxFailures) }, (_, index) => ({
    atMs: Date.parse(index === 0 ? since : at),
    found,
  }));
}

function isLasting(failures: Failure[]): boolean {
  const times = failures.map(({ atMs }) => atMs);
  return times.length >= maxFailures && Math.max(...times) - Math.min(...times) >= minOutageMs;
}

function lastAnsweredMs(all: RequestProgress[]): number {
  return Math.max(
    ...all.map(({ lastAnsweredAt }) =>
      lastAnsweredAt === undefined ? Number.NEGATIVE_INFINITY : Date.parse(lastAnsweredAt),
    ),
  );
}

/**
 * Snapshots are left out: the newest one makes the others useless. What was refused during the
 * outage no longer counts either: otherwise it would be taken for one more outage.
 */
function endOutage(
  { outage: _, refusal: __, unanswered: ___, ...progress }: RequestProgress,
  nowMs: number,
): RequestProgress {
  return applyToWindows(
    changed(progress, {}),
    (record) => {
      const { startMs, endMs } = windowOf(record);
      const hasFailed = record.attempts.some(({ failed }) => failed !== undefined);
      return hasFailed && startMs !== endMs ? { type: 'retry-forced' } : undefined;
    },
    nowMs,
  );
}
