import { randomUUID } from 'node:crypto';
import { createReadStream, type ReadStream } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { BigQuery } from '@google-cloud/bigquery';
import { type Clock, systemClock } from '../../runtime/clock.js';
import { keepGoogleSecrets } from '../../runtime/google-secrets.js';
import { halfJitter, exponentialBackoff, retry } from '../../runtime/retry.js';
import { withoutUndefined } from '../../runtime/without-undefined.js';
import { knownError, ReportsError } from '../../errors/reports-error.js';
import type { Field } from './column-types.js';
import { type BigQueryFailure, failureError, failureOf, isMissing, isRateLimit, isTaken } from './errors.js';
import type { ApiRequest, JobConfiguration, JobRequest, LoadConfiguration } from './requests.js';
import { identifier } from './sql.js';

export interface BigQueryTarget {
  project: string;
  dataset: string;
  /** Where a missing dataset is created, for example EU. */
  location: string;
  /** A service account's key. Default: the credentials of the machine's environment. */
  keyFile?: string;
  /** An address of Google that is not the usual one, or an emulator, which gets no credentials. */
  endpoint?: string;
}

/** A job as the API returns it. */
export interface Job {
  /** Whose job it is. */
  user_email?: string;
  jobReference: { jobId: string; location?: string };
  status: { state: string; errorResult?: { reason?: string; message?: string } };
  statistics?: {
    totalSlotMs?: string;
    query?: {
      totalBytesBilled?: string;
      totalBytesProcessed?: string;
      statementType?: string;
      referencedTables?: unknown[];
      schema?: { fields?: Field[] };
    };
  };
}

export interface Page {
  schema?: { fields?: Field[] };
  rows?: { f: { v: unknown }[] }[];
  pageToken?: string;
}

/** What the body of a refused request says. */
interface ApiFailure {
  message?: string;
  errors?: { reason?: string }[];
}

/** The labels of what the program creates. */
export const labels = { program: 'sp-reports' };

const pollMs = exponentialBackoff({ firstMs: 50, factor: 1.5, maxMs: 2000 });

const rateLimitPolicy = {
  maxAttempts: 5,
  backoffMs: exponentialBackoff({ firstMs: 500, jitter: halfJitter }),
  isRetryable: (error: unknown) => isRateLimit(failureOf(error)),
};

/** An upload fails after this long without progress. BigQuery's client watches all other calls. */
const stalledMs = 120_000;

/** Calls BigQuery. All failures are errors of the catalogue, see `failureRows`. */
export class BigQueryClient {
  private bigQuery: Promise<BigQuery> | undefined;
  /** The account that the calls are made with, as BigQuery named it; undefined before the first. */
  account: string | undefined;

  constructor(
    readonly target: BigQueryTarget,
    readonly clock: Clock = systemClock,
  ) {}

  /** The name of the warehouse in messages. */
  get path(): string {
    return `bigquery:${this.target.project}.${this.target.dataset}`;
  }

  /** The name of a table in SQL. Scripts know no default dataset. */
  table(name: string): string {
    return identifier(`${this.target.dataset}.${name}`);
  }

  /** The address of a table's description. */
  tableUri(name: string): `/datasets/${string}/tables/${string}` {
    return `/datasets/${this.target.dataset}/tables/${name}`;
  }

  /** Calls the API once. `uri` begins at the project. */
  async request<T>(options: ApiRequest): Promise<T> {
    try {
      return await this.call<T>(options);
    } catch (error) {
      throw error instanceof ReportsError ? error : failureError(failureOf(error), this.path, error);
    }
  }

  /** As `request`; returns undefined if the thing does not exist. */
  async requestIfThere<T>(options: ApiRequest): Promise<T | undefined> {
    try {
      return await this.call<T>(options);
    } catch (error) {
      if (isMissing(failureOf(error))) return undefined;
      throw error instanceof ReportsError ? error : failureError(failureOf(error), this.path, error);
    }
  }

  /**
   * BigQuery's own client retries a missing answer and a 5xx, but treats a rate limit as a plain
   * 403.
   */
  private call<T>(options: ApiRequest): Promise<T> {
    return retry(() => this.callOnce<T>(options), { ...rateLimitPolicy, clock: this.clock });
  }

  private async callOnce<T>(options: ApiRequest): Promise<T> {
    const bigQuery = await this.open();
    const body = await new Promise((resolve, reject) =>
      bigQuery.request(options, (error, found) => (error ? reject(error) : resolve(found))),
    );
    checkAnswer(options, body);
    return body as T;
  }

  /**
   * Runs SQL to its end and returns the job as it ended. The signal cancels the job. `jobId` must
   * be new. BigQuery refuses a query that would be billed for more bytes than `maximumBytesBilled`.
   * Errors: those of the job; the signal's reason.
   */
  async run(
    sql: string,
    {
      signal,
      maximumBytesBilled,
      jobId = randomUUID(),
    }: { signal?: AbortSignal; maximumBytesBilled?: string; jobId?: string } = {},
  ): Promise<Job> {
    const begun = await this.insertQuery(sql, jobId, { maximumBytesBilled }).catch(async (error: unknown) => {
      // BigQuery's own client repeats a call whose answer was lost.
      const found = isTaken(error) ? await this.findJob(jobId) : undefined;
      if (!found) throw error;
      return found;
    });
    const job = await this.waitForEnd(begun, signal);
    this.account ??= job.user_email;
    const failure = failureOfJob(job);
    if (failure) throw failureError(failure, this.path);
    return job;
  }

  /** Returns what a statement is and would read, without running it. */
  async dryRun(sql: string): Promise<Job> {
    return this.insertQuery(sql, randomUUID(), { dryRun: true });
  }

  private insertQuery(
    sql: string,
    jobId: string,
    { dryRun = false, maximumBytesBilled }: { dryRun?: boolean; maximumBytesBilled?: string },
  ): Promise<Job> {
    const { project: projectId, dataset: datasetId } = this.target;
    const defaultDataset = { projectId, datasetId };
    const query = { query: sql, useLegacySql: false, defaultDataset, maximumBytesBilled };
    return this.request({
      method: 'POST',
      uri: '/jobs',
      json: this.job(jobId, { query, labels, dryRun }),
    });
  }

  private job(jobId: string, configuration: JobConfiguration): JobRequest {
    const { project: projectId, location } = this.target;
    return { jobReference: { projectId, jobId, location }, configuration };
  }

  /**
   * Waits for the end of a job, good or bad, and returns the job as it is then: the one returned by
   * the call that began it may be outdated.
   * Errors: the signal's reason; the job is then cancelled.
   */
  async waitForEnd({ jobReference: { jobId } }: Job, signal?: AbortSignal): Promise<Job> {
    const findJob = async () => {
      const job = await this.findJob(jobId);
      if (!job) throw failureError({ message: `job ${jobId} is gone` }, this.path);
      return job;
    };
    try {
      return await retry(findJob, {
        backoffMs: pollMs,
        isUnfinished: ({ status }) => status.state !== 'DONE',
        signal,
        clock: this.clock,
      });
    } catch (error) {
      // A job that can't be cancelled runs on, but nobody waits for it.
      if (signal?.aborted) await this.cancel(jobId).catch(() => {});
      throw error;
    }
  }

  private cancel(jobId: string): Promise<unknown> {
    const { location } = this.target;
    return this.requestIfThere({ method: 'POST', uri: `/jobs/${jobId}/cancel`, qs: { location } });
  }

  /** Reads the current state of a job. */
  findJob(jobId: string): Promise<Job | undefined> {
    return this.requestIfThere({ uri: `/jobs/${jobId}`, qs: { location: this.target.location } });
  }

  /** Pages of rows of a query that has ended. */
  async *pages({ jobReference }: Job, maxResults = 10_000): AsyncGenerator<Page> {
    let pageToken: string | undefined;
    do {
      const page: Page = await this.request({
        uri: `/queries/${jobReference.jobId}`,
        qs: withoutUndefined({
          location: this.target.location,
          maxResults,
          'formatOptions.useInt64Timestamp': true,
          pageToken,
        }),
      });
      yield page;
      pageToken = page.pageToken;
    } while (pageToken);
  }

  /**
   * Sends a Parquet file to a load job that fills a table from it, unless the table has rows.
   * Returns the job as it began.
   */
  async insertLoad(file: string, table: string, fields: Field[], jobId: string): Promise<Job> {
    const job = this.job(jobId, { load: this.loadInto(table, fields), labels });
    const rows = createReadStream(file);
    let broken: Error | undefined;
    // Stays to the end, because a request may end before it has opened the file.
    rows.on('error', (error) => {
      broken = error;
    });
    try {
      return await this.upload(job, rows);
    } catch (error) {
      throw broken ? knownError(broken, file) : failureError(failureOf(error), this.path, error);
    } finally {
      rows.destroy();
    }
  }

  /** As `insertLoad`, for an object `gs://...` that BigQuery reads by itself. */
  insertLoadFrom(uri: string, table: string, fields: Field[], jobId: string): Promise<Job> {
    const load = { ...this.loadInto(table, fields), sourceUris: [uri] };
    return this.request({ method: 'POST', uri: '/jobs', json: this.job(jobId, { load, labels }) });
  }

  private loadInto(tableId: string, fields: Field[]): LoadConfiguration {
    const { project: projectId, dataset: datasetId } = this.target;
    return {
      destinationTable: { projectId, datasetId, tableId },
      sourceFormat: 'PARQUET',
      writeDisposition: 'WRITE_EMPTY',
      schema: { fields },
      parquetOptions: { enableListInference: true },
    };
  }

  /**
   * Not by `createLoadJob` of BigQuery's own client, which puts all that it is given into
   * `configuration.load`, where the API ignores labels.
   */
  private async upload(job: JobRequest, rows: ReadStream): Promise<Job> {
    const { apiEndpoint, authClient } = await this.open();
    const stalled = new AbortController();
    let bytesBefore = -1;
    const stopWatching = this.clock.every(stalledMs, () => {
      if (rows.bytesRead === bytesBefore) stalled.abort();
      bytesBefore = rows.bytesRead;
    });
    const sent = authClient.request<Job & { error?: ApiFailure }>({
      method: 'POST',
      url: `${apiEndpoint}/upload/bigquery/v2/projects/${this.target.project}/jobs`,
      params: { uploadType: 'multipart' },
      // A stream can't be sent again after a connection that the server has closed meanwhile.
      agent: ({ protocol }) => new (protocol === 'http:' ? HttpAgent : HttpsAgent)({ keepAlive: false }),
      multipart: [
        { headers: new Headers({ 'content-type': 'application/json' }), content: JSON.stringify(job) },
        { headers: new Headers(), content: rows },
      ],
      validateStatus: () => true,
      signal: stalled.signal,
    });
    const { status, data } = await sent
      .catch((error: unknown) => {
        if (!stalled.signal.aborted) throw error;
        throw new Error(`an upload made no progress for ${stalledMs / 1000} seconds`);
      })
      .finally(stopWatching);
    if (status < 300) {
      checkAnswer({ method: 'POST', uri: '/jobs' }, data);
      return data;
    }
    const { message = `HTTP status ${status}`, errors } = data.error ?? {};
    throw Object.assign(new Error(message), { code: status, errors });
  }

  /**
   * Loading the client's code takes a while, and commands on other warehouses need not wait for it.
   */
  private open(): Promise<BigQuery> {
    const { project: projectId, keyFile, endpoint, location } = this.target;
    this.bigQuery ??= (async () => {
      keepGoogleSecrets(keyFile);
      const { BigQuery: Client } = await import('@google-cloud/bigquery');
      const common = { projectId, location, userAgent: 'sp-reports' };
      if (!endpoint || isGoogles(endpoint)) {
        return new Client({ ...common, keyFilename: keyFile, apiEndpoint: endpoint });
      }
      const { PassThroughClient } = await import('google-auth-library');
      return new Client({ ...common, apiEndpoint: endpoint, authClient: new PassThroughClient() as never });
    })();
    return this.bigQuery;
  }
}

/**
 * Refuses what a proxy of a network may answer in BigQuery's place with status 200, such as a page
 * to sign in: read as BigQuery's, it would be an empty ledger.
 * Errors: one without status and reason.
 */
function checkAnswer({ method, uri }: Pick<ApiRequest, 'method' | 'uri'>, body: unknown): void {
  // The answer to DELETE is empty.
  if (method === 'DELETE') return;
  const isObject = typeof body === 'object' && body !== null;
  const { status, jobComplete } = (isObject ? body : {}) as Partial<Job> & { jobComplete?: boolean };
  const isJob = uri.startsWith('/jobs') && !uri.endsWith('/cancel');
  if (isObject && (!isJob || status?.state) && (!uri.startsWith('/queries/') || jobComplete)) return;
  // The names of an object's members hold no data of documents.
  const text = isObject ? Object.keys(body).join(', ') : String(body);
  throw new Error(
    `the answer to ${method ?? 'GET'} ${uri} is not BigQuery's: ${JSON.stringify(text.slice(0, 100))}`,
  );
}

/** Whether Google answers at that address, so that credentials may be sent there. */
export function isGoogles(endpoint: string): boolean {
  const { protocol, hostname } = new URL(endpoint);
  return protocol === 'https:' && hostname.endsWith('.googleapis.com');
}

/** How a job failed; undefined if it did not. */
export function failureOfJob({ status: { errorResult } }: Job): BigQueryFailure | undefined {
  if (!errorResult) return undefined;
  const { reason, message = 'no reason given' } = errorResult;
  return { message, reason };
}
