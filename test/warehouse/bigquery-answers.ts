import { createServer, type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What BigQuery, or something before it, may answer instead of doing what is requested. */
export type BadAnswer =
  | { kind: 'response'; status: number; type: string; body: string }
  /** The request is a job, which ends with this error. */
  | { kind: 'job'; reason: string; message: string }
  /** The request is carried out, and its answer lost. */
  | { kind: 'lost' }
  /** The connection is closed at once. */
  | { kind: 'closed' };

const refusal = (code: number, reason: string, message: string): BadAnswer => ({
  kind: 'response',
  status: code,
  type: 'application/json; charset=UTF-8',
  body: JSON.stringify({ error: { code, message, errors: [{ message, domain: 'global', reason }] } }),
});
const job = (reason: string, message: string): BadAnswer => ({ kind: 'job', reason, message });
const page = (status: number): BadAnswer => ({
  kind: 'response',
  status,
  type: 'text/html',
  body: '<!DOCTYPE html><html><body>Please sign in to the network.</body></html>',
});

/**
 * Reasons, statuses and messages are those of
 * https://docs.cloud.google.com/bigquery/docs/error-messages.
 */
export const badAnswers: Record<string, BadAnswer> = {
  accessDenied: refusal(403, 'accessDenied', 'Access Denied: Table p:d.t: Permission denied'),
  backendError: refusal(
    503,
    'backendError',
    'Error encountered during execution. Retrying may solve the problem.',
  ),
  internalError: refusal(
    500,
    'internalError',
    'An internal error occurred and the request could not be completed.',
  ),
  billingNotEnabled: refusal(403, 'billingNotEnabled', 'Billing has not been enabled for this project.'),
  billingTierLimitExceeded: refusal(
    400,
    'billingTierLimitExceeded',
    'Query exceeded resource limits for tier 1.',
  ),
  blocked: refusal(403, 'blocked', 'BigQuery has temporarily denylisted the operation.'),
  duplicate: refusal(409, 'duplicate', 'Already Exists: Job p:x'),
  invalid: refusal(400, 'invalid', 'Invalid value'),
  invalidQuery: refusal(400, 'invalidQuery', 'Syntax error: Unexpected identifier at [1:1]'),
  notFoundTable: refusal(404, 'notFound', 'Not found: Table p:d.t was not found in location EU'),
  notFoundDataset: refusal(404, 'notFound', 'Not found: Dataset p:d was not found in location EU'),
  notImplemented: refusal(501, 'notImplemented', 'The operation is not implemented.'),
  quotaExceeded: refusal(403, 'quotaExceeded', 'Quota exceeded: Your table exceeded quota for table updates'),
  rateLimitExceeded: refusal(
    403,
    'rateLimitExceeded',
    'Exceeded rate limits: too many table update operations',
  ),
  resourceInUse: refusal(400, 'resourceInUse', 'Dataset p:d is still in use'),
  resourcesExceeded: refusal(400, 'resourcesExceeded', 'Resources exceeded during query execution'),
  responseTooLarge: refusal(403, 'responseTooLarge', 'Response too large to return.'),
  stopped: refusal(200, 'stopped', 'Job execution was cancelled'),
  timeout: refusal(400, 'timeout', 'The job timed out.'),
  unauthorized: refusal(401, 'authError', 'Request had invalid authentication credentials.'),
  perimeter: refusal(
    403,
    'policyViolation',
    'VPC Service Controls: Request is prohibited by organization policy. vpcServiceControlsUniqueIdentifier: abc.',
  ),
  concurrentUpdate: refusal(
    400,
    'invalidQuery',
    'Transaction is aborted due to concurrent update against table p:d.t',
  ),
  'job accessDenied': job('accessDenied', 'Access Denied: Table p:d.t: Permission denied'),
  'job backendError': job(
    'backendError',
    'Error encountered during execution. Retrying may solve the problem.',
  ),
  'job jobBackendError': job('jobBackendError', 'The job failed and may be retried.'),
  'job jobInternalError': job('jobInternalError', 'The job failed with an internal error.'),
  'job jobRateLimitExceeded': job('jobRateLimitExceeded', 'Job exceeded rate limits'),
  'job invalidQuery': job('invalidQuery', 'Query error: division by zero at [3:1]'),
  'job concurrentUpdate': job(
    'invalidQuery',
    'Query error: Transaction is aborted due to concurrent update at [3:1]',
  ),
  'job notFound': job('notFound', 'Not found: Table p:d.t was not found in location EU'),
  'job quotaExceeded': job('quotaExceeded', 'Quota exceeded: too many DML statements outstanding'),
  'job resourcesExceeded': job('resourcesExceeded', 'Resources exceeded during query execution'),
  'job responseTooLarge': job('responseTooLarge', 'Response too large to return.'),
  'job stopped': job('stopped', 'Job execution was cancelled: User requested cancellation'),
  'job timeout': job('timeout', 'Operation timed out after 6.0 hours.'),
  'job bytesBilledLimitExceeded': job('bytesBilledLimitExceeded', 'Query exceeded limit for bytes billed'),
  'page 200': page(200),
  'page 302': page(302),
  'page 403': page(403),
  'page 407': page(407),
  'page 502': page(502),
  'empty 200': { kind: 'response', status: 200, type: 'application/json', body: '{}' },
  'nothing 200': { kind: 'response', status: 200, type: 'application/json', body: '' },
  'broken JSON 200': {
    kind: 'response',
    status: 200,
    type: 'application/json',
    body: '{"jobReference": {"jo',
  },
  lost: { kind: 'lost' },
  closed: { kind: 'closed' },
};

/** What may say that the document is at fault. */
export const mayRefuse = new Set([
  'invalid',
  'invalidQuery',
  'resourceInUse',
  'responseTooLarge',
  'job invalidQuery',
  'job responseTooLarge',
  'job bytesBilledLimitExceeded',
]);

/** A proxy in front of BigQuery that answers one request, or a few, by itself. */
export class AnsweringProxy {
  /** What was requested since `answerAt`, as method, path and the beginning of the SQL. */
  requested: string[] = [];
  private at = 0;
  private times = 1;
  private answer: BadAnswer | undefined;
  private failed = new Map<string, { reason: string; message: string }>();
  /** Whether the answer was given. */
  isGiven = false;

  private constructor(
    private readonly behind: URL,
    private readonly server: ReturnType<typeof createServer>,
    readonly endpoint: string,
  ) {}

  static async start(behind: string): Promise<AnsweringProxy> {
    let proxy: AnsweringProxy | undefined;
    const server = createServer((request, response) => void proxy?.handle(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    proxy = new AnsweringProxy(new URL(behind), server, endpoint);
    return proxy;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  /** Answers the request at that position from now, from 0, and those that follow it. */
  answerAt(at: number, answer: BadAnswer | undefined, times = 1): void {
    Object.assign(this, { requested: [], at, answer, times, isGiven: false });
  }

  heal(): void {
    this.answer = undefined;
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const text = body.toString('latin1');
    const position = this.requested.length;
    this.requested.push(
      `${request.method} ${request.url?.split('?')[0]} ${/"query":"(.{0,60})/.exec(text)?.[1] ?? ''}`,
    );
    const jobId =
      /"jobId":"([^"]+)"/.exec(text)?.[1] ?? /\/jobs\/([^/?]+)/.exec(request.url ?? '')?.[1] ?? '';
    const error = this.failed.get(jobId);
    if (error) return sendJob(response, jobId, error);
    const { answer } = this;
    const isDue = answer && position >= this.at && position < this.at + this.times;
    const isJob = request.method === 'POST' && /\/jobs$/.test(request.url?.split('?')[0] ?? '');
    if (!isDue || (answer.kind === 'job' && !isJob)) return this.forward(request, body, response);
    this.isGiven = true;
    if (answer.kind === 'response') {
      response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.body);
    } else if (answer.kind === 'job') {
      this.failed.set(jobId, answer);
      sendJob(response, jobId, answer);
    } else {
      if (answer.kind === 'lost') await this.forward(request, body);
      response.destroy();
    }
  }

  private forward(request: IncomingMessage, body: Buffer, response?: ServerResponse): Promise<void> {
    const { hostname, port, host } = this.behind;
    const { 'transfer-encoding': _, ...sent } = request.headers;
    const headers = { ...sent, host, 'content-length': String(body.length) };
    return new Promise((resolve, reject) => {
      const out = httpRequest(
        { hostname, port, method: request.method, path: request.url, headers },
        (found) => {
          found.on('end', resolve);
          if (response) found.pipe(response.writeHead(found.statusCode ?? 500, found.headers));
          else found.resume();
        },
      );
      out.on('error', reject);
      out.end(body);
    });
  }
}

function sendJob(response: ServerResponse, jobId: string, error: { reason: string; message: string }): void {
  const jobReference = { projectId: 'p', jobId, location: 'EU' };
  const errorResult = { reason: error.reason, message: error.message };
  response
    .writeHead(200, { 'content-type': 'application/json' })
    .end(JSON.stringify({ jobReference, status: { state: 'DONE', errorResult, errors: [errorResult] } }));
}
