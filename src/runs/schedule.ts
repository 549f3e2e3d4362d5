import { once } from 'node:events';
import cron from 'node-cron';
import { describeError } from '../errors/reports-error.js';
import type { PipelineContext } from '../ingest/context.js';
import type { Pipeline } from '../config/spec.js';
import { type Run, type RunWatch, runDue } from './run.js';
import type { StopSignals } from '../ingest/context.js';

/**
 * Runs each pipeline's drain, and its sweep and requests if it has them, by their cron expressions
 * until the stop signal. Then the work in progress is finished, or interrupted by the abort signal.
 * Runs on one queue follow one another; a run that is due while the last one of its kind is still
 * going is skipped.
 */
export async function runSchedule(
  context: PipelineContext,
  signals: StopSignals,
  watch: (run: Run) => RunWatch,
): Promise<void> {
  const { log } = context;
  /** What the next run on each queue waits for. */
  const lines = new Map<string, Promise<void>>();

  const tasks = context.config.pipelines.flatMap((pipeline) => {
    const { name, timezone } = pipeline;
    const schedule = (kind: Run['kind'], expression: string) =>
      cron.schedule(expression, () => inLine(pipeline, kind), {
        name: `${name} ${kind}`,
        timezone,
        noOverlap: true,
        // Skipped and late runs are no cause for alarm.
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
  log.info('stopping: finishing or releasing the work in progress');
  for (const task of tasks) await task.destroy();
  await Promise.all(lines.values());

  function inLine(pipeline: Pipeline, kind: Run['kind']): Promise<void> {
    const last = lines.get(pipeline.queue) ?? Promise.resolve();
    const next = last.then(async () => {
      await runDue(pipeline, kind, context, signals, watch);
    });
    // A failed run must not block later ones.
    lines.set(
      pipeline.queue,
      next.catch(() => {}),
    );
    return next;
  }
}

/** The cron expressions of requests; they also run before each drain. */
export function requestTimes({ request }: Pipeline): string[] {
  return [...new Set(request.flatMap(({ cron: expression }) => expression ?? []))];
}
