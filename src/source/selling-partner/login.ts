import { once } from 'node:events';
import { type Clock, systemClock } from '../../runtime/clock.js';
import { ReportsError } from '../../errors/reports-error.js';
import { keepPassingSecret } from '../../errors/secrets.js';
import { callJson } from './http.js';
import { callWithRetry } from './retry.js';

export interface Credentials {
  clientId: string;
  clientSecret: string;
  refreshToken: string;
}

export interface Login {
  /** The access token: cached until shortly before it expires, one refresh at a time. */
  accessToken(signal?: AbortSignal): Promise<string>;
  /** Forgets a token that Amazon refused. */
  invalidate(token: string): void;
}

const defaultLoginUrl = 'https://api.amazon.com/auth/o2/token';
const earlySeconds = 60;
/**
 * A refusal is remembered this long, so that a queue full of messages does not cause as many
 * logins.
 */
const refusalMs = 60_000;

/**
 * Amazon's scope of the grantless operations of the Notifications API: a login without a seller's
 * grant may do nothing else here.
 */
const grantlessScope = 'sellingpartnerapi::notifications';

/**
 * Login with Amazon for one seller, or with `grantless` for its application alone, which some
 * operations require.
 * Errors: LOGIN_REFUSED, API_UNAVAILABLE, API_UNREACHABLE.
 * Source: Selling Partner API documentation, "Connecting to the Selling Partner API".
 */
export function openLogin(options: {
  sellerId: string;
  credentials: Credentials;
  grantless?: boolean;
  loginUrl?: string;
  clock?: Clock;
}): Login {
  const { sellerId, credentials, grantless, loginUrl = defaultLoginUrl, clock = systemClock } = options;
  let cached: { token: string; untilMs: number } | undefined;
  let refused: { error: ReportsError; untilMs: number } | undefined;
  let refreshing: { token: Promise<string>; waiters: number; stop: AbortController } | undefined;

  async function refresh(signal: AbortSignal): Promise<string> {
    const body = new URLSearchParams({
      client_id: credentials.clientId,
      client_secret: credentials.clientSecret,
      ...(grantless
        ? { grant_type: 'client_credentials', scope: grantlessScope }
        : { grant_type: 'refresh_token', refresh_token: credentials.refreshToken }),
    });
    const answer = await callWithRetry(
      () => callJson(loginUrl, { method: 'POST', body, signal }),
      { operation: 'login', sellerId, url: loginUrl },
      { signal, clock },
    );
    const { access_token: token, expires_in: seconds, error } = answer.body as Record<string, unknown>;
    if (answer.status >= 400 || typeof token !== 'string') {
      const found = `${answer.status} ${typeof error === 'string' ? error : ''}`.trim();
      // Something else answers in Amazon's place, for example a proxy with a web page.
      const noToken = { operation: 'login', sellerId, found: `${found}, without a token` };
      const failure =
        answer.status >= 400
          ? new ReportsError('LOGIN_REFUSED', { sellerId, found })
          : new ReportsError('API_UNAVAILABLE', noToken);
      refused = { error: failure, untilMs: clock.now() + refusalMs };
      throw failure;
    }
    keepPassingSecret(token);
    const lifeSeconds = typeof seconds === 'number' ? seconds : 3600;
    cached = { token, untilMs: clock.now() + Math.max(lifeSeconds - earlySeconds, lifeSeconds / 2) * 1000 };
    return token;
  }

  function begin() {
    const stop = new AbortController();
    const begun = { token: refresh(stop.signal), waiters: 0, stop };
    // Those who wait handle a failure; after an abort nobody does.
    begun.token
      .catch(() => {})
      .finally(() => {
        if (refreshing === begun) refreshing = undefined;
      });
    return begun;
  }

  return {
    async accessToken(signal) {
      signal?.throwIfAborted();
      if (cached && cached.untilMs > clock.now()) return cached.token;
      if (refused && refused.untilMs > clock.now()) throw refused.error;
      refreshing ??= begin();
      const mine = refreshing;
      mine.waiters += 1;
      try {
        return await (signal ? unlessAborted(mine.token, signal) : mine.token);
      } finally {
        mine.waiters -= 1;
        // No caller waits any more: a login without an answer must not keep the process alive, and
        // the next caller must not wait for one that is being aborted.
        if (mine.waiters === 0) {
          mine.stop.abort();
          if (refreshing === mine) refreshing = undefined;
        }
      }
    },
    invalidate(token) {
      if (cached?.token === token) cached = undefined;
    },
  };
}

/** The refresh itself continues if others wait for it too. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const waiting = new AbortController();
  const aborted = once(signal, 'abort', { signal: waiting.signal }).then(() => {
    throw signal.reason;
  });
  // Aborted below if the work is done first, which is no failure.
  aborted.catch(() => {});
  try {
    return await Promise.race([work, aborted]);
  } finally {
    waiting.abort();
  }
}
