import cron from 'node-cron';
import { describeError } from '../errors.js';
import type { PipelineContext } from './context.js';
import { type DrainSignals, drain } from './drain.js';
import type { Pipeline } from './route.js';
import { sweep } from './sweep.js';
import type { WorkSummary } from './work-list.js';

export interface Schedule {
  /** Stops the clock, lets work in hand finish for `graceMs`, then breaks it off and releases it. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Runs each pipeline's drain, and its sweep where it has one, by their cron expressions. Runs on one queue follow one another; a run that
 * is due while its last one still goes on is left out.
 */
export function startSchedule(
  context: PipelineContext,
  onRun: (pipeline: Pipeline, kind: 'drain' | 'sweep', summary: WorkSummary) => void,
): Schedule {
  const stop = new AbortController();
  const abort = new AbortController();
  const signals: DrainSignals = { stop: stop.signal, abort: abort.signal };
  /** By queue: what the next run waits for. */
  const lines = new Map<string, Promise<void>>();

  const tasks = context.config.pipelines.flatMap((pipeline) => {
    const options = { timezone: pipeline.timezone, noOverlap: true };
    const drainTask = cron.schedule(pipeline.schedule, () => inLine(pipeline, 'drain'), {
      ...options,
      name: `${pipeline.name} drain`,
    });
    if (!pipeline.sweep) return [drainTask];
    const sweepTask = cron.schedule(pipeline.sweep, () => inLine(pipeline, 'sweep'), {
      ...options,
      name: `${pipeline.name} sweep`,
    });
    return [drainTask, sweepTask];
  });

  return {
    async stop(graceMs) {
      for (const task of tasks) await task.destroy();
      stop.abort();
      const timer = setTimeout(() => abort.abort(), graceMs);
      await Promise.all(lines.values());
      clearTimeout(timer);
    },
  };

  function inLine(pipeline: Pipeline, kind: 'drain' | 'sweep'): Promise<void> {
    const last = lines.get(pipeline.queue) ?? Promise.resolve();
    const next = last.then(() => runOnce(pipeline, kind));
    lines.set(pipeline.queue, next);
    return next;
  }

  /** Never rejects: the next run on the clock tries again. */
  async function runOnce(pipeline: Pipeline, kind: 'drain' | 'sweep'): Promise<void> {
    if (stop.signal.aborted) return;
    context.log.info({ pipeline: pipeline.name }, `${kind} started`);
    try {
      onRun(pipeline, kind, await (kind === 'drain' ? drain : sweep)(pipeline, context, signals));
    } catch (error) {
      context.log.error({ pipeline: pipeline.name, err: error }, `${kind} failed: ${describeError(error)}`);
    }
  }
}
