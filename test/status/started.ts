import { type Ran, startInProcess, type World } from '../ingest/world.js';

/** The running scheduler with its status page. */
export interface Started {
  url: string;
  /** Requests a path from the page's server. */
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Stops it, and returns what it printed. */
  stop(): Promise<Ran>;
}

/** Starts the program in this process. Waits until it prints where its status page is served. */
export async function startWithPage(world: World): Promise<Started> {
  let output = '';
  let served = (_url: string) => {};
  const printed = new Promise<string>((resolve) => {
    served = resolve;
  });
  const { running, stop } = startInProcess(['start'], world, (text) => {
    output += text;
    const found = /"url":"([^"]+)"/.exec(output)?.[1];
    if (found) served(found);
  });
  const ended = running.then((ran) => {
    throw new Error(`the program ended: ${ran.stderr}`);
  });
  ended.catch(() => {});
  const url = await Promise.race([printed, ended]);
  const at = (path: string) => new URL(path, url);
  return {
    url,
    get: (path, headers = {}) => fetch(at(path), { headers, redirect: 'manual' }),
    post: (path, body, headers = {}) =>
      fetch(at(path), {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
        redirect: 'manual',
      }),
    stop() {
      stop();
      return running;
    },
  };
}
