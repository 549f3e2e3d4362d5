import type { PipelineContext, StopSignals } from '../ingest/context.js';
import { emptySummary, type Failure, type WorkSummary } from '../ingest/work-summary.js';
import type { CallOptions } from '../source/types.js';
import type { CallDecision, CallReason } from '../scheduling/call-plan.js';
import type { WindowCandidate } from './call-candidates.js';
import type { CallsPerDay } from './calls-per-day.js';
import type { LearnedLimits } from './learned-limits.js';
import type { Gaps } from './find-gaps.js';
import type { PartsProgress } from './parts-progress.js';
import type { AbandonedWindow, RequestProgress } from './request-progress.js';
import type { RequestStore } from './request-store.js';

export interface RequestOptions {
  /** Request all windows that have ended by now, whatever the cron expressions say. */
  now?: boolean;
  /** Wait for the quota instead of postponing windows to a later cycle. */
  waitForQuota?: boolean;
  /** Retry abandoned, failed and refused windows at once. */
  forceRetries?: boolean;
  /** Windows to request again, whatever the stored state says of them. */
  gaps?: Gaps;
  /** Request nothing, and store nothing. */
  dryRun?: boolean;
}

/** A report that was requested; in a dry run, one that would be. */
export interface RequestedReport {
  sellerId: string;
  reportType: string;
  marketplaceIds: string[];
  /** ISO 8601; absent for a snapshot report. */
  dataStart?: string;
  dataEnd?: string;
  /** Of one part of a window. */
  items?: string;
  reportId?: string;
  reason: CallReason;
}

/** What happened to a schedule at Amazon. */
export interface ScheduleStep {
  sellerId: string;
  reportType: string;
  marketplaceIds: string[];
  period?: string;
  /** `left over`: the settings no longer name it, but Amazon still makes its reports. */
  done: 'made' | 'kept' | 'would be made' | 'cancelled' | 'would be cancelled' | 'left over';
  scheduleId?: string;
}

/** The result of one request cycle of a pipeline. */
export interface RequestSummary {
  requested: RequestedReport[];
  /** Windows left to a later cycle: a quota or a limit on reports in flight is used up. */
  postponed: number;
  /** When another cycle is worth it, in epoch milliseconds; Infinity if time changes nothing. */
  nextMs?: number;
  /** Reports that Amazon has not finished, or that are not loaded yet. */
  inFlight: number;
  /** Windows that failed, and refused requests, that will be retried. */
  backingOff: number;
  /** Windows that failed too often. */
  abandoned: (AbandonedWindow & { sellerId: string; reportType: string })[];
  schedules: ScheduleStep[];
  /** The windows that are divided into parts and not done. */
  parts: PartsProgress[];
  /** In a dry run: what would be requested now, and when the other due windows could be. */
  decisions?: CallDecision<WindowCandidate>[];
  /** In a dry run: the calls that all pipelines need each day. */
  perDay?: CallsPerDay;
  failures: Failure[];
  /** Sentences about requests that are made in another way than they are written. */
  notes: string[];
  /** What was loaded because its notification never came. */
  recovered?: WorkSummary;
}

/** The work of a cycle: what it loaded, and everything that failed. */
export function workOf({ recovered, failures }: Pick<RequestSummary, 'recovered' | 'failures'>): WorkSummary {
  const work = recovered ?? emptySummary();
  return { ...work, failures: [...work.failures, ...failures] };
}

/** What the steps of one request cycle share. */
export interface RequestCycle {
  store: RequestStore;
  learned: LearnedLimits;
  context: PipelineContext;
  signals: StopSignals;
  options: RequestOptions;
  summary: RequestSummary;
  /** By the key of the plan: the progress of requests per item, which a dry run does not store. */
  divided: Map<string, RequestProgress>;
}

/**
 * Runs one seller's part of a cycle, so that its failure does not stop the others. Resolves to
 * false if it failed. With `isQuiet`, the failure belongs to another pipeline, which reports it in
 * its own cycle.
 */
export type Guard = (
  sellerId: string,
  work: () => Promise<void>,
  how?: { isQuiet: boolean },
) => Promise<boolean>;

/** Calls that would have to wait longer are postponed, so that they never delay a drain. */
const maxWaitMs = 15_000;

export function callOptions({
  context,
  signals,
  options,
}: Pick<RequestCycle, 'context' | 'signals' | 'options'>): CallOptions {
  return {
    signal: signals.stop,
    deadlineMs: options.waitForQuota ? undefined : context.clock.now() + maxWaitMs,
  };
}
