import { version } from '../../runtime/version.js';

export interface JsonAnswer {
  status: number;
  headers: Headers;
  /** The parsed body; an empty object if it is not JSON. */
  body: unknown;
}

export type Method = 'GET' | 'POST' | 'DELETE';

const timeoutMs = 30_000;

/** Amazon requires the application's name and version, and its language. */
const userAgent = `sp-reports/${version} (Language=TypeScript)`;

/** Makes one HTTP call for JSON. Rejects only if there is no response at all. */
export async function callJson(
  url: string,
  options: {
    method?: Method;
    headers?: Record<string, string>;
    body?: URLSearchParams | string;
    signal?: AbortSignal;
  } = {},
): Promise<JsonAnswer> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const response = await fetch(url, {
    method: options.method ?? 'GET',
    headers: { 'user-agent': userAgent, accept: 'application/json', ...options.headers },
    body: options.body,
    signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
    redirect: 'error',
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
