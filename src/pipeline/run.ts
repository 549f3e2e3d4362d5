import { knownError } from '../errors.js';
import type { PipelineContext, PipelineEvent } from './context.js';
import { drain } from './drain.js';
import { askForReports } from './requests/turn.js';
import { type RequestSummary, workOf } from './requests/types.js';
import type { Pipeline } from './route.js';
import { sweep } from './sweep.js';
import type { DrainSignals } from './work-list.js';
import type { WorkSummary } from './work-summary.js';

/** A run as it begins: a turn of a pipeline's requests, a drain of its queue or a sweep. */
export interface Run {
  pipeline: Pipeline;
  kind: 'request' | 'drain' | 'sweep';
}

/** What is told of a run: what happens in it, then how it ended, one way or the other. */
export interface RunWatch {
  onEvent?(event: PipelineEvent): void;
  /** `requests`: of a turn of requests what became of them; its work is what came without a notification. */
  finished(work: WorkSummary, requests?: RequestSummary): void;
  failed(error: unknown): void;
}

/** How a run ended. */
export interface RunEnd {
  kind: Run['kind'];
  /** Undefined where it broke off. */
  work?: WorkSummary;
  requests?: RequestSummary;
  /** Why it broke off. */
  error?: unknown;
}

/**
 * Does what is due of a pipeline, one watched run after the other: before a drain its requests have their turn, so that Amazon makes the
 * reports meanwhile, and what was missed, or left for want of quota, waits no longer. A run that breaks off keeps no other
 * from its work. A stop leaves out what has not begun.
 */
export async function runDue(
  pipeline: Pipeline,
  due: Run['kind'],
  context: PipelineContext,
  signals: DrainSignals,
  watch: (run: Run) => RunWatch,
): Promise<RunEnd[]> {
  const hasTurn = due === 'drain' && pipeline.request.length > 0;
  const ends: RunEnd[] = [];
  for (const kind of hasTurn ? (['request', due] as const) : [due]) {
    if (signals.stop.aborted) break;
    const told = watch({ pipeline, kind });
    ends.push(await watchedRun({ pipeline, kind }, watchedContext(context, told), signals, told));
  }
  return ends;
}

async function watchedRun(
  { pipeline, kind }: Run,
  context: PipelineContext,
  signals: DrainSignals,
  watch: RunWatch,
): Promise<RunEnd> {
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
    if (kind !== 'request')
      return { work: await (kind === 'drain' ? drain : sweep)(pipeline, context, signals) };
    const requests = await askForReports(pipeline, context, signals);
    return { work: workOf(requests), requests };
  }
}

/** One watch that tells several. */
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

/** A context whose events a watch is told of too. */
function watchedContext(context: PipelineContext, watch: Pick<RunWatch, 'onEvent'>): PipelineContext {
  return {
    ...context,
    onEvent(event) {
      watch.onEvent?.(event);
      context.onEvent(event);
    },
  };
}
