import type { Clock } from '../../runtime/clock.js';
import { ReportsError } from '../../errors/reports-error.js';

const tries = 3;
const timeoutMs = 10_000;
const pauseMs = 1000;

/**
 * Sends a body to a webhook, with up to three tries if it is unreachable or asks for a retry. The
 * address is a secret: no error contains it. Errors: ALARM_NOT_SENT; the signal's reason.
 */
export async function sendAlarm(
  webhook: string,
  body: string,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await post(webhook, body, signal);
    if (found === undefined) return;
    if (!found.mayPass || attempt === tries) throw new ReportsError('ALARM_NOT_SENT', { found: found.what });
    await clock.sleep(pauseMs * 4 ** (attempt - 1), signal);
  }
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
