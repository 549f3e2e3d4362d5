import type { Clock } from '../../runtime/clock.js';
import { exponentialBackoff, retry } from '../../runtime/retry.js';
import { ReportsError } from '../../errors/reports-error.js';

const maxAttempts = 3;
const timeoutMs = 10_000;
const backoffMs = exponentialBackoff({ firstMs: 1000, factor: 4 });

/**
 * Sends a body to a webhook, with up to three tries if it is unreachable or asks for a retry. The
 * address is a secret: no error contains it. Errors: ALARM_NOT_SENT; the signal's reason.
 */
export async function sendAlarm(
  webhook: string,
  body: string,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<void> {
  const failure = await retry(() => post(webhook, body, signal), {
    maxAttempts,
    backoffMs,
    isUnfinished: (failed) => failed?.mayPass === true,
    signal,
    clock,
  });
  if (failure) throw new ReportsError('ALARM_NOT_SENT', { found: failure.what });
}

/** Returns undefined if the webhook accepted it. */
async function post(
  webhook: string,
  body: string,
  signal: AbortSignal,
): Promise<{ what: string; mayPass: boolean } | undefined> {
  try {
    const response = await fetch(webhook, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    await response.body?.cancel();
    if (response.ok) return undefined;
    const { status } = response;
    return { what: `it answered ${status}`, mayPass: status >= 500 || status === 429 || status === 408 };
  } catch (error) {
    signal.throwIfAborted();
    const { name, cause } = error as Error & { cause?: { code?: unknown } };
    if (name === 'TimeoutError') return { what: 'no answer in 10 s', mayPass: true };
    return { what: typeof cause?.code === 'string' ? cause.code : 'no answer', mayPass: true };
  }
}
