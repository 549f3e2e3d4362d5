import type { Clock } from '../runtime/clock.js';
import { describeError, errorCode, remedyOf } from '../errors/reports-error.js';
import type { Problem } from './types.js';

/** The last value that was read, and why it could not be read since. */
export interface Polled<T> {
  value?: T;
  readAt?: string;
  problem?: Problem;
}

/** Callers wait at most this long, then get the previous value. */
const patienceMs = 2000;

export interface PollOptions {
  clock: Clock;
  isDue: (sinceMs: number) => boolean;
  /**
   * Whether callers wait until the read ends, however long it takes: for a caller that reads once.
   */
  waitsForReading?: boolean;
}

/**
 * Returns a function that reads a value on demand, but not again before it is due. Only one read
 * runs at a time, and it continues after its callers have stopped waiting.
 */
export function openPolled<T>(
  read: () => Promise<T>,
  { clock, isDue, waitsForReading = false }: PollOptions,
): () => Promise<Polled<T>> {
  let last: Polled<T> = {};
  let triedMs: number | undefined;
  let reading: Promise<void> | undefined;

  async function readOnce(): Promise<void> {
    triedMs = clock.now();
    const readAt = new Date(triedMs).toISOString();
    try {
      last = { value: await read(), readAt };
    } catch (error) {
      const since = last.problem?.since ?? readAt;
      const problem = {
        code: errorCode(error),
        message: describeError(error),
        remedy: remedyOf(error),
        since,
      };
      last = { ...last, problem };
    }
  }

  return async () => {
    if (!reading && (triedMs === undefined || isDue(clock.now() - triedMs))) {
      reading = readOnce().finally(() => {
        reading = undefined;
      });
    }
    if (reading && waitsForReading) await reading;
    else if (reading) {
      const enough = new AbortController();
      const late = clock.sleep(patienceMs, enough.signal).catch(() => {});
      await Promise.race([reading, late]);
      enough.abort();
    }
    return last;
  };
}
