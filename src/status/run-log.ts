import type { Clock } from '../clock.js';
import { describeError, errorCode } from '../errors.js';
import type { PipelineEvent } from '../pipeline/context.js';
import type { Run, RunWatch } from '../pipeline/run.js';
import type { Failure, WorkSummary } from '../pipeline/work-summary.js';
import type { Problem, RunFacts, SellerFacts } from './types.js';

/** What runs of this process did, kept in its memory. */
export interface RunLog {
  /** To be called as a run begins. */
  watch(run: Run): RunWatch;
  /** The newest first. */
  runs(): RunFacts[];
  /** When the last run of a pipeline that failed in nothing ended. */
  succeededAt(pipeline: string, kind: RunFacts['kind']): string | undefined;
  credentials(sellerId: string): SellerFacts['credentials'];
  /** When the oldest message was sent that the last drain of the queue met and did not delete, in epoch milliseconds. */
  oldestSentMs(queue: string): number | undefined;
  /** Whether the last drain of the queue has ended, so that what it left is known. */
  isDrained(queue: string): boolean;
}

/** A week of drains every quarter of an hour, each with a turn of requests before it, and more. */
const mostRuns = 2000;
const mostFailures = 5;

export function openRunLog(clock: Clock): RunLog {
  const runs: RunFacts[] = [];
  const succeeded = new Map<string, string>();
  const accepted = new Map<string, string>();
  const refused = new Map<string, Problem>();
  /** By queue: the messages that its last drain received and did not delete, and when each was sent. */
  const left = new Map<string, Map<string, number>>();
  /** Queues whose last drain has ended. */
  const drained = new Set<string>();
  const now = () => new Date(clock.now()).toISOString();

  function watch({ pipeline, kind }: Run): RunWatch {
    const run: RunFacts = {
      pipeline: pipeline.name,
      kind,
      startedAt: now(),
      outcomes: {},
      rows: 0,
      bytes: 0,
      failures: [],
    };
    runs.unshift(run);
    runs.length = Math.min(runs.length, mostRuns);
    const messages = new Map<string, number>();
    if (kind === 'drain') {
      left.set(pipeline.queue, messages);
      drained.delete(pipeline.queue);
    }
    return {
      onEvent: (event) => note(event, run, messages),
      finished(summary, requests) {
        if (requests) {
          const { requested, postponed } = requests;
          run.requests = { asked: requested.length, left: postponed };
          // Amazon took these logins for createReport.
          for (const { sellerId } of requested) accept(sellerId);
        }
        end(run, summary);
        if (kind === 'drain') drained.add(pipeline.queue);
        if (kind !== 'sweep') return;
        const isWhole = summary.committed.length < pipeline.limits.maxDocuments;
        // A sweep asks Amazon for each seller, documents or not.
        if (isWhole) for (const sellerId of [...refused.keys()]) acceptUnlessFailed(sellerId, summary);
      },
      failed(error) {
        run.endedAt = now();
        run.error = { code: errorCode(error), message: describeError(error) };
      },
    };
  }

  function note(event: PipelineEvent, run: RunFacts, messages: Map<string, number>): void {
    if (event.event === 'message_received' && event.sentMs !== undefined) {
      messages.set(event.messageId, event.sentMs);
    } else if (event.event === 'message_deleted') {
      messages.delete(event.messageId);
    } else if (event.event === 'document_located') {
      accept(sellerOf(event.key));
    } else if (event.event === 'bytes_downloaded') {
      run.bytes += event.bytes;
    } else if (event.event === 'work_finished') {
      run.outcomes[event.outcome] = (run.outcomes[event.outcome] ?? 0) + 1;
      run.rows += event.entry?.tables.reduce((sum, { rows }) => sum + rows, 0) ?? 0;
      if (event.failure) noteFailure(event.failure, run);
    }
  }

  function end(run: RunFacts, summary: WorkSummary): void {
    run.endedAt = now();
    // What needed no work is told of at the end only.
    run.outcomes = { ...summary.outcomes };
    run.failures = [];
    for (const failure of summary.failures) noteFailure(failure, run);
    if (summary.failures.length === 0) succeeded.set(`${run.kind} ${run.pipeline}`, run.endedAt);
  }

  function noteFailure(failure: Failure, run: RunFacts): void {
    if (run.failures.length < mostFailures) run.failures.push(failure);
    if (failure.code !== 'LOGIN_REFUSED') return;
    const sellerId = sellerOf(failure.key);
    const since = refused.get(sellerId)?.since ?? now();
    refused.set(sellerId, { code: failure.code, message: failure.message, since });
  }

  function accept(sellerId: string): void {
    accepted.set(sellerId, now());
    refused.delete(sellerId);
  }

  function acceptUnlessFailed(sellerId: string, { failures }: WorkSummary): void {
    if (!failures.some(({ key }) => sellerOf(key) === sellerId)) accept(sellerId);
  }

  return {
    watch,
    runs: () => runs,
    succeededAt: (pipeline, kind) => succeeded.get(`${kind} ${pipeline}`),
    credentials(sellerId) {
      const [problem, acceptedAt] = [refused.get(sellerId), accepted.get(sellerId)];
      return { ...(problem && { refused: problem }), ...(acceptedAt !== undefined && { acceptedAt }) };
    },
    oldestSentMs(queue) {
      const sent = [...(left.get(queue)?.values() ?? [])];
      return sent.length > 0 ? sent.reduce((a, b) => Math.min(a, b)) : undefined;
    },
    isDrained: (queue) => drained.has(queue),
  };
}

/** The seller of a key of the ledger, or the seller that stands for itself. */
function sellerOf(key: string): string {
  return key.split('/', 1)[0] ?? key;
}
