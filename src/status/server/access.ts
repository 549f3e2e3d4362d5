import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isLoopback } from '../../config/common-spec.js';

/** Why a request is refused. */
export type Refusal = { status: 401 | 403; message: string };

export interface Access {
  /** Whether access requires a token. */
  hasToken: boolean;
  /** Undefined if the request may be answered. */
  refusal(request: IncomingMessage): Refusal | undefined;
  /** For requests that change something: undefined if no other site's page can have sent it. */
  foreignRefusal(request: IncomingMessage): Refusal | undefined;
  /** Returns a cookie for the right token; undefined if the token is wrong. */
  cookieFor(token: string, request: IncomingMessage): string | undefined;
  /** The cookie that ends the session. */
  farewellCookie: string;
}

const cookieName = 'sp_reports_status';
const cookieDays = 30;

/**
 * Decides who has access. With a token, a request needs `Authorization: Bearer` or the cookie that
 * a login sets. Without one, a request must address this machine by one of its own names, which a
 * page of another site that points its own name here does not.
 */
export function openAccess(token: string | undefined): Access {
  const wanted = token === undefined ? undefined : digest(token);
  // The cookie doesn't contain the token itself, and stays valid across restarts.
  const session = token === undefined ? '' : digest(`cookie of ${token}`).toString('hex');
  const isToken = (given: string) => wanted !== undefined && timingSafeEqual(digest(given), wanted);

  function isKnown({ headers }: IncomingMessage): boolean {
    const [, bearer] = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '') ?? [];
    if (bearer !== undefined) return isToken(bearer);
    const cookie = (headers.cookie ?? '').split(/; */).find((each) => each.startsWith(`${cookieName}=`));
    const given = cookie?.slice(cookieName.length + 1) ?? '';
    return timingSafeEqual(digest(given), digest(session));
  }

  return {
    hasToken: token !== undefined,
    refusal(request) {
      if (token !== undefined) {
        return isKnown(request) ? undefined : { status: 401, message: 'a token is required' };
      }
      return isLoopback(hostName(request.headers.host))
        ? undefined
        : {
            status: 403,
            message:
              'without a token, only requests to localhost are answered; set status.token in pipelines.yaml',
          };
    },
    foreignRefusal({ headers }) {
      const { origin, host } = headers;
      const site = headers['sec-fetch-site'];
      const isForeign =
        origin === undefined ? site !== undefined && site !== 'same-origin' : hostOf(origin) !== host;
      return isForeign ? { status: 403, message: 'the request comes from another site' } : undefined;
    },
    cookieFor(given, { headers }) {
      if (!isToken(given)) return undefined;
      const secure = headers['x-forwarded-proto'] === 'https' ? '; Secure' : '';
      return `${cookieName}=${session}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${cookieDays * 86_400}${secure}`;
    },
    farewellCookie: `${cookieName}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`,
  };
}

/** The digest has the same length for any text, so that comparing takes constant time. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The name in a Host header, without its port. */
function hostName(host = ''): string {
  return host.replace(/:\d*$/, '');
}

/** The host and port of an origin; undefined for `null` and invalid ones. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
