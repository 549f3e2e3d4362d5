import { Command } from 'commander';
import { runSchedule } from '../pipeline/schedule.js';
import type { Io } from './io.js';
import { readFullConfig, withContext } from './open-context.js';
import { pipelinesNamed } from './run.js';
import { untilStopped } from './stop-signals.js';
import { summaryJson, summaryText } from './summary.js';

/** `sp-reports start`: the scheduler. */
export function startCommand(io: Io): Command {
  return new Command('start')
    .description('Runs every pipeline by its cron schedule until it is told to stop (SIGINT or SIGTERM).')
    .option('--json', 'print a JSON object for each run, one a line')
    .action(async (options: { json?: boolean }, command: Command) => {
      const config = readFullConfig(command, io);
      // Fails where there are none.
      pipelinesNamed(config, undefined);
      await untilStopped(io, (signals) =>
        withContext(config, command, io, 'sp-reports', (context) =>
          runSchedule(context, signals, ({ pipeline, kind }) => ({
            finished(summary) {
              const ran = { pipeline: pipeline.name, kind };
              context.log.info({ ...ran, outcomes: summary.outcomes }, `${kind} finished`);
              io.stdout.write(
                options.json
                  ? `${JSON.stringify({ ...ran, ...summaryJson(summary) })}\n`
                  : `${new Date().toISOString()} ${kind} of ${pipeline.name}: ${summaryText(summary)}`,
              );
            },
          })),
        ),
      );
    });
}
