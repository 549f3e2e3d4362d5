import type { Clock } from '../runtime/clock.js';
import { describeError, errorCode, remedyOf } from '../errors/reports-error.js';
import type { PipelineEvent } from '../ingest/context.js';
import type { Run, RunWatch } from '../runs/run.js';
import type { Failure, WorkSummary } from '../ingest/work-summary.js';
import type { Problem, RunRecord, SellerSnapshot } from './types.js';

/** A log of the runs of this process, kept in memory. */
export interface RunLog {
  /** Call this as a run begins. */
  watch(run: Run): RunWatch;
  /** The newest first. */
  runs(): RunRecord[];
  /** When the last run of a pipeline without failures ended. */
  succeededAt(pipeline: string, kind: RunRecord['kind']): string | undefined;
  credentials(sellerId: string): SellerSnapshot['credentials'];
  /**
   * When the oldest message was sent that the last drain of the queue received and did not delete,
   * in epoch milliseconds.
   */
  oldestSentMs(queue: string): number | undefined;
  /** Whether the last drain of the queue has ended, so that the messages it left are known. */
  isDrained(queue: string): boolean;
}

/** More than a week of drains every quarter of an hour, each preceded by a request run. */
const maxRuns = 2000;
const maxFailures = 5;

export function openRunLog(clock: Clock): RunLog {
  const runs: RunRecord[] = [];
  const succeeded: { pipeline: string; kind: RunRecord['kind']; at: string }[] = [];
  const accepted = new Map<string, string>();
  const refused = new Map<string, Problem>();
  /**
   * By queue, the messages that its last drain received and did not delete, with the time each was
   * sent.
   */
  const left = new Map<string, Map<string, number>>();
  /** Queues whose last drain has ended. */
  const drained = new Set<string>();
  const now = () => new Date(clock.now()).toISOString();

  function watch({ pipeline, kind, dueAtMs }: Run): RunWatch {
    const run: RunRecord = {
      pipeline: pipeline.name,
      kind,
      dueAt: dueAtMs === undefined ? undefined : new Date(dueAtMs).toISOString(),
      startedAt: now(),
      outcomes: {},
      rows: 0,
      bytes: 0,
      failures: [],
    };
    runs.unshift(run);
    runs.length = Math.min(runs.length, maxRuns);
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
          run.requests = { requested: requested.length, postponed };
          // Amazon accepted these logins for createReport.
          for (const { sellerId } of requested) accept(sellerId);
        }
        end(run, summary);
        if (kind === 'drain') drained.add(pipeline.queue);
        if (kind !== 'sweep') return;
        const isWhole = summary.committed < pipeline.limits.maxDocuments;
        // A sweep calls Amazon for each seller, whether it finds documents or not.
        if (isWhole) for (const sellerId of [...refused.keys()]) acceptUnlessFailed(sellerId, summary);
      },
      failed(error) {
        run.endedAt = now();
        run.error = { code: errorCode(error), message: describeError(error), remedy: remedyOf(error) };
      },
    };
  }

  function note(event: PipelineEvent, run: RunRecord, messages: Map<string, number>): void {
    if (event.event === 'message_received' && event.sentMs !== undefined) {
      messages.set(event.messageId, event.sentMs);
    } else if (event.event === 'message_deleted') {
      messages.delete(event.messageId);
    } else if (event.event === 'document_located') {
      accept(event.sellerId);
    } else if (event.event === 'bytes_downloaded') {
      run.bytes += event.bytes;
    } else if (event.event === 'work_finished') {
      run.outcomes[event.outcome] = (run.outcomes[event.outcome] ?? 0) + 1;
      run.rows += event.entry?.tables.reduce((sum, { rows }) => sum + rows, 0) ?? 0;
      if (event.failure) noteFailure(event.failure, run);
    }
  }

  function end(run: RunRecord, summary: WorkSummary): void {
    run.endedAt = now();
    // Work that needed no processing is only reported at the end.
    run.outcomes = { ...summary.outcomes };
    run.failures = [];
    for (const failure of summary.failures) noteFailure(failure, run);
    if (summary.failures.length > 0) return;
    const { pipeline, kind } = run;
    const before = succeeded.find((each) => each.pipeline === pipeline && each.kind === kind);
    if (before) before.at = run.endedAt;
    else succeeded.push({ pipeline, kind, at: run.endedAt });
  }

  function noteFailure(failure: Failure, run: RunRecord): void {
    if (run.failures.length < maxFailures) run.failures.push(failure);
    const { sellerId } = failure;
    if (failure.code !== 'LOGIN_REFUSED' || sellerId === null) return;
    const since = refused.get(sellerId)?.since ?? now();
    const { code, message, remedy } = failure;
    refused.set(sellerId, { code, message, remedy, since });
  }

  function accept(sellerId: string): void {
    accepted.set(sellerId, now());
    refused.delete(sellerId);
  }

  function acceptUnlessFailed(sellerId: string, { failures }: WorkSummary): void {
    if (!failures.some((failure) => failure.sellerId === sellerId)) accept(sellerId);
  }

  return {
    watch,
    runs: () => runs,
    succeededAt: (pipeline, kind) =>
      succeeded.find((each) => each.pipeline === pipeline && each.kind === kind)?.at,
    credentials(sellerId) {
      const [problem, acceptedAt] = [refused.get(sellerId), accepted.get(sellerId)];
      return { refused: problem, acceptedAt };
    },
    oldestSentMs(queue) {
      const sent = [...(left.get(queue)?.values() ?? [])];
      return sent.length > 0 ? sent.reduce((a, b) => Math.min(a, b)) : undefined;
    },
    isDrained: (queue) => drained.has(queue),
  };
}
