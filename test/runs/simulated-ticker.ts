import { lastTickMs } from '../../src/config/cron-ticks.js';
import type { OpenTicker } from '../../src/runs/ticker.js';
import type { Clock } from '../../src/runtime/clock.js';

/**
 * A ticker on a simulated clock, which is as limited as node-cron: it computes the time of the next
 * tick once, waits for it by a timer that does not count the time that the machine sleeps, and
 * forgets ticks that are more than a second late.
 */
export function simulatedTicker(clock: Clock): OpenTicker {
  return ({ expressions, timezone }, onTick) => {
    let current = new AbortController();
    const start = () => {
      for (const expression of expressions) void tick(expression, timezone, current.signal);
    };
    const tick = async (expression: string, timezone: string, signal: AbortSignal) => {
      let next = nextTickMs(expression, timezone, clock.now());
      while (!signal.aborted) {
        while (clock.now() < next) {
          try {
            await clock.sleep(next - clock.now(), signal);
          } catch {
            return;
          }
        }
        if (clock.now() - next <= 1000) onTick();
        next = nextTickMs(expression, timezone, Math.max(next, clock.now()));
      }
    };
    start();
    return {
      restart() {
        current.abort();
        current = new AbortController();
        start();
      },
      async stop() {
        current.abort();
      },
    };
  };
}

/** The first tick after a time. */
function nextTickMs(expression: string, timezone: string, afterMs: number): number {
  const hourMs = 3_600_000;
  const dayMs = 24 * hourMs;
  let stepMs = hourMs;
  for (let fromMs = afterMs; ; fromMs += stepMs) {
    let first: number | undefined;
    let found = lastTickMs(expression, timezone, fromMs + stepMs, fromMs);
    while (found !== undefined) {
      first = found;
      found = lastTickMs(expression, timezone, first - 1, fromMs);
    }
    if (first !== undefined) return first;
    if (fromMs - afterMs > dayMs) stepMs = dayMs;
  }
}
