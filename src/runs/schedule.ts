import { once } from 'node:events';
import cron from 'node-cron';
import { describeError } from '../errors/reports-error.js';
import type { PipelineContext } from '../ingest/context.js';
import type { Pipeline } from '../config/spec.js';
import { type Run, type RunWatch, runDue } from './run.js';
import type { StopSignals } from '../ingest/context.js';

/**
 * Runs each pipeline's drain, its sweep and its requests where it has them, by their cron expressions, until the stop signal; then the
 * work in hand is finished, or broken off by the abort signal. Runs on one queue follow one another; a run that is due while its last one
 * still goes on is left out.
 */
export async function runSchedule(
  context: PipelineContext,
  signals: StopSignals,
  watch: (run: Run) => RunWatch,
): Promise<void> {
  const { log } = context;
  /** By queue: what the next run waits for. */
  const lines = new Map<string, Promise<void>>();

  const tasks = context.config.pipelines.flatMap((pipeline) => {
    const { name, timezone } = pipeline;
    const schedule = (kind: Run['kind'], expression: string) =>
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
      ...requestTimes(pipeline).map((expression) => schedule('request', expression)),
    ];
  });

  if (!signals.stop.aborted) await once(signals.stop, 'abort');
  log.info('stopping: finishing or releasing the work in hand');
  for (const task of tasks) await task.destroy();
  await Promise.all(lines.values());

  function inLine(pipeline: Pipeline, kind: Run['kind']): Promise<void> {
    const last = lines.get(pipeline.queue) ?? Promise.resolve();
    const next = last.then(async () => {
      await runDue(pipeline, kind, context, signals, watch);
    });
    // One that went wrong keeps no later one from its turn.
    lines.set(
      pipeline.queue,
      next.catch(() => {}),
    );
    return next;
  }
}

/** The cron expressions by which requests have a turn, besides the one before each drain. */
export function requestTimes({ request }: Pipeline): string[] {
  return [...new Set(request.flatMap(({ cron: expression }) => expression ?? []))];
}
