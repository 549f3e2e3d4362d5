import { systemClock } from '../../src/runtime/clock.js';

/**
 * Calls `onSleep` whenever the program, running in this process, begins to wait on the clock of the
 * machine. Returns what ends that.
 */
export function watchSleeps(onSleep: (ms: number) => void): () => void {
  const { sleep } = systemClock;
  systemClock.sleep = (ms, signal) => {
    onSleep(ms);
    return sleep(ms, signal);
  };
  return () => {
    systemClock.sleep = sleep;
  };
}
