import { Command } from 'commander';
import { sweep } from '../discovery/sweep.js';
import { reportRetentionDays } from '../source/selling-partner/limits.js';
import type { Io } from './setup/io.js';
import { readFullConfig, withContext } from './setup/open-context.js';
import { positiveInteger } from './setup/options.js';
import { pipelinesNamed } from './setup/find-named.js';
import { untilStopped } from './setup/stop-signals.js';
import { somethingFailed, summaryJson, summaryText } from './output/summary.js';

/** `sp-reports sweep`: finished reports that the ledger doesn't have. */
export function sweepCommand(io: Io, exit: (code: number) => void): Command {
  return new Command('sweep')
    .description(
      'Asks Amazon for finished reports that were never loaded, automatic ones such as settlements included.',
    )
    .argument('[pipeline]', 'name of the pipeline; without it all, one after the other')
    .option(
      '--days <number>',
      `how far back, at most ${reportRetentionDays}`,
      positiveInteger,
      reportRetentionDays,
    )
    .option('--json', 'print a JSON object for each pipeline, one a line')
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
