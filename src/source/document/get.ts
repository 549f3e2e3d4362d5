import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { redact } from '../../errors/secrets.js';
import { type Clock, systemClock } from '../../runtime/clock.js';
import { withoutUndefined } from '../../runtime/without-undefined.js';

/**
 * The answer to one GET of a document. `status` is undefined if no answer came; `failure` has the
 * reason.
 */
export interface DocumentResponse {
  status?: number;
  etag?: string;
  contentType?: string;
  /** Size of the whole document, even if only the rest of it is sent. */
  totalBytes?: number;
  /** Offset of the first byte in the document. */
  start: number;
  /** The bytes as they arrive. Ends when the connection breaks; then there is a failure. */
  body(): AsyncGenerator<Buffer>;
  /** What failed in the transfer, without the URL, which is a secret. */
  failure(): string | undefined;
  /** Whether the failure is that no data, or too little, arrived for too long. */
  isTooSlow(): boolean;
  close(): void;
}

export interface GetOptions {
  /** Requests the bytes from this offset on, if the document still has this version. */
  resume?: { bytes: number; etag: string };
  signal?: AbortSignal;
  /** Without a byte for this long, the connection is broken. */
  idleTimeoutMs?: number;
  /** With fewer bytes than this within any such period, the connection is broken. */
  pace?: Pace;
  clock?: Clock;
}

/** This many bytes within this period. */
export interface Pace {
  bytes: number;
  withinMs: number;
}

/**
 * Requests the bytes of a presigned URL as they are stored, without an authorization header.
 * Returns failures of the transfer; throws only the reason of `signal`.
 */
export async function get(url: string, options: GetOptions): Promise<DocumentResponse> {
  const { resume, signal, idleTimeoutMs = 60_000, pace = { bytes: 0, withinMs: 60_000 } } = options;
  const { clock = systemClock } = options;
  signal?.throwIfAborted();
  let failure: string | undefined;
  let response: IncomingMessage | undefined;
  const stop = new AbortController();
  const tooSlow = (found: string) => {
    failure = found;
    stop.abort(tooSlow);
  };
  let lastByteMs = clock.now();
  const endIdleChecks = clock.every(idleTimeoutMs / 4, () => {
    if (clock.now() - lastByteMs >= idleTimeoutMs) tooSlow(`nothing came for ${idleTimeoutMs / 1000} s`);
  });
  let stretchBytes = 0;
  const endPaceChecks = clock.every(pace.withinMs, () => {
    if (stretchBytes < pace.bytes) tooSlow(`only ${stretchBytes} bytes came in ${pace.withinMs / 1000} s`);
    stretchBytes = 0;
  });
  const fail = (error: unknown) => {
    signal?.throwIfAborted();
    failure ??= plainFailure(error);
  };
  const close = () => {
    endIdleChecks();
    endPaceChecks();
    signal?.removeEventListener('abort', close);
    response?.destroy();
    stop.abort();
  };
  signal?.addEventListener('abort', close);

  try {
    const headers = withoutUndefined({
      // The gzip belongs to the document and is not a transfer encoding.
      'accept-encoding': 'identity',
      range: resume && `bytes=${resume.bytes}-`,
      'if-range': resume?.etag,
    });
    response = await send(url, headers, stop.signal);
    lastByteMs = clock.now();
  } catch (error) {
    close();
    fail(error);
  }

  async function* body(): AsyncGenerator<Buffer> {
    if (!response) return;
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        lastByteMs = clock.now();
        stretchBytes += chunk.length;
        yield chunk;
      }
    } catch (error) {
      fail(error);
    } finally {
      close();
    }
  }

  const isTooSlow = () => stop.signal.reason === tooSlow;
  return { ...described(response), body, failure: () => failure, isTooSlow, close };
}

function described(
  response: IncomingMessage | undefined,
): Omit<DocumentResponse, 'body' | 'failure' | 'isTooSlow' | 'close'> {
  if (!response) return { start: 0 };
  const { statusCode, headers } = response;
  const { etag, 'content-type': contentType, 'content-length': length, 'content-range': range } = headers;
  const rest = /^bytes (\d+)-\d+\/(\d+)$/.exec(range ?? '');
  const total = statusCode === 206 ? rest?.[2] : length;
  return {
    status: statusCode,
    etag: etag || undefined,
    contentType: contentType ? redact(contentType) : undefined,
    totalBytes: total === undefined ? undefined : Number(total),
    start: statusCode === 206 ? Number(rest?.[1] ?? Number.NaN) : 0,
  };
}

function send(url: string, headers: Record<string, string>, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = (url.startsWith('https:') ? httpsRequest : httpRequest)(
      url,
      { headers, signal },
      resolve,
    );
    request.on('error', reject);
    request.end();
  });
}

function plainFailure(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message.replace(/https?:\/\/\S+/g, '<url>');
}
