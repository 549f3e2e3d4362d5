import { EventEmitter, once } from 'node:events';
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
  /** Resolves once there are so many. */
  hasPosts(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const posted = new EventEmitter();
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    receiver.posts += 1;
    posted.emit('post');
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
    async hasPosts(count) {
      while (receiver.posts < count) await once(posted, 'post');
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return receiver;
}
