import { setTimeout } from 'node:timers/promises';

/** What tells the time and lets it pass. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Waits so many milliseconds; rejects with the signal's reason where it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Node's timers count up to 2^31 - 1 milliseconds, and take more for none at all. */
const longestTimerMs = 2 ** 31 - 1;

/** Waits so many milliseconds; rejects with the signal's reason where it is aborted. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await setTimeout(Math.min(Math.max(ms, 0), longestTimerMs), undefined, signal ? { signal } : {});
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** The clock of the machine. */
export const systemClock: Clock = { now: () => Date.now(), sleep };
