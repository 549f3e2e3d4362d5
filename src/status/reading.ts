import type { Clock } from '../runtime/clock.js';
import { describeError, errorCode } from '../errors/reports-error.js';
import type { Problem } from './types.js';

/** What was read last, and why it could not be read since. */
export interface Reading<T> {
  value?: T;
  readAt?: string;
  problem?: Problem;
}

/** Else whoever asks waits no longer than this, and gets what was read before. */
const patienceMs = 2000;

export interface ReadingOptions {
  clock: Clock;
  isDue: (sinceMs: number) => boolean;
  /** Whether who asks waits for the end of a reading, however long others hold it up: for who asks once. */
  waitsForReading?: boolean;
}

/**
 * Something that is read when it is asked for, and not again before it is due. One reading at a time; it goes on where nobody waits for it
 * any more.
 */
export function openReading<T>(
  read: () => Promise<T>,
  { clock, isDue, waitsForReading = false }: ReadingOptions,
): () => Promise<Reading<T>> {
  let last: Reading<T> = {};
  let triedMs: number | undefined;
  let reading: Promise<void> | undefined;

  async function readOnce(): Promise<void> {
    triedMs = clock.now();
    const readAt = new Date(triedMs).toISOString();
    try {
      last = { value: await read(), readAt };
    } catch (error) {
      const since = last.problem?.since ?? readAt;
      last = { ...last, problem: { code: errorCode(error), message: describeError(error), since } };
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
