import { isNotTheDocumentsFault, isRetryable, ReportsError } from '../errors/reports-error.js';
import { join } from 'node:path';
import { type CrashJournal, openCrashJournal } from '../scheduling/crash-journal.js';
import type { PipelineContext } from './context.js';
import { type ReportJob, receivesOf } from './report-job.js';

/** When a report that fails or crashes the program again and again is quarantined. */
export interface PoisonPolicy {
  /** Failed receives after which a report is quarantined. */
  maxReceives: number;
  /** Whether the queue ends failed receives by itself. Crashes are counted all the same. */
  hasRedrivePolicy: boolean;
  /** A report that crashes the program each time never fails, so crashes are counted too. */
  journal: CrashJournal;
}

/** What to do with a report that could not be loaded. */
export type FailureAction =
  /** It was not the report's turn: give it back, to be received again after the delay. */
  | { action: 'defer'; delaySeconds: number }
  /** It failed, and may succeed later. */
  | { action: 'retry'; delaySeconds: number }
  /** It cannot be loaded: record the reason in the ledger. */
  | { action: 'quarantine' };

/** The longest that a message is hidden before the next attempt. */
const maxDelaySeconds = 900;

/**
 * Decides by the error what becomes of a report. `quotaDelayMs`: how long until the quota of its
 * seller allows another call. An error of the machine or of a service never quarantines a report.
 */
export function actionAfter(
  error: unknown,
  job: ReportJob,
  {
    isAborted,
    quotaDelayMs,
    poison,
  }: { isAborted: boolean; quotaDelayMs: number; poison: PoisonPolicy | undefined },
): FailureAction {
  if (isAborted) return { action: 'defer', delaySeconds: 0 };
  if (error instanceof ReportsError && error.code === 'API_QUOTA_EXCEEDED') {
    const minDelayMs = 30_000;
    return { action: 'defer', delaySeconds: delaySecondsOf(Math.max(minDelayMs, quotaDelayMs)) };
  }
  const isExhausted =
    poison !== undefined && !poison.hasRedrivePolicy && receivesOf(job) >= poison.maxReceives;
  if (!isNotTheDocumentsFault(error) && (isExhausted || !isRetryable(error))) return { action: 'quarantine' };
  return { action: 'retry', delaySeconds: retryDelaySeconds(job) };
}

/** Whole seconds that a message is hidden for a delay. */
export function delaySecondsOf(delayMs: number): number {
  return Math.min(Math.max(Math.ceil(delayMs / 1000), 0), maxDelaySeconds);
}

/** Opens the crash journal of the state folder. */
export function openRunJournal({ config, clock, log }: PipelineContext): CrashJournal {
  return openCrashJournal(join(config.state, 'killed.json'), { clock, log });
}

/** One attempt to load a report, as the crash journal knows it. */
export interface Attempt {
  /** See `crashRefusal`. */
  refusal(documentId: string): ReportsError | undefined;
  /** Errors: those of the journal. */
  begin(): Promise<void>;
  /** The attempt has ended, one way or the other. Never rejects. */
  end(): Promise<void>;
}

/** PROCESS_KILLED if the program crashed too often while it worked on this document. */
export function crashRefusal(
  documentId: string,
  { crashes, maxCrashes }: { crashes: number; maxCrashes: number },
): ReportsError | undefined {
  if (crashes < maxCrashes) return undefined;
  return new ReportsError('PROCESS_KILLED', { documentId, count: crashes });
}

/**
 * The attempt of a job. It is noted only if the report was received before, because a note takes as
 * long as to load a small document. That is decided once: the job has no messages any more when the
 * attempt ends.
 */
export function attemptOf(job: ReportJob, poison: PoisonPolicy | undefined): Attempt {
  const { crashes = 0, key } = job;
  if (!poison || receivesOf(job) <= 1) {
    return { refusal: () => undefined, begin: async () => {}, end: async () => {} };
  }
  const { journal, maxReceives } = poison;
  const maxCrashes = Math.max(1, maxReceives - 1);
  return {
    refusal: (documentId) => crashRefusal(documentId, { crashes, maxCrashes }),
    begin: () => journal.begin(key),
    end: () => journal.end(key),
  };
}

/** 30 seconds after the first failure, then twice as long each time. */
export function retryDelaySeconds(job: Pick<ReportJob, 'messages'>): number {
  return Math.min(maxDelaySeconds, 30 * 2 ** (Math.max(1, receivesOf(job)) - 1));
}
