import { sleep } from '../../clock.js';
import type { ReportsError } from '../../errors.js';
import type { JsonAnswer } from './http.js';

const tries = 4;
const firstPauseMs = 250;

/**
 * Makes a call up to four times, or `mostTries`, while it brings a 5xx or no answer, with growing, jittered pauses. What Amazon answers
 * otherwise is returned as it is.
 */
export async function retried(
  call: () => Promise<JsonAnswer>,
  unavailable: (found: string) => ReportsError,
  signal?: AbortSignal,
  mostTries = tries,
): Promise<JsonAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    let found: string;
    try {
      const answer = await call();
      if (answer.status < 500) return answer;
      found = `Amazon answered ${answer.status}`;
    } catch (error) {
      signal?.throwIfAborted();
      found = networkFailure(error);
    }
    if (attempt === mostTries) throw unavailable(mostTries > 1 ? `${found}, ${mostTries} times` : found);
    await sleep(firstPauseMs * 2 ** (attempt - 1) * (0.5 + Math.random()), signal);
  }
}

/** What fetch says when there is no answer; the reason is in the cause. */
function networkFailure(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  const { code } = cause as NodeJS.ErrnoException;
  // Its text quotes the header, and with it a token.
  if (/invalid header value/i.test(cause.message)) return 'a token that is no header value';
  return cause.name === 'TimeoutError' ? 'no answer in 30 s' : (code ?? cause.message);
}
