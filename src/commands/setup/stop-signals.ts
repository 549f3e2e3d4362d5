import { systemClock } from '../../runtime/clock.js';
import { setMaxListeners } from 'node:events';
import type { StopSignals } from '../../ingest/context.js';
import type { Io } from './io.js';

/**
 * Time that work in progress has to finish after a stop signal. The rest of the promised 30 seconds
 * is for releasing it.
 */
const graceMs = 25_000;

/**
 * Runs work that the user or the system may stop. The first SIGINT or SIGTERM lets work in progress
 * finish; the end of the grace period, or a second signal, aborts it.
 */
export async function untilStopped<T>(io: Io, work: (signals: StopSignals) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const abort = new AbortController();
  // All work in progress listens to these signals, and Node warns above ten listeners.
  setMaxListeners(0, stop.signal, abort.signal);
  const finished = new AbortController();
  const forget = io.onStopSignal(() => {
    if (stop.signal.aborted) abort.abort();
    else endAfterGrace();
    stop.abort();
  });
  function endAfterGrace(): void {
    systemClock.sleep(graceMs, finished.signal).then(
      () => abort.abort(),
      // Finished in time.
      () => {},
    );
  }
  try {
    return await work({ stop: stop.signal, abort: abort.signal });
  } finally {
    forget();
    finished.abort();
  }
}
