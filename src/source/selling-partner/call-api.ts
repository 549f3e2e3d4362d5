import type { ZodType } from 'zod';
import { ReportsError } from '../../errors/reports-error.js';
import type { Clock } from '../../runtime/clock.js';
import { withoutUndefined } from '../../runtime/without-undefined.js';
import type { ReportRegion } from '../../schema/types.js';
import type { CreateCallOptions } from '../types.js';
import { callJson, type JsonAnswer, type Method } from './http.js';
import { type Credentials, openLogin } from './login.js';
import type { Operation } from './limits.js';
import type { QuotaPlan } from './quota.js';
import { callWithRetry } from './retry.js';

/** Source: Selling Partner API documentation, "Selling Partner API endpoints". */
const endpoints: Record<ReportRegion, string> = {
  na: 'https://sellingpartnerapi-na.amazon.com',
  eu: 'https://sellingpartnerapi-eu.amazon.com',
  fe: 'https://sellingpartnerapi-fe.amazon.com',
};

/**
 * A call that Amazon throttles this often is left to a later drain, whatever rate Amazon reports.
 */
const maxThrottled = 5;

export interface ApiCall extends CreateCallOptions {
  operation: Operation;
  /** Names the subject of the call in errors. */
  thing: string;
  path: string;
  /** Default: POST with a body, otherwise GET. */
  method?: Method;
  body?: string;
  /** Does not retry after no answer or a 5xx: Amazon may have done it. */
  once?: boolean;
  /** Replaces the access token. */
  restrictedDataToken?: string;
}

export interface ApiOptions {
  seller: { id: string; region: ReportRegion; credentials: Credentials };
  quota: QuotaPlan;
  /** Replaces the region's endpoint. */
  endpoint?: string;
  loginUrl?: string;
  clock?: Clock;
}

/** Makes one call, waiting for quota, and returns the response parsed by `schema`. */
export type CallApi = <T>(call: ApiCall, schema: ZodType<T>) => Promise<T>;

/**
 * Opens the API for one seller, or for its application alone (`grantless`). Every call takes from
 * the quota plan first; 429 and 5xx are retried.
 * Errors: LOGIN_REFUSED, API_ACCESS_DENIED, API_NOT_FOUND, API_REQUEST_REFUSED, API_QUOTA_EXCEEDED,
 * API_UNAVAILABLE, API_UNREACHABLE.
 */
export function openApi(options: ApiOptions & { grantless?: boolean }): CallApi {
  const { seller, quota, grantless = false } = options;
  const endpoint = endpointOf(seller.region, options.endpoint);
  const login = openLogin({
    sellerId: seller.id,
    credentials: seller.credentials,
    grantless,
    loginUrl: options.loginUrl,
    clock: options.clock,
  });
  return callApi;

  async function callApi<T>(call: ApiCall, schema: ZodType<T>): Promise<T> {
    const { operation, thing, signal } = call;
    const sellerId = seller.id;
    const key = { clientId: seller.credentials.clientId, sellerId, operation };
    let renewed = false;
    for (let throttled = 0; throttled < maxThrottled; ) {
      // Before the quota: a login takes time, and a call must reach Amazon soon after its token was
      // spent.
      await login.accessToken(signal);
      await quota.take(key, call);
      const accessToken = await login.accessToken(signal);
      await call.onTaken?.();
      const answer = await callWithRetry(
        () => send(call, accessToken),
        { operation, sellerId, url: endpoint },
        { signal, clock: options.clock, maxAttempts: call.once ? 1 : undefined },
      );
      const limit = Number(answer.headers.get('x-amzn-ratelimit-limit') ?? Number.NaN);
      await quota.observe(key, {
        callsPerSecond: Number.isFinite(limit) ? limit : undefined,
        throttled: answer.status === 429,
      });
      if (answer.status < 300) return parseBody(schema, answer.body, { operation, sellerId });
      if (answer.status === 429) {
        throttled += 1;
        continue;
      }
      const found = describeErrors(answer);
      // A token may expire or be revoked early: retry once with a new one.
      if (
        (answer.status === 401 || answer.status === 403) &&
        !renewed &&
        /access token|expired/i.test(found)
      ) {
        renewed = true;
        login.invalidate(accessToken);
        if (!call.restrictedDataToken) continue;
      }
      const details = { operation, thing, sellerId, found };
      if (answer.status === 401 || answer.status === 403)
        throw new ReportsError('API_ACCESS_DENIED', details);
      throw new ReportsError(answer.status === 404 ? 'API_NOT_FOUND' : 'API_REQUEST_REFUSED', details);
    }
    throw new ReportsError('API_QUOTA_EXCEEDED', { operation, sellerId });
  }

  function send(call: ApiCall, accessToken: string): Promise<JsonAnswer> {
    return callJson(`${endpoint}${call.path}`, {
      method: call.method ?? (call.body ? 'POST' : 'GET'),
      headers: withoutUndefined({
        'x-amz-access-token': call.restrictedDataToken ?? accessToken,
        'content-type': call.body ? 'application/json' : undefined,
      }),
      body: call.body,
      signal: call.signal,
    });
  }
}

/** The base URL of the calls: `given`, otherwise the region's. */
export function endpointOf(region: ReportRegion, given?: string): string {
  return (given ?? endpoints[region]).replace(/\/$/, '');
}

/**
 * A response without the required members is no answer: something other than Amazon may have sent
 * it.
 */
function parseBody<T>(
  schema: ZodType<T>,
  body: unknown,
  about: { operation: Operation; sellerId: string },
): T {
  const { data, error } = schema.safeParse(body);
  if (data !== undefined) return data;
  const [issue] = error?.issues ?? [];
  const found = `the response lacks ${issue?.path.join('.') || 'required members'}`;
  throw new ReportsError('API_UNAVAILABLE', { ...about, found });
}

/** Status, code, message and details of Amazon's error list. */
function describeErrors({ status, body }: JsonAnswer): string {
  const { errors } = body as { errors?: { code?: string; message?: string; details?: string }[] };
  const first = errors?.[0];
  return [status, first?.code, first?.message, first?.details].filter(Boolean).join(' ');
}
