import { ReportsError } from '../../errors.js';
import { openSharedJson } from '../../shared-json.js';
import { sleep } from './sleep.js';

export type Operation = 'getReport' | 'getReports' | 'getReportDocument' | 'createRestrictedDataToken';

/**
 * Calls a second, and the burst, of each operation, per application and seller.
 * Source: the usage plans in Amazon's models reports_2021-06-30 and tokens_2021-03-01.
 */
const usagePlans: Record<Operation, { callsPerSecond: number; burst: number }> = {
  getReport: { callsPerSecond: 2, burst: 15 },
  getReports: { callsPerSecond: 0.0222, burst: 10 },
  getReportDocument: { callsPerSecond: 0.0167, burst: 15 },
  createRestrictedDataToken: { callsPerSecond: 1, burst: 10 },
};

export interface QuotaPlan {
  /**
   * Takes one call, waiting for it, in the order of asking. Errors: API_QUOTA_EXCEEDED at once where it can't be had before
   * `deadlineMs`; the signal's reason where it is aborted.
   */
  take(key: string, options?: { deadlineMs?: number; signal?: AbortSignal }): Promise<void>;
  /** Whole calls possible now. */
  available(key: string): number;
  /** Epoch milliseconds of the next possible call; now where one is possible. */
  nextAvailableMs(key: string): number;
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
export function openQuotaPlan({ file, now = Date.now }: { file: string; now?: () => number }): QuotaPlan {
  const state = openSharedJson(file);
  let known: { stored: unknown; buckets: Map<string, Bucket> } = { stored: undefined, buckets: new Map() };
  /** The last taker of each key: the next one waits behind it. */
  const lines = new Map<string, Promise<unknown>>();

  /** The bucket as the file has it, refilled since. */
  function current(key: string): Bucket {
    const stored = state.read();
    if (stored !== known.stored) known = { stored, buckets: bucketsOf(stored) };
    return refilled(known.buckets, key, now());
  }

  async function change(key: string, apply: (bucket: Bucket) => void, signal?: AbortSignal): Promise<void> {
    await state.change((stored) => {
      const buckets = bucketsOf(stored);
      apply(refilled(buckets, key, now()));
      return Object.fromEntries(buckets);
    }, signal);
  }

  function nextAvailableMs(key: string): number {
    const { tokens, callsPerSecond } = current(key);
    return tokens >= 1 ? now() : now() + Math.ceil(((1 - tokens) / callsPerSecond) * 1000);
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
        if (isTaken) bucket.tokens -= 1;
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

/** The bucket of a key as of now; a full one where there is none. */
function refilled(buckets: Map<string, Bucket>, key: string, nowMs: number): Bucket {
  const { callsPerSecond, burst } = planOf(key);
  const bucket = buckets.get(key) ?? { tokens: burst, atMs: nowMs, callsPerSecond };
  // A clock that was set back must not take tokens away, nor freeze the bucket until it has caught up.
  const elapsedSeconds = Math.max(0, nowMs - bucket.atMs) / 1000;
  bucket.tokens = Math.min(burst, bucket.tokens + elapsedSeconds * bucket.callsPerSecond);
  bucket.atMs = nowMs;
  buckets.set(key, bucket);
  return bucket;
}

function planOf(key: string) {
  return usagePlans[key.split(' ').at(-1) as Operation];
}

/** The buckets that can be made sense of. */
function bucketsOf(stored: unknown): Map<string, Bucket> {
  const whole = Object.entries((stored ?? {}) as Record<string, Partial<Bucket> | null>).flatMap(
    ([key, bucket]): [string, Bucket][] => {
      const { tokens = Number.NaN, atMs = Number.NaN, callsPerSecond = 0 } = bucket ?? {};
      const isWhole = planOf(key) && Number.isFinite(tokens) && Number.isFinite(atMs) && callsPerSecond > 0;
      return isWhole ? [[key, { tokens, atMs, callsPerSecond }]] : [];
    },
  );
  return new Map(whole);
}
