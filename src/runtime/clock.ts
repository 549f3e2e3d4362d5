import { setTimeout } from 'node:timers/promises';

/** A source of time, which tests replace. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Waits the given milliseconds; rejects with the signal's reason if aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Maximum delay of Node's timers, in milliseconds; a longer delay would end at once. */
const maxTimerMs = 2 ** 31 - 1;

/** Waits the given milliseconds, of any number; rejects with the signal's reason if aborted. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await setTimeout(Math.min(Math.max(ms, 0), maxTimerMs), undefined, signal ? { signal } : {});
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** The clock of the machine. */
export const systemClock: Clock = { now: () => Date.now(), sleep };
