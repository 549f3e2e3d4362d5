import { setTimeout as sleep } from 'node:timers/promises';

/** Far more than anything takes, on however busy a machine, and less than Mocha allows a test. */
const maxWaitMs = 240_000;

/**
 * Waits until a check returns something true: the program runs by the real clock, with servers.
 * Errors: if that takes too long.
 */
export async function until<T>(ask: () => Promise<T | undefined | false>): Promise<T> {
  const giveUpAtMs = Date.now() + maxWaitMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > giveUpAtMs) throw new Error('waited in vain');
    await sleep(50);
  }
}
