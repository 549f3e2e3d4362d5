import { z } from 'zod';
import { type Clock, systemClock } from '../../runtime/clock.js';
import { ReportsError } from '../../errors/reports-error.js';
import type { JsonKind, SharedJson } from '../../files/shared-json.js';
import { type Operation, usagePlans } from './limits.js';

/** What a quota belongs to: Amazon counts calls per application, seller and operation. */
export interface QuotaKey {
  clientId: string;
  sellerId: string;
  operation: Operation;
}

export interface QuotaPlan {
  /**
   * Takes one call, waiting for it if necessary, first come, first served.
   * Errors: API_QUOTA_EXCEEDED at once if it is not possible before `deadlineMs`; the signal's
   * reason.
   */
  take(key: QuotaKey, options?: { deadlineMs?: number; signal?: AbortSignal }): Promise<void>;
  /** Whole calls possible now. */
  available(key: QuotaKey): number;
  /**
   * Epoch milliseconds when this many calls, by default one, will have become possible; now if they
   * already are.
   */
  nextAvailableMs(key: QuotaKey, calls?: number): number;
  /** How many calls become possible from now until then. */
  possibleUntil(key: QuotaKey, epochMs: number): number;
  /** Learns from a response: the rate that Amazon applies, or that it refused the call. */
  observe(key: QuotaKey, seen: { callsPerSecond?: number; throttled?: boolean }): Promise<void>;
  close(): Promise<void>;
}

/** The name of a bucket, in the file and in memory. Nothing reads the key back out of it. */
function bucketName({ clientId, sellerId, operation }: QuotaKey): string {
  return `${clientId} ${sellerId} ${operation}`;
}

const bucketShape = z.object({
  tokens: z.number().min(0),
  /** The time of `tokens`, in epoch milliseconds. */
  atMs: z.number(),
  /** Amazon's rate, of which these processes use their share. */
  callsPerSecond: z.number().positive(),
});

type Bucket = z.output<typeof bucketShape>;

const stateShape = z.object({
  /** When the buckets before these were lost, in epoch milliseconds. */
  lostAtMs: z.number().exactOptional(),
  /** By the name of the bucket. */
  buckets: z.record(z.string(), bucketShape),
});

/** The content of `quota.json`. */
export type QuotaState = z.output<typeof stateShape>;

/** `quota.json`. Earlier versions stored the buckets alone. */
export const quotaJson: JsonKind<QuotaState> = {
  parse: (content) =>
    content !== null && typeof content === 'object' && 'buckets' in content
      ? stateShape.parse(content)
      : { buckets: z.record(z.string(), bucketShape).parse(content) },
  missing: () => ({ buckets: {} }),
  // What was used is unknown: nothing may be left of any burst.
  lost: (foundMs) => ({ lostAtMs: foundMs, buckets: {} }),
  consequence: 'calls wait until their quota has been refilled',
  isSynced: false,
};

/**
 * Opens the quota plan: a token bucket for each key. They are kept in a file, so that a restart
 * does not forget what was used and processes that share the file do not use the same token twice.
 */
export function openQuotaPlan({
  state,
  share = 1,
  clock = systemClock,
}: {
  state: Pick<SharedJson<QuotaState>, 'read' | 'change'>;
  /** The part of Amazon's quota that these processes may use, at most 1. */
  share?: number;
  clock?: Clock;
}): QuotaPlan {
  const { now, sleep } = clock;
  /** The last waiting call of each key; the next one waits behind it. */
  const lines = new Map<string, Promise<unknown>>();

  /** The bucket in the file, refilled since. */
  const current = (key: QuotaKey) => bucketOf(readNow(), key, share, now());

  /**
   * A file that can't be read counts as empty for whoever only reads: taking a call fails by it.
   */
  function readNow(): QuotaState {
    try {
      return state.read();
    } catch {
      return quotaJson.missing();
    }
  }

  async function change(key: QuotaKey, apply: (bucket: Bucket) => void, signal?: AbortSignal): Promise<void> {
    await state.change((stored) => {
      const bucket = bucketOf(stored, key, share, now());
      apply(bucket);
      return { ...stored, buckets: { ...stored.buckets, [bucketName(key)]: bucket } };
    }, signal);
  }

  function nextAvailableMs(key: QuotaKey, calls = 1): number {
    const { tokens, callsPerSecond, atMs } = current(key);
    return tokens >= calls
      ? now()
      : Math.max(atMs, now()) + Math.ceil(((calls - tokens) / (callsPerSecond * share)) * 1000);
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
      // Another process may have taken the token in the meantime.
      const take = (bucket: Bucket) => {
        isTaken = bucket.tokens >= 1;
        if (isTaken) spend(bucket, key, share, now());
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
      return Math.max(0, Math.floor(tokens + (Math.max(0, epochMs - now()) / 1000) * callsPerSecond * share));
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

/**
 * Allow for latency: Amazon's bucket starts refilling only when our call arrives, up to this much
 * after we spent the token.
 */
export const maxLatencyMs = 2000;

function spend(bucket: Bucket, key: QuotaKey, share: number, nowMs: number): void {
  const burst = burstOf(key, share);
  const mayBeFull = bucket.tokens + (maxLatencyMs / 1000) * bucket.callsPerSecond * share >= burst;
  bucket.tokens -= 1;
  if (mayBeFull) bucket.atMs = nowMs + maxLatencyMs;
}

/** The bucket of a key as of now. One that was not used yet is full; a lost one was empty. */
function bucketOf({ lostAtMs, buckets }: QuotaState, key: QuotaKey, share: number, nowMs: number): Bucket {
  const { callsPerSecond: plannedRate } = usagePlans[key.operation];
  const burst = burstOf(key, share);
  const unused: Bucket = {
    tokens: lostAtMs === undefined ? burst : 0,
    atMs: lostAtMs ?? nowMs,
    callsPerSecond: plannedRate,
  };
  const { tokens, atMs, callsPerSecond } = buckets[bucketName(key)] ?? unused;
  // Refilling starts later while a call is on its way to a full bucket. Any other future time means
  // that the clock was set back.
  const isInFlight = atMs > nowMs && atMs <= nowMs + maxLatencyMs;
  if (isInFlight) return { tokens: Math.min(burst, tokens), atMs, callsPerSecond };
  const elapsedSeconds = Math.max(0, nowMs - atMs) / 1000;
  return {
    tokens: Math.min(burst, tokens + elapsedSeconds * callsPerSecond * share),
    atMs: nowMs,
    callsPerSecond,
  };
}

/** A share of the burst; at least one call, without which there would be none. */
function burstOf({ operation }: QuotaKey, share: number): number {
  return Math.max(1, Math.floor(usagePlans[operation].burst * share));
}
