import { defaultMaxDocumentBytes } from '../../config/default-limits.js';
import { describeError, errorCode, ReportsError } from '../../errors/reports-error.js';
import type { PipelineContext, PipelineEvent, StopSignals } from '../../ingest/context.js';
import { packagedSchemasFolder, readSchemas } from '../../schema/read.js';
import { reload, type Reloaded } from '../../maintenance/reload.js';
import type { LedgerFilter } from '../../warehouse/types.js';

/** What to reload: one document by its ledger key, or all that are quarantined. */
export type ReloadRequest = { key: string } | { quarantined: true };

/** A reload that the page requested. Times are ISO 8601 in UTC. */
export interface ReloadJob {
  id: number;
  /** Undefined for a reload of all quarantined documents. */
  key?: string;
  state: 'waiting' | 'running' | 'done';
  /** The current step of the current document. */
  step?: 'fetching' | 'parsing' | 'committing';
  /** Bytes downloaded. */
  bytes: number;
  startedAt: string;
  endedAt?: string;
  /** The result of each document, in order. */
  documents: ReloadedDocument[];
  /** Why it ended early. */
  error?: { code: string; message: string };
}

interface ReloadedDocument {
  key: string;
  /** A status of the ledger, or `failed` if the document is as it was. */
  status: string;
  rows: number;
  rejects: number;
  code: string | null;
  reason: string | null;
}

export interface Reloads {
  /**
   * Adds a reload. Errors: NOT_LOADED if the ledger has no such document, or one without any id.
   */
  add(request: ReloadRequest): Promise<ReloadJob>;
  /** The newest first. */
  jobs(): ReloadJob[];
  /** Resolves when no reload is in progress. */
  end(): Promise<void>;
}

const maxJobs = 50;

/**
 * Runs the reloads that the page requests one after the other, like `sp-reports reload`. They stop
 * with the program.
 */
export function openReloads(context: PipelineContext, { stop, abort }: StopSignals): Reloads {
  const jobs: ReloadJob[] = [];
  let line = Promise.resolve();

  async function filterFor(request: ReloadRequest): Promise<LedgerFilter & { pipeline: string | null }> {
    if (!('key' in request)) return { statuses: ['quarantined'], pipeline: null };
    const row = (await context.warehouse.seen([request.key])).get(request.key);
    const id = row?.documentId ?? row?.reportId;
    if (!row || !id) throw new ReportsError('NOT_LOADED', { thing: request.key });
    return {
      documentOrTable: id,
      statuses: [row.status],
      sellerId: row.sellerId ?? undefined,
      pipeline: row.pipeline,
    };
  }

  async function run(job: ReloadJob, filter: LedgerFilter, maxDocumentBytes: number): Promise<void> {
    job.state = 'running';
    const watched: PipelineContext = {
      ...context,
      onEvent(event) {
        note(event, job);
        context.onEvent(event);
      },
    };
    try {
      stop.throwIfAborted();
      // The schemas may have been fixed since the program started, which is what reloads are for.
      watched.schemas = readSchemas({ folders: [packagedSchemasFolder(), context.config.schemas] });
      job.step = 'fetching';
      for await (const done of reload(filter, watched, {
        maxDocumentBytes,
        acceptLoss: false,
        signal: abort,
      })) {
        job.documents.push(documentOf(done));
        job.step = 'fetching';
        if (stop.aborted) break;
      }
    } catch (error) {
      job.error = { code: errorCode(error), message: describeError(error) };
    }
    delete job.step;
    job.state = 'done';
    job.endedAt = new Date(context.clock.now()).toISOString();
  }

  return {
    async add(request) {
      const { pipeline, ...filter } = await filterFor(request);
      const limits = context.config.pipelines.find(({ name }) => name === pipeline)?.limits;
      const job: ReloadJob = {
        id: (jobs[0]?.id ?? 0) + 1,
        key: 'key' in request ? request.key : undefined,
        state: 'waiting',
        bytes: 0,
        startedAt: new Date(context.clock.now()).toISOString(),
        documents: [],
      };
      jobs.unshift(job);
      jobs.length = Math.min(jobs.length, maxJobs);
      line = line.then(() => run(job, filter, limits?.maxDocumentBytes ?? defaultMaxDocumentBytes));
      return job;
    },
    jobs: () => jobs,
    end: () => line,
  };
}

function note(event: PipelineEvent, job: ReloadJob): void {
  if (event.event === 'bytes_downloaded') {
    job.bytes += event.bytes;
    job.step = 'parsing';
  } else if (event.event === 'document_converted') {
    job.step = 'committing';
  }
}

function documentOf(done: Reloaded): ReloadedDocument {
  if ('failure' in done) {
    const { key, code, message } = done.failure;
    return { key, status: 'failed', rows: 0, rejects: 0, code, reason: message };
  }
  const { key, status, tables, rejects, reasonCode, reason } = done.entry;
  return {
    key,
    status,
    rows: tables.reduce((sum, { rows }) => sum + rows, 0),
    rejects,
    code: reasonCode,
    reason,
  };
}
