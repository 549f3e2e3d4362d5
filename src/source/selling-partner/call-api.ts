import type { ZodType } from 'zod';
import { ReportsError } from '../../errors/reports-error.js';
import type { ReportRegion } from '../../schema/types.js';
import type { CreateCallOptions } from '../types.js';
import { callJson, type JsonAnswer, type Method } from './http.js';
import { type Credentials, openLogin } from './login.js';
import { type Operation, type QuotaPlan, quotaKey } from './quota.js';
import { retried } from './retry.js';

/** Source: Selling Partner API documentation, "Selling Partner API endpoints". */
const endpoints: Record<ReportRegion, string> = {
  na: 'https://sellingpartnerapi-na.amazon.com',
  eu: 'https://sellingpartnerapi-eu.amazon.com',
  fe: 'https://sellingpartnerapi-fe.amazon.com',
};

/** A call that Amazon refuses so often for its rate is left to a later drain, whatever rate it tells. */
const mostThrottled = 5;

export interface ApiCall extends CreateCallOptions {
  operation: Operation;
  /** What the call is about, for errors. */
  thing: string;
  path: string;
  /** Default: POST where there is a body, else GET. */
  method?: Method;
  body?: string;
  /** Not again where there is no answer, or a 5xx: Amazon may have done it. */
  once?: boolean;
  /** In place of the access token. */
  restrictedDataToken?: string;
}

export interface ApiOptions {
  seller: { id: string; region: ReportRegion; credentials: Credentials };
  quota: QuotaPlan;
  /** In place of the region's. */
  endpoint?: string;
  loginUrl?: string;
}

/** Makes one call, from quota to answer, and gives what of the answer is of that form. */
export type CallApi = <T>(call: ApiCall, form: ZodType<T>) => Promise<T>;

/**
 * Opens the way to Amazon for one seller, or for its application alone (`grantless`). Every call takes from the quota plan first; 429 and
 * 5xx are waited for.
 * Errors: LOGIN_REFUSED, API_ACCESS_DENIED, API_NOT_FOUND, API_REQUEST_REFUSED, API_QUOTA_EXCEEDED, API_UNAVAILABLE, API_UNREACHABLE.
 */
export function openApi(options: ApiOptions & { grantless?: boolean }): CallApi {
  const { seller, quota, grantless = false } = options;
  const endpoint = endpointOf(seller.region, options.endpoint);
  const login = openLogin({
    sellerId: seller.id,
    credentials: seller.credentials,
    grantless,
    ...(options.loginUrl ? { loginUrl: options.loginUrl } : {}),
  });
  return callApi;

  async function callApi<T>(call: ApiCall, form: ZodType<T>): Promise<T> {
    const { operation, thing, signal } = call;
    const sellerId = seller.id;
    const key = quotaKey({ clientId: seller.credentials.clientId, sellerId, operation });
    let renewed = false;
    for (let throttled = 0; throttled < mostThrottled; ) {
      // A login takes time, and a call that was taken must not be late at Amazon.
      await login.accessToken(signal);
      await quota.take(key, call);
      const accessToken = await login.accessToken(signal);
      await call.onTaken?.();
      const answer = await retried(
        () => send(call, accessToken),
        { operation, sellerId, url: endpoint },
        signal,
        ...(call.once ? [1] : []),
      );
      const limit = Number(answer.headers.get('x-amzn-ratelimit-limit') ?? Number.NaN);
      await quota.observe(key, {
        ...(Number.isFinite(limit) ? { callsPerSecond: limit } : {}),
        throttled: answer.status === 429,
      });
      if (answer.status < 300) return inForm(form, answer.body, { operation, sellerId });
      if (answer.status === 429) {
        throttled += 1;
        continue;
      }
      const found = amazonsWord(answer);
      // A token may expire, or be revoked, before its time: once more with a fresh one.
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
      headers: {
        'x-amz-access-token': call.restrictedDataToken ?? accessToken,
        ...(call.body ? { 'content-type': 'application/json' } : {}),
      },
      ...(call.body ? { body: call.body } : {}),
      ...(call.signal ? { signal: call.signal } : {}),
    });
  }
}

/** Where the calls go: to the given place, else to that of the region. */
export function endpointOf(region: ReportRegion, given?: string): string {
  return (given ?? endpoints[region]).replace(/\/$/, '');
}

/** An answer that lacks what it must have is none: something else than Amazon may have answered. */
function inForm<T>(form: ZodType<T>, body: unknown, about: { operation: Operation; sellerId: string }): T {
  const { data, error } = form.safeParse(body);
  if (data !== undefined) return data;
  const [issue] = error?.issues ?? [];
  const found = `the response lacks ${issue?.path.join('.') || 'required members'}`;
  throw new ReportsError('API_UNAVAILABLE', { ...about, found });
}

/** Status, code, message and details of Amazon's error list. */
function amazonsWord({ status, body }: JsonAnswer): string {
  const { errors } = body as { errors?: { code?: string; message?: string; details?: string }[] };
  const first = errors?.[0];
  return [status, first?.code, first?.message, first?.details].filter(Boolean).join(' ');
}
