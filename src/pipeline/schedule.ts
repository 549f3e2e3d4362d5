import { once } from 'node:events';
import cron from 'node-cron';
import { describeError } from '../errors.js';
import type { PipelineContext, PipelineEvent } from './context.js';
import { drain } from './drain.js';
import { askForReports } from './requests/turn.js';
import type { RequestSummary } from './requests/types.js';
import type { Pipeline } from './route.js';
import { sweep } from './sweep.js';
import type { DrainSignals } from './work-list.js';
import type { WorkSummary } from './work-summary.js';

/** A run as it begins. */
export interface ScheduledRun {
  pipeline: Pipeline;
  kind: 'drain' | 'sweep';
}

/** What is told of a run: what happens in it, then how it ended, one way or the other. */
export interface RunWatch {
  onEvent?(event: PipelineEvent): void;
  finished(summary: WorkSummary): void;
  failed?(error: unknown): void;
}

/** One watch that tells several. */
export function watchedByAll(watches: RunWatch[]): RunWatch {
  return {
    onEvent(event) {
      for (const watch of watches) watch.onEvent?.(event);
    },
    finished(summary) {
      for (const watch of watches) watch.finished(summary);
    },
    failed(error) {
      for (const watch of watches) watch.failed?.(error);
    },
  };
}

/** A context whose events a watch is told of too. */
export function watchedContext(
  context: PipelineContext,
  { onEvent = () => {} }: Pick<RunWatch, 'onEvent'>,
): PipelineContext {
  return {
    ...context,
    onEvent(event) {
      onEvent(event);
      context.onEvent(event);
    },
  };
}

type ScheduledKind = ScheduledRun['kind'] | 'request';

/**
 * Runs each pipeline's drain, its sweep and its requests where it has them, by their cron expressions, until the stop signal; then the
 * work in hand is finished, or broken off by the abort signal. Runs on one queue follow one another; a run that is due while its last one
 * still goes on is left out. Requests have a turn before each drain too: what was missed, or left for want of quota, waits no longer.
 */
export async function runSchedule(
  context: PipelineContext,
  signals: DrainSignals,
  watch: (run: ScheduledRun) => RunWatch,
  onAsked: (pipeline: Pipeline, summary: RequestSummary) => void,
): Promise<void> {
  const { log } = context;
  /** By queue: what the next run waits for. */
  const lines = new Map<string, Promise<void>>();

  const tasks = context.config.pipelines.flatMap((pipeline) => {
    const { name, timezone } = pipeline;
    const schedule = (kind: ScheduledKind, expression: string) =>
      cron.schedule(expression, () => inLine(pipeline, kind), {
        name: `${name} ${kind}`,
        timezone,
        noOverlap: true,
        // Left-out and late runs are no cause for alarm.
        logger: {
          info: (message) => log.debug(`${name} ${kind}: ${message}`),
          warn: (message) => log.info(`${name} ${kind}: ${message}`),
          error: (message) => log.error(`${name} ${kind}: ${describeError(message)}`),
          debug: () => {},
        },
      });
    log.info(
      { pipeline: name, schedule: pipeline.schedule, sweep: pipeline.sweep, timezone },
      'pipeline scheduled',
    );
    return [
      schedule('drain', pipeline.schedule),
      ...(pipeline.sweep ? [schedule('sweep', pipeline.sweep)] : []),
      ...[...new Set(pipeline.request.flatMap((request) => request.cron ?? []))].map((expression) =>
        schedule('request', expression),
      ),
    ];
  });

  if (!signals.stop.aborted) await once(signals.stop, 'abort');
  log.info('stopping: finishing or releasing the work in hand');
  for (const task of tasks) await task.destroy();
  await Promise.all(lines.values());

  function inLine(pipeline: Pipeline, kind: ScheduledKind): Promise<void> {
    const last = lines.get(pipeline.queue) ?? Promise.resolve();
    const next = last.then(async () => {
      // First, so that Amazon makes the reports meanwhile.
      if (kind !== 'sweep' && pipeline.request.length > 0) await ask(pipeline);
      if (kind !== 'request') await runOnce(pipeline, kind);
    });
    lines.set(pipeline.queue, next);
    return next;
  }

  /** Never rejects: the next run on the clock tries again. */
  async function runOnce(pipeline: Pipeline, kind: ScheduledRun['kind']): Promise<void> {
    if (signals.stop.aborted) return;
    log.info({ pipeline: pipeline.name }, `${kind} started`);
    const { finished, failed = () => {}, ...told } = watch({ pipeline, kind });
    const watched = watchedContext(context, told);
    try {
      finished(await (kind === 'drain' ? drain : sweep)(pipeline, watched, signals));
    } catch (error) {
      failed(error);
      log.error({ pipeline: pipeline.name }, `${kind} failed: ${describeError(error)}`);
    }
  }
  /** Never rejects: the next turn tries again. */
  async function ask(pipeline: Pipeline): Promise<void> {
    if (signals.stop.aborted) return;
    try {
      onAsked(pipeline, await askForReports(pipeline, context, signals));
    } catch (error) {
      log.error({ pipeline: pipeline.name }, `asking for reports failed: ${describeError(error)}`);
    }
  }
}
