import type { IncomingMessage, RequestListener, Server, ServerOptions, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { systemClock } from '../../runtime/clock.js';

/**
 * How long a client may take, and how much it may send. Node checks them every few seconds, from
 * the moment of the connection on, so that clients that send nothing are disconnected too.
 */
export const clientLimits = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 2000,
  maxHeaderSize: 16_384,
} as const satisfies ServerOptions;

export interface ConnectionLimits {
  total: number;
  perAddress: number;
  /** How long a client may take to read its answer. */
  sendTimeoutMs: number;
}

export const defaultConnectionLimits: ConnectionLimits = {
  total: 128,
  perAddress: 96,
  sendTimeoutMs: 60_000,
};

interface Connection {
  socket: Socket;
  address: string;
  /** Requests whose answer is not sent yet, oldest first. */
  exchanges: { request: IncomingMessage; response: ServerResponse }[];
}

/**
 * Keeps the server open to new clients, however many connections others hold. Beyond a limit, the
 * oldest connection that waits for its client is closed: one that is idle, has sent half a request
 * or doesn't read its answer. Of several addresses, the one with the most connections loses one. A
 * new connection is refused only if every other one waits for the server itself.
 */
export function limitConnections(server: Server, limits: ConnectionLimits): void {
  /** Oldest first. */
  const connections = new Map<Socket, Connection>();

  server.on('connection', (socket) => {
    const connection: Connection = { socket, address: socket.remoteAddress ?? '', exchanges: [] };
    connections.set(socket, connection);
    socket.once('close', () => connections.delete(socket));
    const ofAddress = connectionsOf(connection.address);
    if (ofAddress.length > limits.perAddress) closeOneOf(ofAddress);
    else if (connections.size > limits.total) closeOneOf(connectionsOf(busiestAddress()));
  });

  server.on('request', (request, response) => {
    const connection = connections.get(request.socket);
    if (!connection) return;
    const exchange = { request, response };
    connection.exchanges.push(exchange);
    let stopTimer = () => {};
    response.once('prefinish', () => {
      stopTimer = systemClock.every(limits.sendTimeoutMs, () => request.socket.destroy());
    });
    response.once('close', () => {
      stopTimer();
      connection.exchanges = connection.exchanges.filter((each) => each !== exchange);
    });
  });

  function connectionsOf(address: string): Connection[] {
    return [...connections.values()].filter((each) => each.address === address);
  }

  function busiestAddress(): string {
    const counts = new Map<string, number>();
    for (const each of [...connections.values()].filter(waitsForClient))
      counts.set(each.address, (counts.get(each.address) ?? 0) + 1);
    const [first] = [...counts].sort(([, one], [, other]) => other - one);
    return first?.[0] ?? '';
  }
}

/** The newest one has only just connected: it is closed if none of the others can be. */
function closeOneOf(connections: Connection[]): void {
  const victim = connections.slice(0, -1).find(waitsForClient) ?? connections.at(-1);
  victim?.socket.destroy();
}

/** Whether nothing happens on a connection until its client sends or reads something. */
function waitsForClient({ exchanges }: Connection): boolean {
  return exchanges.every(({ request, response }) => !request.complete || response.writableEnded);
}

/**
 * Passes on one request of a connection at a time. Node would start all requests that arrive in one
 * packet, and keep their answers in memory until the client reads them. No browser and no probe
 * sends a request before it has the last answer, so such a connection is closed.
 */
export function oneAtATime(listener: RequestListener): RequestListener {
  const answering = new WeakSet<Socket>();
  return (request, response) => {
    const { socket } = request;
    if (answering.has(socket)) {
      socket.destroy();
      return;
    }
    answering.add(socket);
    response.once('close', () => answering.delete(socket));
    listener(request, response);
  };
}
