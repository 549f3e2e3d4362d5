import { Command } from 'commander';
import { startSchedule } from '../pipeline/schedule.js';
import type { Io } from './io.js';
import { readFullConfig, withContext } from './open-context.js';
import { pipelinesNamed } from './run.js';
import { graceMs } from './stop-signals.js';
import { somethingFailed, summaryJson, summaryText } from './summary.js';

/** `sp-reports start`: the scheduler. */
export function startCommand(io: Io, exit: (code: number) => void): Command {
  return new Command('start')
    .description('Runs every pipeline by its cron schedule until it is told to stop (SIGINT or SIGTERM).')
    .option('--json', 'print a JSON object for each run, one a line')
    .action(async (options: { json?: boolean }, command: Command) => {
      const config = readFullConfig(command, io);
      pipelinesNamed(config, undefined);
      await withContext(config, command, io, 'sp-reports', async (context) => {
        const schedule = startSchedule(context, (pipeline, kind, summary) => {
          context.log.info({ pipeline: pipeline.name, kind, ...summaryJson(summary) }, `${kind} finished`);
          if (options.json) {
            io.stdout.write(
              `${JSON.stringify({ pipeline: pipeline.name, kind, ...summaryJson(summary) })}\n`,
            );
          } else {
            io.stdout.write(
              `${new Date().toISOString()} ${kind} of ${pipeline.name}: ${summaryText(summary)}`,
            );
          }
          if (somethingFailed(summary)) exit(1);
        });
        for (const { name, schedule: cron, sweep, timezone } of config.pipelines) {
          context.log.info({ pipeline: name, schedule: cron, sweep, timezone }, 'pipeline scheduled');
        }
        await new Promise<void>((resolve) => {
          const forget = io.onStopSignal(() => {
            forget();
            resolve();
          });
        });
        context.log.info('stopping: finishing or releasing the work in hand');
        await schedule.stop(graceMs);
      });
    });
}
