import { isoNow } from '../runtime/clock.js';
import { Command } from 'commander';
import type { Config } from '../config/spec.js';
import { describeError } from '../errors/reports-error.js';
import type { PipelineContext } from '../ingest/context.js';
import { type Run, type RunWatch, watchedByAll } from '../runs/run.js';
import { runSchedule } from '../runs/schedule.js';
import type { DrainSignals } from '../ingest/work-list.js';
import { openAlarms, watchAlarms } from '../status/alarms/alarms.js';
import { consoleLimits } from '../status/server/console.js';
import type { Io } from './setup/io.js';
import { readFullConfig, withContext } from './setup/open-context.js';
import { openWarehouse } from '../warehouse/open-warehouse.js';
import { pipelinesNamed } from './run.js';
import { isWorthTelling, requestCounts, requestJson, requestText } from './output/request-summary.js';
import { untilStopped } from './setup/stop-signals.js';
import { summaryJson, summaryText } from './output/summary.js';

export interface StartOptions {
  json?: boolean;
  /** Told where the status page is. */
  onServed?(url: string): void;
  /** The level of the log where the user gives none. */
  logLevel?: string;
}

/** `sp-reports start`: the scheduler. */
export function startCommand(io: Io): Command {
  return new Command('start')
    .description(
      'Runs every pipeline by its cron schedule until it is told to stop (SIGINT or SIGTERM), and serves the status page meanwhile.',
    )
    .option('--json', 'print a JSON object for each run, one a line')
    .action(async ({ json = false }: { json?: boolean }, command: Command) => {
      const config = readFullConfig(command, io);
      const onServed = (url: string) => {
        if (io.stderr.isTTY) io.stderr.write(`Status page: ${url}\n`);
      };
      await untilStopped(io, (signals) => start(config, command, io, signals, { json, onServed }));
    });
}

/** Runs the pipelines of the settings by their schedules, with the status page, until the stop signal. */
export async function start(
  config: Config,
  command: Command,
  io: Io,
  signals: DrainSignals,
  options: StartOptions = {},
): Promise<void> {
  // Fails where there are none.
  pipelinesNamed(config, undefined);
  // Only here: no other command should wait for a server to be read.
  const { openStatus } = await import('../status/open.js');
  const maxBytes = consoleLimits.bytesReadOnBigQuery;
  const title = 'sp-reports';
  await withContext(config, command, io, title, schedule, options.logLevel);

  async function schedule(context: PipelineContext): Promise<void> {
    const readWarehouse = openWarehouse(config, { isPreemptible: true, maxBytes });
    const status = await openStatus(context, readWarehouse, signals);
    if (status.url) options.onServed?.(status.url);
    const alarms = config.alarms && openAlarms(config.alarms, status.readFacts, context);
    // Its own, as a schedule may end without the signal, by an error.
    const over = new AbortController();
    const watching =
      alarms && watchAlarms(alarms, config.alarms, context, AbortSignal.any([signals.stop, over.signal]));
    try {
      await runSchedule(context, signals, (run) =>
        watchedByAll([status.watch(run), printRun(run, options, context, io)]),
      );
    } finally {
      over.abort();
      await watching;
      await status.close();
    }
  }
}

function printRun(
  { pipeline, kind }: Run,
  { json }: StartOptions,
  { log }: PipelineContext,
  io: Io,
): RunWatch {
  const ran = { pipeline: pipeline.name, kind };
  log.info({ pipeline: pipeline.name }, `${kind} started`);
  const print = (summary: Record<string, unknown>, text: string) =>
    io.stdout.write(json ? `${JSON.stringify({ ...ran, ...summary })}\n` : `${isoNow()} ${text}`);
  return {
    finished(work, requests) {
      if (!requests) {
        log.info({ ...ran, outcomes: work.outcomes }, `${kind} finished`);
        print(summaryJson(work), `${kind} of ${pipeline.name}: ${summaryText(work)}`);
        return;
      }
      log.info({ ...ran, ...requestCounts(requests) }, `${kind} finished`);
      if (isWorthTelling(requests))
        print(requestJson(requests), `requests of ${pipeline.name}: ${requestText(requests)}`);
    },
    // The next run on the clock tries again.
    failed: (error) => log.error({ pipeline: pipeline.name }, `${kind} failed: ${describeError(error)}`),
  };
}
