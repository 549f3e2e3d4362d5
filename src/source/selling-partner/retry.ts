import { sleep } from '../../runtime/clock.js';
import { ReportsError } from '../../errors/reports-error.js';
import type { JsonAnswer } from './http.js';

const tries = 4;
const firstPauseMs = 250;

/** What a call is about, for errors. */
interface RetriedCall {
  operation: string;
  sellerId: string;
  url: string;
}

/**
 * Makes a call up to four times, or `mostTries`, while it brings a 5xx or no answer, with growing, jittered pauses. What Amazon answers
 * otherwise is returned as it is. Errors: API_UNAVAILABLE, API_UNREACHABLE.
 */
export async function retried(
  call: () => Promise<JsonAnswer>,
  { operation, sellerId, url }: RetriedCall,
  signal?: AbortSignal,
  mostTries = tries,
): Promise<JsonAnswer> {
  const about = { operation, sellerId, host: new URL(url).origin };
  for (let attempt = 1; ; attempt += 1) {
    let failure: Failure;
    try {
      const answer = await call();
      if (answer.status < 500) return answer;
      failure = { code: 'API_UNAVAILABLE', found: `Amazon answered ${answer.status}` };
    } catch (error) {
      signal?.throwIfAborted();
      failure = networkFailure(error);
    }
    const found = mostTries > 1 ? `${failure.found}, ${mostTries} times` : failure.found;
    if (attempt === mostTries) throw new ReportsError(failure.code, { ...about, found });
    await sleep(firstPauseMs * 2 ** (attempt - 1) * (0.5 + Math.random()), signal);
  }
}

interface Failure {
  code: 'API_UNAVAILABLE' | 'API_UNREACHABLE';
  found: string;
}

/** A connection was there, and ended before the answer did. */
const brokenOff = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** What fetch says when there is no answer; the reason is in the cause. */
function networkFailure(error: unknown): Failure {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return { code: 'API_UNREACHABLE', found: String(cause) };
  const { code } = cause as NodeJS.ErrnoException;
  // Its text quotes the header, and with it a token.
  if (/invalid header value/i.test(cause.message))
    return { code: 'API_UNAVAILABLE', found: 'the token is not a valid header value' };
  if (code !== undefined && brokenOff.has(code))
    return { code: 'API_UNAVAILABLE', found: `the connection was lost (${code})` };
  return {
    code: 'API_UNREACHABLE',
    found: cause.name === 'TimeoutError' ? 'none in 30 s' : (code ?? cause.message),
  };
}
