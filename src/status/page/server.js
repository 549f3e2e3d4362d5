/** @import { PageApi, PageError } from '../server/page-api.js' */

/**
 * @template Answer
 * @typedef {{ value: Answer, error?: undefined }} Value
 */
/** @typedef {{ value?: undefined, error: PageError }} Failure */

/**
 * Sends a request to the server of this page. A body makes it a POST.
 *
 * @template {keyof PageApi} Path
 * @param {Path} path
 * @param {PageApi[Path]['body']} [body]
 * @param {AbortSignal} [signal]
 * @returns {Promise<Value<PageApi[Path]['answer']> | Failure>}
 */
export async function fetchAnswer(path, body, signal) {
  try {
    const response = await fetch(path, {
      credentials: 'same-origin',
      signal,
      ...(body !== undefined && {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    });
    if (response.status === 401) {
      location.reload();
      return { error: { code: 'LOGIN', message: 'logged out' } };
    }
    const isJson = (response.headers.get('content-type') ?? '').startsWith('application/json');
    if (!isJson) return { error: { code: String(response.status), message: (await response.text()).trim() } };
    const value = await response.json();
    return response.ok ? { value } : { error: value.error };
  } catch (error) {
    if (signal?.aborted) return { error: { code: 'CANCELLED', message: 'cancelled' } };
    const reason = error instanceof Error ? error.message : String(error);
    return { error: { code: 'UNREACHABLE', message: `the program does not answer: ${reason}` } };
  }
}
