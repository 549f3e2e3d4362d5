import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AmazonState, SandboxDocument, SandboxReport } from './amazon.js';
import { takeFault } from './faults.js';
import { withoutUndefined } from '../runtime/without-undefined.js';

/** The key of presigned URLs, which makes them unguessable; one per sandbox would also do. */
const secret = 'sandbox';

/** Returns a presigned URL that is valid until the given time, in epoch milliseconds. */
export function presign(base: string, report: SandboxReport, untilMs: number): string {
  const path = `/documents/${encodeURIComponent(report.sellerId)}/${encodeURIComponent(report.documentId ?? '')}`;
  return `${base}${path}?X-Amz-Expires=${untilMs}&X-Amz-Signature=${sign(path, untilMs)}`;
}

/** What is answered to a GET of a presigned URL. */
export interface DownloadAnswer {
  status: number;
  headers: Record<string, string | number>;
  body: Buffer;
}

/**
 * Answers a presigned URL like S3: 403 if it has expired or was changed, byte ranges, an ETag, the
 * Content-Type of the document. The S3 server of fauxqs checks neither signature nor expiry and
 * does not support If-Range, so it cannot be used here.
 */
export function answerDownload(url: URL, headers: IncomingHttpHeaders, state: AmazonState): DownloadAnswer {
  const [, , sellerId = ''] = url.pathname.split('/').map(decodeURIComponent);
  const documentId = documentIdOf(url);
  const log = (status: number) => {
    state.calls.push({ operation: 'download', sellerId, thing: documentId, status, atMs: state.now() });
  };
  const report = state.reports.find((each) => each.sellerId === sellerId && each.documentId === documentId);
  const problem = problemOf(headers, url, documentId, report?.document, state);
  if (problem || !report?.document) {
    const { status, code, message } = problem ?? noSuchKey;
    log(status);
    const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
    return { status, headers: { 'content-type': 'application/xml' }, body: Buffer.from(xml) };
  }
  const { bytes, contentType } = report.document;
  const range = rangeOf(headers, bytes);
  const body = range ? bytes.subarray(range.start, range.end + 1) : bytes;
  const status = range ? 206 : 200;
  log(status);
  return {
    status,
    headers: withoutUndefined({
      etag: etagOf(bytes),
      'accept-ranges': 'bytes',
      'content-length': body.length,
      'content-type': contentType || undefined,
      'content-range': range && `bytes ${range.start}-${range.end}/${bytes.length}`,
    }),
    body,
  };
}

/** Serves such an answer, of which a planned fault sends only a part. */
export function serveDownload(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  state: AmazonState,
): void {
  const { status, headers, body } = answerDownload(url, request.headers, state);
  response.writeHead(status, headers);
  if (status >= 400) {
    response.end(body);
    return;
  }
  const cuts = new Map([...state.faults.cutDownloads].filter(([, cut]) => body.length > cut.afterBytes));
  const cut = takeFault(cuts, [documentIdOf(url), '*']);
  if (!cut) {
    response.end(body);
    return;
  }
  response.flushHeaders();
  // The socket is closed when it has accepted the bytes, so that exactly these arrive.
  if (cut.afterBytes > 0) response.write(body.subarray(0, cut.afterBytes), () => response.destroy());
  else setImmediate(() => response.destroy());
}

function documentIdOf({ pathname }: URL): string {
  return decodeURIComponent(pathname.split('/')[3] ?? '');
}

interface Problem {
  status: number;
  code: string;
  message: string;
}

const noSuchKey: Problem = { status: 404, code: 'NoSuchKey', message: 'The specified key does not exist.' };

function problemOf(
  headers: IncomingHttpHeaders,
  url: URL,
  documentId: string,
  document: SandboxDocument | undefined,
  state: AmazonState,
): Problem | undefined {
  const planned = takeFault(state.faults.answers, [`download ${documentId}`, 'download']);
  if (planned)
    return { status: planned.status, code: 'SlowDown', message: 'Please reduce your request rate.' };
  const untilMs = Number(url.searchParams.get('X-Amz-Expires'));
  if (url.searchParams.get('X-Amz-Signature') !== sign(url.pathname, untilMs)) {
    return { status: 403, code: 'SignatureDoesNotMatch', message: 'The signature does not match.' };
  }
  if (headers['x-amz-access-token'] || headers.authorization) {
    return { status: 400, code: 'InvalidArgument', message: 'Only one auth mechanism allowed' };
  }
  if (untilMs <= state.now()) return { status: 403, code: 'AccessDenied', message: 'Request has expired' };
  if (!document) return noSuchKey;
  if ((rangeOf(headers, document.bytes)?.start ?? -1) >= document.bytes.length) {
    return { status: 416, code: 'InvalidRange', message: 'The requested range is not satisfiable' };
  }
  return undefined;
}

/**
 * Returns the requested byte range; undefined for all bytes, also if If-Range names another
 * version.
 */
function rangeOf(headers: IncomingHttpHeaders, bytes: Buffer): { start: number; end: number } | undefined {
  const [, start, end] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
  if (start === undefined || (headers['if-range'] ?? etagOf(bytes)) !== etagOf(bytes)) return undefined;
  return { start: Number(start), end: Math.min(end ? Number(end) : bytes.length, bytes.length - 1) };
}

/** Caches the ETag, because large documents are requested more than once. */
const etags = new WeakMap<Buffer, string>();

function etagOf(bytes: Buffer): string {
  const etag = etags.get(bytes) ?? `"${createHash('md5').update(bytes).digest('hex')}"`;
  etags.set(bytes, etag);
  return etag;
}

function sign(path: string, untilMs: number): string {
  return createHmac('sha256', secret).update(`${path} ${untilMs}`).digest('hex');
}
