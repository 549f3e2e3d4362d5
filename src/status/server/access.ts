import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isLoopback } from '../../config/common-spec.js';

/** Why a request is not answered. */
export type Refusal = { status: 401 | 403; message: string };

export interface Access {
  /** Whether readers need a token at all. */
  hasToken: boolean;
  /** Undefined where the request may have an answer. */
  refusal(request: IncomingMessage): Refusal | undefined;
  /** For requests that change something: undefined where no other page can have sent it. */
  foreignRefusal(request: IncomingMessage): Refusal | undefined;
  /** The cookie of a reader who knows the token; undefined where this is not the token. */
  cookieFor(token: string, request: IncomingMessage): string | undefined;
  /** What takes the cookie back. */
  farewellCookie: string;
}

const cookieName = 'sp_reports_status';
const cookieDays = 30;

/**
 * Who may read. With a token: who sends it as `Authorization: Bearer`, or the cookie that knowing it once gives. Without one: who asks this
 * machine by a name of its own, which pages of elsewhere that point their name at it do not.
 */
export function openAccess(token: string | undefined): Access {
  const wanted = token === undefined ? undefined : digest(token);
  // The cookie doesn't hold the token itself, and stays good over a restart.
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
        return isKnown(request) ? undefined : { status: 401, message: 'the token is needed' };
      }
      return isLoopback(hostName(request.headers.host))
        ? undefined
        : {
            status: 403,
            message:
              'without a token only requests to localhost are answered; set status.token in pipelines.yaml',
          };
    },
    foreignRefusal({ headers }) {
      const { origin, host } = headers;
      const site = headers['sec-fetch-site'];
      const isForeign =
        origin === undefined ? site !== undefined && site !== 'same-origin' : hostOf(origin) !== host;
      return isForeign ? { status: 403, message: 'a request of another page' } : undefined;
    },
    cookieFor(given, { headers }) {
      if (!isToken(given)) return undefined;
      const secure = headers['x-forwarded-proto'] === 'https' ? '; Secure' : '';
      return `${cookieName}=${session}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${cookieDays * 86_400}${secure}`;
    },
    farewellCookie: `${cookieName}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`,
  };
}

/** Of equal length whatever the text, so that comparing takes equal time. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The name in a Host header, without its port. */
function hostName(host = ''): string {
  return host.replace(/:\d*$/, '');
}

/** The host and port that an origin names; undefined for `null` and what is none. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
