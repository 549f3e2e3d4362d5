import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { catalogue, type ErrorCode, errorCode } from '../../src/errors/reports-error.js';
import { makeWorld, type Ran, runInProcess, type World } from '../ingest/world.js';

/** An input that the program answers with an error of the catalogue. */
export interface Provocation {
  input: string;
  /**
   * Passes the input, in a separate folder, to a function, which throws the error, or to a command,
   * whose output is returned.
   */
  provoke(folder: string): Promise<unknown>;
}

/** The codes of the error that is thrown, or of all that a command prints. */
export async function provokedCodes({ provoke }: Provocation, folder: string): Promise<string[]> {
  let ran: Partial<Ran> | undefined;
  try {
    ran = (await provoke(folder)) as typeof ran;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'UNEXPECTED') throw error;
    return [code];
  }
  const words = new Set(`${ran?.stdout}\n${ran?.stderr}`.match(/\b[A-Z_]+\b/g));
  return Object.keys(catalogue).filter((code) => words.has(code));
}

/** Provocations by the code that each is answered with. */
export type Provocations = Partial<Record<ErrorCode, Provocation>>;

/** Runs a command in a folder, with nothing in its environment. */
export function command(folder: string, ...args: string[]): Promise<Ran> {
  return runInProcess(args, { env: {}, cwd: folder });
}

export async function inWorld<T>(
  options: Parameters<typeof makeWorld>[0],
  work: (world: World) => Promise<T>,
): Promise<T> {
  const world = await makeWorld(options);
  try {
    return await work(world);
  } finally {
    await world.close();
  }
}

/** Works with an HTTP server on loopback that answers in this way. */
export async function withServer<T>(
  answer: RequestListener,
  work: (endpoint: string) => Promise<T>,
): Promise<T> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** An answer that is the same for each request. */
export function answers(status: number, body: string, type = 'application/json'): RequestListener {
  return (_, response) => {
    response.writeHead(status, { 'content-type': type }).end(body);
  };
}
