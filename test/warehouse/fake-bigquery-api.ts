import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Answer {
  status?: number;
  body: unknown;
}

/** A server that records the requests, and answers as a test says. */
export class FakeApi {
  readonly requests: { method: string; path: string; body: string }[] = [];
  private constructor(
    private readonly server: Server,
    readonly endpoint: string,
  ) {}

  static async start(
    answer: (method: string, path: string, body: string) => Answer | Promise<Answer>,
  ): Promise<FakeApi> {
    let api: FakeApi | undefined;
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks).toString('latin1');
      const [method, path] = [request.method ?? '', decodeURIComponent(request.url ?? '')];
      api?.requests.push({ method, path, body });
      const { status = 200, body: answered } = await answer(method, path, body);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answered));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    api = new FakeApi(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return api;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

/** The answer about a job that does not exist. */
export const missing: Answer = {
  status: 404,
  body: { error: { code: 404, message: 'Not found: Job x', errors: [{ reason: 'notFound' }] } },
};
