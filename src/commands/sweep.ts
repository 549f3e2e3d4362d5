import { Command } from 'commander';
import { sweep } from '../discovery/sweep.js';
import { reportRetentionDays } from '../source/selling-partner/limits.js';
import type { Io } from './setup/io.js';
import { readFullConfig, withContext } from './setup/open-context.js';
import { positiveInteger } from './setup/options.js';
import { pipelinesNamed } from './setup/find-named.js';
import { untilStopped } from './setup/stop-signals.js';
import { somethingFailed, summaryJson, summaryText } from './output/summary.js';

/** `sp-reports sweep`: loads finished reports that are not in the ledger. */
export function sweepCommand(io: Io, exit: (code: number) => void): Command {
  return new Command('sweep')
    .description(
      'Finds finished reports at Amazon that were never loaded, including automatic ones such as settlements, and loads them.',
    )
    .argument('[pipeline]', 'name of the pipeline (default: all, one after the other)')
    .option(
      '--days <number>',
      `how many days back, at most ${reportRetentionDays}`,
      positiveInteger,
      reportRetentionDays,
    )
    .option('--json', 'print a JSON object for each pipeline, one per line')
    .action(async (name: string | undefined, options: { days: number; json?: boolean }, command: Command) => {
      const config = readFullConfig(command, io);
      const pipelines = pipelinesNamed(config, name);
      await untilStopped(io, async (signals) => {
        for (const pipeline of pipelines) {
          if (signals.stop.aborted) return;
          const summary = await withContext(config, command, io, `${pipeline.name} sweep`, (context) =>
            sweep(pipeline, context, signals, { days: options.days }),
          );
          if (options.json) {
            io.stdout.write(`${JSON.stringify({ pipeline: pipeline.name, ...summaryJson(summary) })}\n`);
          } else {
            io.stdout.write(`Sweep of ${pipeline.name}: ${summaryText(summary)}`);
          }
          if (somethingFailed(summary) || summary.failures.length > 0) exit(1);
        }
      });
    });
}
