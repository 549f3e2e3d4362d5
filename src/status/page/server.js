/** Asks this page's own server: `{ value }`, or `{ error: { code, message, remedy } }`. A body makes it a POST. */
export async function ask(path, body, signal) {
  try {
    const response = await fetch(path, {
      credentials: 'same-origin',
      ...(signal && { signal }),
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
    return { error: { code: 'UNREACHABLE', message: `the program does not answer: ${error.message}` } };
  }
}
