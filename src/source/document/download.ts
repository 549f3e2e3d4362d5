import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, readFile, rm, stat, truncate } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ReportsError } from '../../errors.js';
import { writeError, writeWholeFile } from '../../whole-file.js';
import type { DocumentFacts, DocumentLocation, RawDocument } from '../types.js';
import { keepRaw, rawPath } from './raw-store.js';

export interface DownloadOptions {
  rawFolder: string;
  facts: DocumentFacts;
  /** Asks Amazon for a presigned URL; again whenever the last one has expired. */
  locate: () => Promise<DocumentLocation>;
  signal?: AbortSignal;
  /** Told of the bytes as they come. */
  onBytes?: (bytes: number) => void;
  /** A connection that brings nothing for so long is broken. */
  idleTimeoutMs?: number;
  /** The first pause between two tries; then twice as long each time. */
  pauseMs?: number;
}

/** Tries in a row that bring no byte further. */
const triesWithoutProgress = 5;

/**
 * Downloads a document into raw, exactly as Amazon sends it. A broken connection is resumed where it stopped, also one that an earlier
 * process left; an expired URL is replaced.
 * Errors: DOWNLOAD_FAILED, API_NOT_FOUND, DISK_FULL, what `locate` throws.
 */
export async function downloadDocument(options: DownloadOptions): Promise<RawDocument> {
  const { rawFolder, facts, locate, signal, pauseMs = 500 } = options;
  const path = rawPath(rawFolder, facts);
  const partial = `${path}.part`;
  await mkdir(dirname(path), { recursive: true });
  let location: DocumentLocation | undefined;
  let tries = 0;
  for (;;) {
    signal?.throwIfAborted();
    location ??= await locate();
    const begun = await readBegun(partial);
    const step = await fetchRest(location.url, partial, begun, options);
    if (step.state === 'whole') {
      await rm(`${partial}.json`, { force: true });
      const contentType = step.contentType ?? begun.contentType;
      return keepRaw(partial, path, {
        ...facts,
        ...(contentType ? { contentType } : {}),
        ...(location.compression ? { compression: location.compression } : {}),
      });
    }
    if (step.state === 'expired') location = undefined;
    tries = step.bytes > 0 ? 1 : tries + 1;
    if (tries >= triesWithoutProgress) {
      throw new ReportsError('DOWNLOAD_FAILED', { documentId: facts.documentId, found: step.found });
    }
    await sleep(pauseMs * 2 ** (tries - 1), undefined, signal ? { signal } : {});
  }
}

/** What an earlier try left: how many bytes, of which version of the document. */
interface Begun {
  bytes: number;
  etag?: string;
  contentType?: string;
}

type Step =
  | { state: 'whole'; contentType?: string }
  | { state: 'expired' | 'broken'; bytes: number; found: string };

async function readBegun(partial: string): Promise<Begun> {
  try {
    const { size } = await stat(partial);
    const known = JSON.parse(await readFile(`${partial}.json`, 'utf8')) as Omit<Begun, 'bytes'>;
    return { ...known, bytes: size };
  } catch {
    // No part, or one that nothing is known about: from the start.
    return { bytes: 0 };
  }
}

async function fetchRest(
  url: string,
  partial: string,
  begun: Begun,
  options: DownloadOptions,
): Promise<Step> {
  const { facts, signal } = options;
  const resume = begun.bytes > 0 && begun.etag !== undefined;
  const headers: Record<string, string> = {
    // The bytes as they are stored: the gzip is in the document.
    'accept-encoding': 'identity',
    ...(resume ? { range: `bytes=${begun.bytes}-`, 'if-range': begun.etag ?? '' } : {}),
  };
  let response: IncomingMessage;
  try {
    response = await get(url, headers, options);
  } catch (error) {
    signal?.throwIfAborted();
    return { state: 'broken', bytes: 0, found: plainFailure(error) };
  }
  const { statusCode = 0 } = response;
  if (statusCode === 416 || (statusCode === 206 && !continuesAt(response, begun.bytes))) {
    response.destroy();
    await rm(partial, { force: true });
    return { state: 'broken', bytes: 0, found: 'the part downloaded before does not fit' };
  }
  if (statusCode !== 200 && statusCode !== 206) {
    response.destroy();
    const found = `the download answered ${statusCode}`;
    if (statusCode === 403 || statusCode === 401) return { state: 'expired', bytes: 0, found };
    if (statusCode === 404 || statusCode === 410) {
      const { documentId: thing, sellerId } = facts;
      throw new ReportsError('API_NOT_FOUND', {
        operation: 'download',
        thing,
        sellerId,
        found: String(statusCode),
      });
    }
    return { state: 'broken', bytes: 0, found };
  }
  return save(response, partial, statusCode === 206 ? begun.bytes : 0, options);
}

/** Appends the answer's bytes to the part, and tells whether they are all. */
async function save(
  response: IncomingMessage,
  partial: string,
  start: number,
  { signal, onBytes }: DownloadOptions,
): Promise<Step> {
  const { etag, 'content-type': contentType } = response.headers;
  const known = { ...(etag ? { etag } : {}), ...(contentType ? { contentType } : {}) };
  if (start === 0) {
    await rm(partial, { force: true });
    await writeWholeFile(`${partial}.json`, JSON.stringify(known));
  } else {
    await truncate(partial, start);
  }
  const file = createWriteStream(partial, { flags: start === 0 ? 'w' : 'a' });
  let bytes = 0;
  let found: string | undefined;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      onBytes?.(chunk.length);
      if (!file.write(chunk)) await drained(file);
    }
  } catch (error) {
    signal?.throwIfAborted();
    found = plainFailure(error);
  } finally {
    response.destroy();
    await ended(file, partial);
  }
  const expected = response.headers['content-length'];
  if (!found && expected !== undefined && Number(expected) !== bytes) {
    found = `the connection ended after ${bytes} of ${expected} bytes`;
  }
  if (found) return { state: 'broken', bytes, found };
  return { state: 'whole', ...(contentType ? { contentType } : {}) };
}

function get(
  url: string,
  headers: Record<string, string>,
  { signal, idleTimeoutMs = 60_000 }: DownloadOptions,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const request = send(url, { headers, ...(signal ? { signal } : {}) }, resolve);
    request.setTimeout(idleTimeoutMs, () => {
      request.destroy(new Error(`no byte in ${idleTimeoutMs / 1000} s`));
    });
    request.on('error', reject);
    request.end();
  });
}

function continuesAt(response: IncomingMessage, start: number): boolean {
  const match = /^bytes (\d+)-/.exec(response.headers['content-range'] ?? '');
  return match !== null && Number(match[1]) === start;
}

function drained(file: WriteStream): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error) => {
      file.off('drain', settle);
      file.off('error', settle);
      if (error) reject(error);
      else resolve();
    };
    file.once('drain', settle);
    file.once('error', settle);
  });
}

function ended(file: WriteStream, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    file.once('error', (error) => reject(writeError(error, path)));
    if (file.errored) reject(writeError(file.errored, path));
    else file.end(() => resolve());
  });
}

/** What went wrong on the wire, never with the URL, which is a secret. */
function plainFailure(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message.replace(/https?:\/\/\S+/g, '<url>');
}
