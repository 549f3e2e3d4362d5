import { systemClock } from '../../runtime/clock.js';
import { setMaxListeners } from 'node:events';
import type { StopSignals } from '../../ingest/context.js';
import type { Io } from './io.js';

/** What is in work when the program is told to stop has so long to finish; the rest of the promised 30 s is for releasing it. */
const graceMs = 25_000;

/**
 * Signals for a run that the user or the system may stop: the first SIGINT or SIGTERM lets work in hand finish, the end of the
 * grace or a second signal breaks it off.
 */
export async function untilStopped<T>(io: Io, work: (signals: StopSignals) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const abort = new AbortController();
  // All that is in work listens to them; Node warns of more than ten.
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
