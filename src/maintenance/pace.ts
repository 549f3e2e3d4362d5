import type { Clock } from '../runtime/clock.js';

/** Keeps reading of files from taking the disk or the network from others. */
export interface Pace {
  /** Resolves when so many bytes more may be read. Errors: the signal's reason. */
  beforeReading(bytes: number): Promise<void>;
}

/** A pace of so many bytes in a second, on average since the last pause. */
export function openPace(bytesPerSecond: number, clock: Clock, signal?: AbortSignal): Pace {
  let freeAtMs = clock.now();
  return {
    async beforeReading(bytes) {
      signal?.throwIfAborted();
      const nowMs = clock.now();
      if (freeAtMs > nowMs) await clock.sleep(freeAtMs - nowMs, signal);
      freeAtMs = Math.max(freeAtMs, nowMs) + (bytes / bytesPerSecond) * 1000;
    },
  };
}
