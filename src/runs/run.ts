import { knownError } from '../errors/reports-error.js';
import type { PipelineContext, PipelineEvent } from '../ingest/context.js';
import { drain } from '../ingest/drain.js';
import type { Pipeline } from '../config/spec.js';
import { syncOwnTables } from '../maintenance/own-tables.js';
import { ensureWritable, repairWarehouse } from '../maintenance/repair-warehouse.js';
import { sweep } from '../discovery/sweep.js';
import type { StopSignals } from '../ingest/context.js';
import type { WorkSummary } from '../ingest/work-summary.js';
import { refreshOwnViews } from './refresh-own-views.js';
import { runRequestCycle } from '../requests/request-cycle.js';
import { type RequestSummary, workOf } from '../requests/types.js';

/** A run as it begins: a pipeline's requests, a drain of its queue or a sweep. */
export interface Run {
  pipeline: Pipeline;
  kind: 'request' | 'drain' | 'sweep';
  /** The tick that it runs for, in epoch milliseconds; absent if it runs for no tick. */
  dueAtMs?: number | undefined;
}

/** Receives what happens in a run, then how it ended: exactly one of `finished` and `failed`. */
export interface RunWatch {
  onEvent?(event: PipelineEvent): void;
  /**
   * `requests`: the result of a request cycle; its work is what was loaded without a notification.
   */
  finished(work: WorkSummary, requests?: RequestSummary): void;
  failed(error: unknown): void;
}

/** How a run ended. */
export interface RunEnd {
  kind: Run['kind'];
  /** Undefined if it failed. */
  work?: WorkSummary;
  requests?: RequestSummary;
  /** Why it failed. */
  error?: unknown;
}

/**
 * Executes a drain of a pipeline after its requests, so that Amazon makes the reports meanwhile. A
 * run that fails does not stop the next. After a stop no further run begins.
 */
export async function runOnce(
  pipeline: Pipeline,
  context: PipelineContext,
  signals: StopSignals,
  watch: (run: Run) => RunWatch,
): Promise<RunEnd[]> {
  const ends: RunEnd[] = [];
  for (const kind of ['request', 'drain'] as const) {
    if (signals.stop.aborted) break;
    if (kind === 'request' && pipeline.request.length === 0) continue;
    ends.push(await executeRun({ pipeline, kind }, context, signals, watch));
  }
  return ends;
}

/** Executes one run, which is watched. Never rejects. */
export async function executeRun(
  run: Run,
  unwatched: PipelineContext,
  signals: StopSignals,
  openWatch: (run: Run) => RunWatch,
): Promise<RunEnd> {
  const { pipeline, kind } = run;
  const watch = openWatch(run);
  const context = watchedContext(unwatched, watch);
  let end: { work: WorkSummary; requests?: RequestSummary };
  try {
    end = await ended();
  } catch (error) {
    const known = knownError(error);
    watch.failed(known);
    return { kind, error: known };
  }
  watch.finished(end.work, end.requests);
  return { kind, ...end };

  async function ended() {
    if (kind === 'drain') return { work: await drainAndRepair(pipeline, context, signals) };
    if (kind === 'sweep') return { work: await sweep(pipeline, context, signals) };
    const requests = await runRequestCycle(pipeline, context, signals);
    return { work: workOf(requests), requests };
  }
}

/**
 * Drains a pipeline's queue. The warehouse is checked before anything is received, as a message
 * whose load cannot be committed only uses up its receives; a damaged file is made again from lake
 * and raw, before the drain or, if only the drain shows it, after it. Costs and exchange rates that
 * changed are loaded first, and those that left the settings taken away.
 */
export async function drainAndRepair(
  pipeline: Pipeline,
  context: PipelineContext,
  signals: StopSignals,
): Promise<WorkSummary> {
  const { maxDocumentBytes } = pipeline.limits;
  const beganMs = context.clock.now();
  await ensureWritable(context, maxDocumentBytes);
  await refreshOwnViews(context);
  await syncOwnTables(context, { maxDocumentBytes, signal: signals.abort });
  const { damage, ...work } = await drain(pipeline, context, signals);
  if (damage) await repairWarehouse(damage, context, maxDocumentBytes, beganMs);
  return work;
}

/** One watch that passes everything on to several. */
export function watchedByAll(watches: RunWatch[]): RunWatch {
  return {
    onEvent(event) {
      for (const watch of watches) watch.onEvent?.(event);
    },
    finished(work, requests) {
      for (const watch of watches) watch.finished(work, requests);
    },
    failed(error) {
      for (const watch of watches) watch.failed(error);
    },
  };
}

/** A context whose events a watch receives too. */
function watchedContext(context: PipelineContext, watch: Pick<RunWatch, 'onEvent'>): PipelineContext {
  return {
    ...context,
    onEvent(event) {
      watch.onEvent?.(event);
      context.onEvent(event);
    },
  };
}
