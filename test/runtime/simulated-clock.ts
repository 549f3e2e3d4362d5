import type { Clock } from '../../src/runtime/clock.js';

/** A clock whose time passes only when everything waits for it. */
export interface SimulatedClock extends Clock {
  /**
   * Lets time pass until the work is done. Errors: those of the work, and if it waits for something
   * that the clock does not know.
   */
  runUntil<T>(work: Promise<T>): Promise<T>;
  /**
   * The time jumps, and timers do not notice: the machine slept, or somebody set the clock, back if
   * `ms` is negative.
   */
  jump(ms: number): void;
}

interface Sleeper {
  atMs: number;
  wake: () => void;
}

export function simulateClock(startMs = Date.UTC(2026, 9, 1)): SimulatedClock {
  let nowMs = startMs;
  /** Ordered by time. */
  const sleepers: Sleeper[] = [];

  return {
    now: () => nowMs,
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const end = () => {
          sleepers.splice(sleepers.indexOf(sleeper), 1);
          reject(signal?.reason);
        };
        const wake = () => {
          signal?.removeEventListener('abort', end);
          resolve();
        };
        const sleeper = { atMs: nowMs + Math.max(0, ms), wake };
        const at = sleepers.findLastIndex((each) => each.atMs <= sleeper.atMs);
        sleepers.splice(at + 1, 0, sleeper);
        signal?.addEventListener('abort', end, { once: true });
      });
    },
    every(ms, work) {
      const stop = new AbortController();
      const goOn = async (): Promise<void> => {
        await this.sleep(ms, stop.signal);
        work();
        return goOn();
      };
      // Ends when it is stopped.
      goOn().catch(() => {});
      return () => stop.abort();
    },
    jump(ms) {
      nowMs += ms;
      for (const sleeper of sleepers) sleeper.atMs += ms;
    },
    async runUntil(work) {
      let isDone = false;
      const done = work.finally(() => {
        isDone = true;
      });
      done.catch(() => {});
      for (;;) {
        await settled();
        if (isDone) return done;
        const next = sleepers.shift();
        if (!next) throw new Error('everything waits, and nothing for the clock');
        nowMs = Math.max(nowMs, next.atMs);
        next.wake();
      }
    },
  };
}

/**
 * Resolves when nothing more happens by itself: all promises are settled, and no file operation is
 * in progress.
 */
async function settled(): Promise<void> {
  do await new Promise((resolve) => setImmediate(resolve));
  while (process.getActiveResourcesInfo().some((each) => /^(FSReq|CloseReq)/.test(each)));
}
