import { systemClock } from '../../src/runtime/clock.js';

/** A clock in place of the machine's, for everything in this process that asks for the time. */
export interface VirtualClock {
  nowMs: number;
  restore(): void;
}

/** Does work that sleeps, from now on and in no real time. */
export async function onVirtualClock<T>(work: () => Promise<T>): Promise<T> {
  const clock = useVirtualClock(systemClock.now());
  try {
    return await work();
  } finally {
    clock.restore();
  }
}

/**
 * Replaces the clock of the machine until `restore` is called. Time passes when the test sets it
 * and while the program sleeps, which takes no real time.
 */
export function useVirtualClock(startMs: number): VirtualClock {
  const { now, sleep } = systemClock;
  const clock: VirtualClock = {
    nowMs: startMs,
    restore: () => void Object.assign(systemClock, { now, sleep }),
  };
  systemClock.now = () => clock.nowMs;
  systemClock.sleep = async (ms, signal) => {
    signal?.throwIfAborted();
    clock.nowMs += Math.max(0, ms);
    // What waits for input or output goes on first.
    await new Promise(setImmediate);
    signal?.throwIfAborted();
  };
  return clock;
}
