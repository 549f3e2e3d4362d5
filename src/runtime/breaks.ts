import { setImmediate as nextTurn } from 'node:timers/promises';

/** Other work of the process, such as a health check, waits no longer than about this. */
const maxBlockMs = 20;

/**
 * Returns a function that long computations call between their parts. It lets other work of the
 * process run if the computation has taken long since the last time.
 */
export function openBreaks(now = () => performance.now()): () => Promise<void> | undefined {
  let sinceMs = now();
  return () => (now() - sinceMs < maxBlockMs ? undefined : takeBreak());

  async function takeBreak(): Promise<void> {
    await nextTurn();
    sinceMs = now();
  }
}
