import { type Clock, systemClock } from '../../runtime/clock.js';
import { ReportsError } from '../../errors/reports-error.js';
import type { SharedJson } from '../../files/shared-json.js';

export type Operation = keyof typeof usagePlans;

/** Of every operation of the Notifications API. */
const notificationsPlan = { callsPerSecond: 1, burst: 5 };

/** Of every operation about report schedules. */
const schedulesPlan = { callsPerSecond: 0.0222, burst: 10 };

/**
 * Calls a second, and the burst, of each operation, per application and seller.
 * Source: the usage plans in Amazon's models reports_2021-06-30, tokens_2021-03-01 and notifications.
 */
export const usagePlans = {
  getReport: { callsPerSecond: 2, burst: 15 },
  getReports: { callsPerSecond: 0.0222, burst: 10 },
  getReportDocument: { callsPerSecond: 0.0167, burst: 15 },
  createReport: { callsPerSecond: 0.0167, burst: 15 },
  createReportSchedule: schedulesPlan,
  getReportSchedules: schedulesPlan,
  cancelReportSchedule: schedulesPlan,
  createRestrictedDataToken: { callsPerSecond: 1, burst: 10 },
  getSubscription: notificationsPlan,
  createSubscription: notificationsPlan,
  deleteSubscriptionById: notificationsPlan,
  getDestinations: notificationsPlan,
  createDestination: notificationsPlan,
  deleteDestination: notificationsPlan,
};

export interface QuotaPlan {
  /**
   * Takes one call, waiting for it, in the order of asking. Errors: API_QUOTA_EXCEEDED at once where it can't be had before
   * `deadlineMs`; the signal's reason where it is aborted.
   */
  take(key: string, options?: { deadlineMs?: number; signal?: AbortSignal }): Promise<void>;
  /** Whole calls possible now. */
  available(key: string): number;
  /** Epoch milliseconds when so many calls, one by default, will have been possible; now where they are. */
  nextAvailableMs(key: string, calls?: number): number;
  /** Calls possible from now until then. */
  possibleUntil(key: string, epochMs: number): number;
  /** What an answer told: the rate that Amazon applies, or that it refused the call. */
  observe(key: string, told: { callsPerSecond?: number; throttled?: boolean }): Promise<void>;
  close(): Promise<void>;
}

/** The key of a quota: per application, seller and operation. */
export function quotaKey(of: { clientId: string; sellerId: string; operation: Operation }): string {
  return `${of.clientId} ${of.sellerId} ${of.operation}`;
}

interface Bucket {
  tokens: number;
  /** Epoch milliseconds to which `tokens` belongs. */
  atMs: number;
  callsPerSecond: number;
}

/**
 * Opens the quota plan: a token bucket for each key, kept in a file so that a restart doesn't forget what was used, and processes that
 * share it don't use the same twice. A file that can't be read counts as none: then Amazon's 429 empties the buckets again.
 */
export function openQuotaPlan({
  state,
  clock = systemClock,
}: {
  state: SharedJson;
  clock?: Clock;
}): QuotaPlan {
  const { now, sleep } = clock;
  /** The last taker of each key: the next one waits behind it. */
  const lines = new Map<string, Promise<unknown>>();

  /** The bucket as the file has it, refilled since. */
  const current = (key: string) => bucketOf(readNow(), key, now());

  /** Whoever only wants to know takes a file that can't be read for none: taking a call fails by it. */
  function readNow(): unknown {
    try {
      return state.read();
    } catch {
      return undefined;
    }
  }

  async function change(key: string, apply: (bucket: Bucket) => void, signal?: AbortSignal): Promise<void> {
    await state.change((stored) => {
      const bucket = bucketOf(stored, key, now());
      apply(bucket);
      return { ...(typeof stored === 'object' ? stored : {}), [key]: bucket };
    }, signal);
  }

  function nextAvailableMs(key: string, calls = 1): number {
    const { tokens, callsPerSecond, atMs } = current(key);
    return tokens >= calls
      ? now()
      : Math.max(atMs, now()) + Math.ceil(((calls - tokens) / callsPerSecond) * 1000);
  }

  async function takeInTurn(key: string, deadlineMs: number, signal?: AbortSignal): Promise<void> {
    for (let isTaken = false; !isTaken; ) {
      signal?.throwIfAborted();
      const nextMs = nextAvailableMs(key);
      const [, sellerId, operation] = key.split(' ');
      if (nextMs > deadlineMs) throw new ReportsError('API_QUOTA_EXCEEDED', { operation, sellerId });
      if (nextMs > now()) await sleep(nextMs - now(), signal);
      // Another process may have taken it meanwhile.
      const take = (bucket: Bucket) => {
        isTaken = bucket.tokens >= 1;
        if (isTaken) spend(bucket, key, now());
      };
      await change(key, take, signal);
    }
  }

  return {
    take(key, { deadlineMs = Number.POSITIVE_INFINITY, signal } = {}) {
      const before = lines.get(key) ?? Promise.resolve();
      const turn = before.then(() => takeInTurn(key, deadlineMs, signal));
      lines.set(
        key,
        turn.catch(() => {}),
      );
      return turn;
    },
    available: (key) => Math.max(0, Math.floor(current(key).tokens)),
    nextAvailableMs,
    possibleUntil(key, epochMs) {
      const { tokens, callsPerSecond } = current(key);
      return Math.max(0, Math.floor(tokens + (Math.max(0, epochMs - now()) / 1000) * callsPerSecond));
    },
    async observe(key, { callsPerSecond = 0, throttled = false }) {
      const isNewRate = callsPerSecond > 0 && callsPerSecond !== current(key).callsPerSecond;
      if (!isNewRate && !throttled) return;
      await change(key, (bucket) => {
        if (isNewRate) bucket.callsPerSecond = callsPerSecond;
        if (throttled) bucket.tokens = Math.min(bucket.tokens, 0);
      });
    },
    async close() {
      await Promise.all(lines.values());
    },
  };
}

/** A call may reach Amazon so much later than it was taken, and no sooner does a bucket that was full there begin to fill again. */
const longestWayMs = 2000;

function spend(bucket: Bucket, key: string, nowMs: number): void {
  const { burst } = planOf(key);
  const mayBeFull = bucket.tokens + (longestWayMs / 1000) * bucket.callsPerSecond >= burst;
  bucket.tokens -= 1;
  if (mayBeFull) bucket.atMs = nowMs + longestWayMs;
}

/** The bucket of a key as of now; a full one where there is none that makes sense. */
function bucketOf(stored: unknown, key: string, nowMs: number): Bucket {
  const plan = planOf(key);
  const {
    tokens = Number.NaN,
    atMs = Number.NaN,
    callsPerSecond = 0,
  } = (stored as Record<string, Partial<Bucket> | null> | null | undefined)?.[key] ?? {};
  if (!Number.isFinite(tokens) || !Number.isFinite(atMs) || !(callsPerSecond > 0)) {
    return { tokens: plan.burst, atMs: nowMs, callsPerSecond: plan.callsPerSecond };
  }
  // Refilling begins later where a call is on its way to a full bucket; any other time to come is that of a clock that was set back.
  const isOnItsWay = atMs > nowMs && atMs <= nowMs + longestWayMs;
  if (isOnItsWay) return { tokens, atMs, callsPerSecond };
  const elapsedSeconds = Math.max(0, nowMs - atMs) / 1000;
  return {
    tokens: Math.min(plan.burst, tokens + elapsedSeconds * callsPerSecond),
    atMs: nowMs,
    callsPerSecond,
  };
}

function planOf(key: string) {
  return usagePlans[key.slice(key.lastIndexOf(' ') + 1) as Operation];
}
