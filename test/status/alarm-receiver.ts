import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An HTTP server that receives alarms, and records them. */
export interface Receiver {
  url: string;
  /** The bodies of the messages that it accepted. */
  // biome-ignore lint/suspicious/noExplicitAny: a body is what the test says it is
  bodies: any[];
  /** Statuses of the first answers, instead of 200. */
  refusals: number[];
  /** Every POST, refused or not. */
  posts: number;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    receiver.posts += 1;
    const refusal = receiver.refusals.shift();
    if (refusal === undefined) receiver.bodies.push(JSON.parse(body));
    response.writeHead(refusal ?? 200).end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook/not-for-others`,
    bodies: [],
    refusals: [],
    posts: 0,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return receiver;
}
