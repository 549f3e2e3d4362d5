import type { Clock } from '../../runtime/clock.js';
import { halfJitter, exponentialBackoff, retry } from '../../runtime/retry.js';
import { ReportsError } from '../../errors/reports-error.js';
import type { JsonAnswer } from './http.js';

const defaultMaxAttempts = 4;

const backoffMs = exponentialBackoff({ firstMs: 250, jitter: halfJitter });

/** Names the call in errors. */
interface RetriedCall {
  operation: string;
  sellerId: string;
  url: string;
}

/**
 * Makes a call, and again after a 5xx or no answer, with growing and jittered waits: up to
 * `maxAttempts`, by default four. Returns every other answer as it is.
 * Errors: API_UNAVAILABLE, API_UNREACHABLE; the signal's reason.
 */
export async function callWithRetry(
  call: () => Promise<JsonAnswer>,
  { operation, sellerId, url }: RetriedCall,
  {
    signal,
    clock,
    maxAttempts = defaultMaxAttempts,
  }: { signal?: AbortSignal | undefined; clock?: Clock | undefined; maxAttempts?: number } = {},
): Promise<JsonAnswer> {
  let failure: CallFailure;
  try {
    const answer = await retry(call, {
      maxAttempts,
      backoffMs,
      isRetryable: () => true,
      isUnfinished: ({ status }) => status >= 500,
      signal,
      clock,
    });
    if (answer.status < 500) return answer;
    failure = { code: 'API_UNAVAILABLE', found: `Amazon answered ${answer.status}` };
  } catch (error) {
    signal?.throwIfAborted();
    failure = networkFailure(error);
  }
  const found = maxAttempts > 1 ? `${failure.found}, ${maxAttempts} times` : failure.found;
  throw new ReportsError(failure.code, { operation, sellerId, host: new URL(url).origin, found });
}

interface CallFailure {
  code: 'API_UNAVAILABLE' | 'API_UNREACHABLE';
  found: string;
}

/** Codes of connections that were made and ended before the answer did. */
const brokenConnection = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** Reads why there was no answer out of fetch's error, which has the reason as its cause. */
function networkFailure(error: unknown): CallFailure {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return { code: 'API_UNREACHABLE', found: String(cause) };
  const { code } = cause as NodeJS.ErrnoException;
  // The text quotes the header, and with it a token.
  if (/invalid header value/i.test(cause.message))
    return { code: 'API_UNAVAILABLE', found: 'the token is not a valid header value' };
  if (code !== undefined && brokenConnection.has(code))
    return { code: 'API_UNAVAILABLE', found: `the connection was lost (${code})` };
  return {
    code: 'API_UNREACHABLE',
    found: cause.name === 'TimeoutError' ? 'none in 30 s' : (code ?? cause.message),
  };
}
