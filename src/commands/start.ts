import { Command } from 'commander';
import type { PipelineContext } from '../pipeline/context.js';
import type { RequestSummary } from '../pipeline/requests/types.js';
import { type RunWatch, runSchedule, type ScheduledRun, watchedByAll } from '../pipeline/schedule.js';
import { openAlarms, watchAlarms } from '../status/alarms.js';
import { consoleLimits } from '../status/console.js';
import type { Io } from './io.js';
import { openWarehouse, readFullConfig, withContext } from './open-context.js';
import { pipelinesNamed } from './run.js';
import { isWorthTelling, requestCounts, requestJson, requestText } from './request-summary.js';
import { untilStopped } from './stop-signals.js';
import { summaryJson, summaryText } from './summary.js';

interface StartOptions {
  json?: boolean;
}

/** `sp-reports start`: the scheduler. */
export function startCommand(io: Io): Command {
  return new Command('start')
    .description(
      'Runs every pipeline by its cron schedule until it is told to stop (SIGINT or SIGTERM), and serves the status page meanwhile.',
    )
    .option('--json', 'print a JSON object for each run, one a line')
    .action(async (options: StartOptions, command: Command) => {
      const config = readFullConfig(command, io);
      // Fails where there are none.
      pipelinesNamed(config, undefined);
      // Only here: no other command should wait for a server to be read.
      const { openStatus } = await import('../status/open.js');
      const maxBytes = consoleLimits.bytesReadOnBigQuery;
      await untilStopped(io, (signals) =>
        withContext(config, command, io, 'sp-reports', async (context) => {
          const onlooker = openWarehouse(config, { isOnlooker: true, maxBytes });
          const status = await openStatus(context, onlooker, signals);
          if (status.url && io.stderr.isTTY) io.stderr.write(`Status page: ${status.url}\n`);
          const alarms = config.alarms && openAlarms(config.alarms, status.readFacts, context);
          // Its own, as a schedule may end without the signal, by an error.
          const over = new AbortController();
          const watching =
            alarms &&
            watchAlarms(alarms, config.alarms, context, AbortSignal.any([signals.stop, over.signal]));
          try {
            await runSchedule(
              context,
              signals,
              (run) => watchedByAll([status.watch(run), printRun(run, options, context, io)]),
              (pipeline, summary) => {
                status.asked(summary);
                printRequests(pipeline.name, summary, options, context, io);
              },
            );
          } finally {
            over.abort();
            await watching;
            await status.close();
          }
        }),
      );
    });
}

function printRun(
  { pipeline, kind }: ScheduledRun,
  options: StartOptions,
  { log }: PipelineContext,
  io: Io,
): RunWatch {
  const ran = { pipeline: pipeline.name, kind };
  return {
    finished(summary) {
      log.info({ ...ran, outcomes: summary.outcomes }, `${kind} finished`);
      io.stdout.write(
        options.json
          ? `${JSON.stringify({ ...ran, ...summaryJson(summary) })}\n`
          : `${new Date().toISOString()} ${kind} of ${pipeline.name}: ${summaryText(summary)}`,
      );
    },
  };
}

function printRequests(
  pipeline: string,
  summary: RequestSummary,
  { json }: { json?: boolean },
  { log }: PipelineContext,
  io: Io,
): void {
  const ran = { pipeline, kind: 'request' };
  log.info({ ...ran, ...requestCounts(summary) }, 'request finished');
  if (!isWorthTelling(summary)) return;
  io.stdout.write(
    json
      ? `${JSON.stringify({ ...ran, ...requestJson(summary) })}\n`
      : `${new Date().toISOString()} requests of ${pipeline}: ${requestText(summary)}`,
  );
}
