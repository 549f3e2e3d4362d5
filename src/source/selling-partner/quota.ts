import { type Clock, systemClock } from '../../runtime/clock.js';
import { ReportsError } from '../../errors/reports-error.js';
import type { SharedJson } from '../../files/shared-json.js';
import { type Operation, usagePlans } from './limits.js';

/** What a quota belongs to: Amazon counts calls per application, seller and operation. */
export interface QuotaKey {
  clientId: string;
  sellerId: string;
  operation: Operation;
}

export interface QuotaPlan {
  /**
   * Takes one call, waiting for it, in the order of asking. Errors: API_QUOTA_EXCEEDED at once where it can't be had before
   * `deadlineMs`; the signal's reason where it is aborted.
   */
  take(key: QuotaKey, options?: { deadlineMs?: number; signal?: AbortSignal }): Promise<void>;
  /** Whole calls possible now. */
  available(key: QuotaKey): number;
  /** Epoch milliseconds when so many calls, one by default, will have been possible; now where they are. */
  nextAvailableMs(key: QuotaKey, calls?: number): number;
  /** Calls possible from now until then. */
  possibleUntil(key: QuotaKey, epochMs: number): number;
  /** What an answer told: the rate that Amazon applies, or that it refused the call. */
  observe(key: QuotaKey, told: { callsPerSecond?: number; throttled?: boolean }): Promise<void>;
  close(): Promise<void>;
}

/** The name under which a bucket is kept, in the file and in memory; nothing reads the key out of it. */
function bucketName({ clientId, sellerId, operation }: QuotaKey): string {
  return `${clientId} ${sellerId} ${operation}`;
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
  const current = (key: QuotaKey) => bucketOf(state.read(), key, now());

  async function change(key: QuotaKey, apply: (bucket: Bucket) => void, signal?: AbortSignal): Promise<void> {
    await state.change((stored) => {
      const bucket = bucketOf(stored, key, now());
      apply(bucket);
      return { ...(typeof stored === 'object' ? stored : {}), [bucketName(key)]: bucket };
    }, signal);
  }

  function nextAvailableMs(key: QuotaKey, calls = 1): number {
    const { tokens, callsPerSecond, atMs } = current(key);
    return tokens >= calls
      ? now()
      : Math.max(atMs, now()) + Math.ceil(((calls - tokens) / callsPerSecond) * 1000);
  }

  async function takeInTurn(key: QuotaKey, deadlineMs: number, signal?: AbortSignal): Promise<void> {
    for (let isTaken = false; !isTaken; ) {
      signal?.throwIfAborted();
      const nextMs = nextAvailableMs(key);
      if (nextMs > deadlineMs) {
        const { operation, sellerId } = key;
        throw new ReportsError('API_QUOTA_EXCEEDED', { operation, sellerId });
      }
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
      const before = lines.get(bucketName(key)) ?? Promise.resolve();
      const turn = before.then(() => takeInTurn(key, deadlineMs, signal));
      lines.set(
        bucketName(key),
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
const maxLatencyMs = 2000;

function spend(bucket: Bucket, key: QuotaKey, nowMs: number): void {
  const { burst } = usagePlans[key.operation];
  const mayBeFull = bucket.tokens + (maxLatencyMs / 1000) * bucket.callsPerSecond >= burst;
  bucket.tokens -= 1;
  if (mayBeFull) bucket.atMs = nowMs + maxLatencyMs;
}

/** The bucket of a key as of now; a full one where there is none that makes sense. */
function bucketOf(stored: unknown, key: QuotaKey, nowMs: number): Bucket {
  const plan = usagePlans[key.operation];
  const {
    tokens = Number.NaN,
    atMs = Number.NaN,
    callsPerSecond = 0,
  } = (stored as Record<string, Partial<Bucket> | null> | null | undefined)?.[bucketName(key)] ?? {};
  if (!Number.isFinite(tokens) || !Number.isFinite(atMs) || !(callsPerSecond > 0)) {
    return { tokens: plan.burst, atMs: nowMs, callsPerSecond: plan.callsPerSecond };
  }
  // Refilling begins later where a call is on its way to a full bucket; any other time to come is that of a clock that was set back.
  const isInFlight = atMs > nowMs && atMs <= nowMs + maxLatencyMs;
  if (isInFlight) return { tokens, atMs, callsPerSecond };
  const elapsedSeconds = Math.max(0, nowMs - atMs) / 1000;
  return {
    tokens: Math.min(plan.burst, tokens + elapsedSeconds * callsPerSecond),
    atMs: nowMs,
    callsPerSecond,
  };
}
