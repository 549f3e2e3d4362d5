import { setTimeout as wait } from 'node:timers/promises';

/** A source of time, which tests replace. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Waits the given milliseconds; rejects with the signal's reason if aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Starts work every `ms` milliseconds until the returned function is called. Keeps no process
   * alive.
   */
  every(ms: number, work: () => void): () => void;
}

/** Node's timers count up to 2^31 - 1 milliseconds, and treat more as 1. */
const maxTimerMs = 2 ** 31 - 1;

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    try {
      await wait(Math.min(Math.max(ms, 0), maxTimerMs), undefined, signal ? { signal } : {});
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
  every(ms, work) {
    const timer = setInterval(work, Math.min(ms, maxTimerMs));
    timer.unref();
    return () => clearInterval(timer);
  },
};

/** A time as ISO 8601 in UTC; now by default. */
export function isoNow(clock: Clock = systemClock): string {
  return new Date(clock.now()).toISOString();
}
