import { type Clock, systemClock } from './clock.js';

/** When a failed attempt is followed by another one. Without limits it goes on forever. */
export interface RetryPolicy<T> {
  /** Attempts in a row, the first one included. */
  maxAttempts?: number | undefined;
  /** A failure this long after the first attempt began is final; a wait never goes beyond it. */
  maxElapsedMs?: number | undefined;
  /** How long to wait after so many failed attempts in a row, from 1. Default: not at all. */
  backoffMs?: (failures: number) => number;
  /** Whether an error may pass. Default: no error does. It is asked after the last attempt too. */
  isRetryable?: (error: unknown) => boolean | Promise<boolean>;
  /** Whether a result counts as a failed attempt. Default: none does. */
  isUnfinished?: (result: T) => boolean;
  /**
   * Whether a failed attempt got further than those before it, so that counting starts over with
   * it.
   */
  madeProgress?: (result: T) => boolean;
  /** Ends waiting, and starts no further attempt. */
  signal?: AbortSignal | undefined;
  clock?: Clock | undefined;
}

/**
 * Makes attempts until one succeeds or the policy says to stop. Returns the result of the last
 * attempt, even if it is unfinished, so that the caller decides what that means.
 * Errors: that of the last attempt; the signal's reason once it is aborted.
 */
export async function retry<T>(
  attempt: (number: number) => Promise<T>,
  {
    maxAttempts = Number.POSITIVE_INFINITY,
    maxElapsedMs = Number.POSITIVE_INFINITY,
    backoffMs = () => 0,
    isRetryable = () => false,
    isUnfinished = () => false,
    madeProgress = () => false,
    signal,
    clock = systemClock,
  }: RetryPolicy<T>,
): Promise<T> {
  const startMs = clock.now();
  let failures = 0;
  const mayContinue = () => failures < maxAttempts && clock.now() - startMs < maxElapsedMs;
  for (let number = 1; ; number += 1) {
    signal?.throwIfAborted();
    try {
      const result = await attempt(number);
      if (!isUnfinished(result)) return result;
      failures = madeProgress(result) ? 1 : failures + 1;
      if (!mayContinue()) return result;
    } catch (error) {
      signal?.throwIfAborted();
      failures += 1;
      if (!(await isRetryable(error)) || !mayContinue()) throw error;
    }
    const leftMs = startMs + maxElapsedMs - clock.now();
    const waitMs = Math.min(backoffMs(failures), leftMs);
    if (waitMs > 0) await clock.sleep(waitMs, signal);
  }
}

/** The usual jitter: clients that failed together do not come back together. */
export const halfJitter = [0.5, 1.5] as const;

/** The widest jitter: any part of the wait, which separates those who collide with each other. */
export const fullJitter = [0, 1] as const;

/**
 * Waits that grow by a factor from `firstMs` to `maxMs`, each multiplied by a random number in
 * `jitter`.
 */
export function exponentialBackoff({
  firstMs,
  factor = 2,
  maxMs = Number.POSITIVE_INFINITY,
  jitter: [min, max] = [1, 1],
  random = Math.random,
}: {
  firstMs: number;
  factor?: number;
  maxMs?: number;
  jitter?: readonly [number, number];
  random?: () => number;
}): (failures: number) => number {
  return (failures) => Math.min(firstMs * factor ** (failures - 1), maxMs) * (min + random() * (max - min));
}
