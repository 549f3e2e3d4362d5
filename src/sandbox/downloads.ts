import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AmazonState, SandboxReport } from './amazon.js';

/** What keeps presigned URLs from being guessed; a new one for each sandbox would do as well. */
const secret = 'sandbox';

/** A presigned URL that lives so many seconds. */
export function presign(base: string, report: SandboxReport, untilMs: number): string {
  const path = `/documents/${encodeURIComponent(report.sellerId)}/${encodeURIComponent(report.documentId ?? '')}`;
  return `${base}${path}?X-Amz-Expires=${untilMs}&X-Amz-Signature=${sign(path, untilMs)}`;
}

/** Serves a presigned URL as S3 does: 403 when it has expired or was changed, byte ranges, an ETag. */
export function serveDownload(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  state: AmazonState,
): void {
  const untilMs = Number(url.searchParams.get('X-Amz-Expires'));
  if (url.searchParams.get('X-Amz-Signature') !== sign(url.pathname, untilMs)) {
    return refuse(response, 403, 'SignatureDoesNotMatch');
  }
  if (request.headers['x-amz-access-token'] || request.headers.authorization) {
    return refuse(response, 400, 'InvalidArgument', 'Only one auth mechanism allowed');
  }
  if (untilMs <= state.now()) return refuse(response, 403, 'AccessDenied', 'Request has expired');
  const [, , sellerId = '', documentId = ''] = url.pathname.split('/').map(decodeURIComponent);
  const report = state.reports.find((each) => each.sellerId === sellerId && each.documentId === documentId);
  if (!report?.document) return refuse(response, 404, 'NoSuchKey');
  const { bytes, contentType } = report.document;
  const etag = `"${createHash('md5').update(bytes).digest('hex')}"`;
  const wanted = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  const fits = wanted && (request.headers['if-range'] ?? etag) === etag;
  const start = fits ? Number(wanted[1]) : 0;
  if (fits && start >= bytes.length) return refuse(response, 416, 'InvalidRange');
  const body = bytes.subarray(start);
  state.calls.push({ operation: 'download', sellerId, thing: documentId, status: fits ? 206 : 200 });
  response.writeHead(fits ? 206 : 200, {
    etag,
    'accept-ranges': 'bytes',
    'content-length': body.length,
    ...(contentType ? { 'content-type': contentType } : {}),
    ...(fits ? { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {}),
  });
  const cut = state.faults.cutDownloads.get(documentId);
  if (cut && cut.times > 0 && body.length > cut.afterBytes) {
    cut.times -= 1;
    response.write(body.subarray(0, cut.afterBytes), () => response.destroy());
    return;
  }
  response.end(body);
}

function sign(path: string, untilMs: number): string {
  return createHmac('sha256', secret).update(`${path} ${untilMs}`).digest('hex');
}

function refuse(response: ServerResponse, status: number, code: string, message = code): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
  );
}
