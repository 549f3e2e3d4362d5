import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describeError, ReportsError } from '../../errors/reports-error.js';
import { withoutUndefined } from '../../runtime/without-undefined.js';
import type { PageError } from './page-api.js';

/** A snapshot is long and repetitive: compressed, a phone downloads a tenth of the bytes. */
const minCompressedLength = 2000;

/** Sends a complete answer, gzipped if that is worthwhile and the client accepts it. */
export function sendText(
  response: ServerResponse,
  status: number,
  text: string,
  type = 'text/plain; charset=utf-8',
): void {
  const { method, headers } = response.req;
  const isCompressed =
    text.length >= minCompressedLength && /\bgzip\b/.test(String(headers['accept-encoding']));
  const body = isCompressed ? gzipSync(text, { level: 3 }) : Buffer.from(text);
  const answered = withoutUndefined({
    'content-type': type,
    'content-length': body.length,
    vary: 'accept-encoding',
    'content-encoding': isCompressed ? 'gzip' : undefined,
  });
  response.writeHead(status, answered);
  response.end(method === 'HEAD' ? undefined : body);
}

export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  sendText(response, status, JSON.stringify(value), 'application/json; charset=utf-8');
}

/**
 * Sends an error as the page shows it: code, message and remedy. An error outside the catalogue
 * reveals nothing about the machine.
 */
export function sendError(response: ServerResponse, error: unknown): void {
  const send = (shown: PageError, status: number) => sendJson(response, { error: shown }, status);
  if (error instanceof BadRequest) return send({ code: 'USAGE', message: error.message }, error.status);
  if (!(error instanceof ReportsError))
    return send({ code: 'UNEXPECTED', message: 'something went wrong; see the log for details' }, 500);
  const { code, remedy } = error;
  const isOfRequest = code === 'QUERY_FAILED' || code === 'NOT_LOADED' || code === 'WAREHOUSE_MISSING';
  send({ code, message: describeError(error), remedy }, isOfRequest ? 400 : 503);
}

/** A request that the page would not send. */
export class BadRequest extends Error {
  constructor(
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }
}

const maxBytes = 200_000;

/**
 * Reads the body of a request. The rest of one that is too long is discarded as it arrives: a
 * client that is still sending would see a reset connection instead of the answer. Errors:
 * BadRequest if it is too long.
 */
export function readBody(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    request.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes <= maxBytes) parts.push(part);
      else reject(new BadRequest('the request is too long', 413));
    });
    request.on('end', () => resolve(Buffer.concat(parts).toString('utf8')));
    request.on('error', reject);
  });
}

/**
 * Reads the JSON object in the body of a request. Another site's page can't send one without a CORS
 * preflight. Errors: BadRequest.
 */
export function objectIn(body: string, { headers }: IncomingMessage): Record<string, unknown> {
  if (!/^application\/json\b/i.test(headers['content-type'] ?? ''))
    throw new BadRequest('the body must be application/json', 415);
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Reported below.
  }
  throw new BadRequest('the body must be a JSON object');
}
