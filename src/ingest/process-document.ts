import type { CallOptions } from '../source/types.js';
import type { LedgerEntry, Load } from '../warehouse/types.js';
import { buildLoad } from './build-load.js';
import type { CommitQueue } from './commit-queue.js';
import type { PipelineContext } from './context.js';
import { acknowledge, release } from './end-messages.js';
import { actionAfter, attemptOf, type PoisonPolicy, retryDelaySeconds } from './failure-policy.js';
import { fetchDocument } from './fetch-document.js';
import { identifyReport, isDone, loadWithoutDocument, quarantinedLoad } from './identify-report.js';
import type { ReportJob } from './report-job.js';
import { type Failure, failureOf } from './work-summary.js';

/** What the documents of one run share. */
export interface DocumentRun {
  context: PipelineContext;
  commits: CommitQueue;
  call: CallOptions;
  poison?: PoisonPolicy;
}

/** Callbacks by which a scheduler learns what a document no longer needs. */
export interface DocumentSteps {
  /** Its call of getReportDocument has been made. */
  onLocated?: () => void;
  /** Its rows are written, though not yet synced to disk. */
  onConverted?: () => void;
  /** Its load is ready to commit, or it has failed. */
  onReady?: () => void;
}

/** What became of a report: it was committed, or it failed and was given back to be retried. */
export type JobResult =
  | { outcome: LedgerEntry['status']; entry: LedgerEntry }
  /** `deferred`: only for lack of quota, or because the run was stopped. */
  | { outcome: 'failed' | 'deferred'; failure: Failure; error: unknown };

/**
 * The data path of one report: identify, locate, download, convert, write, commit, acknowledge. Its
 * messages are deleted only after the commit. A report that cannot be loaded is quarantined: the
 * reason is committed in place of rows. Anything else that fails is released, to be received again.
 * Never rejects.
 */
export async function processDocument(
  job: ReportJob,
  run: DocumentRun,
  steps: DocumentSteps = {},
): Promise<JobResult> {
  const { report: ref, messages } = job;
  const { context, call } = run;
  const commit = run.commits.reserve();
  const attempt = attemptOf(job, run.poison);
  try {
    const refusal = attempt.refusal(ref.documentId ?? job.key);
    if (refusal) throw refusal;
    await attempt.begin();
    const report = await identifyReport(ref, context, call);
    let load: Load;
    if (isDone(report)) {
      const fetchOptions = { ...call, onLocated: steps.onLocated };
      const { raw, isFresh } = await fetchDocument(report, ref, context, fetchOptions);
      const { before, acceptLoss } = job;
      load = await buildLoad(raw, { ...ref, ...call, isFresh, before, acceptLoss }, context, {
        onConverted: steps.onConverted,
        // A damaged copy is downloaded once more.
        fetchAgain: async () =>
          (await fetchDocument(report, ref, context, { ...fetchOptions, again: true })).raw,
      });
    } else {
      load = await loadWithoutDocument(report, ref, context, call);
    }
    steps.onReady?.();
    const entry = await commit.submit(job.before ? { ...load, replacesKey: job.before.key } : load);
    await acknowledge(messages, context.log);
    return { outcome: entry.status, entry };
  } catch (error) {
    steps.onReady?.();
    return await settleFailure(job, error, run);
  } finally {
    commit.cancel();
    await attempt.end();
  }
}

async function settleFailure(job: ReportJob, error: unknown, run: DocumentRun): Promise<JobResult> {
  const { context, call, poison } = run;
  const quotaAtMs = context.documentQuota(job.report.sellerId).nextAvailableMs();
  const next = actionAfter(error, job, {
    isAborted: call.signal?.aborted ?? false,
    quotaDelayMs: quotaAtMs - context.clock.now(),
    poison,
  });
  if (next.action === 'quarantine') return await quarantine(job, error, run);
  await release(job.messages, next.delaySeconds, context.log);
  return failed(job, error, next.action === 'defer' ? 'deferred' : 'failed');
}

async function quarantine(job: ReportJob, reason: unknown, run: DocumentRun): Promise<JobResult> {
  const { commits, context } = run;
  try {
    const entry = await commits.submit(quarantinedLoad(job.report, reason));
    await acknowledge(job.messages, context.log);
    return { outcome: entry.status, entry };
  } catch (error) {
    // The ledger does not know the reason yet, so the message must stay.
    await release(job.messages, retryDelaySeconds(job), context.log);
    return failed(job, error, 'failed');
  }
}

function failed({ key, report }: ReportJob, error: unknown, outcome: 'failed' | 'deferred'): JobResult {
  return { outcome, failure: failureOf({ key, sellerId: report.sellerId }, error), error };
}
