import { Command } from 'commander';
import type { Options } from './actions/request.js';
import type { Io } from './setup/io.js';

/** `sp-reports request`: requests reports from Amazon now. */
export function requestCommand(io: Io, exit: (code: number) => void): Command {
  return new Command('request')
    .description(
      'Requests every report that is missing according to the `request` entries of pipelines.yaml, without waiting for their cron expressions. Waits for the quota. `run` and `start` load the reports when Amazon has made them.',
    )
    .argument('[pipeline]', 'name of the pipeline; default: all that have `request` entries')
    .option('--dry-run', 'show what would be requested; request nothing')
    .option('--again', 'retry abandoned, failed and refused windows at once')
    .option('--fill-gaps', 'also request the windows that `tables --gaps` lists as missing or abandoned')
    .option(
      '--cancel-schedules',
      'cancel schedules at Amazon that belong to removed `request` entries; request nothing',
    )
    .option('--json', 'print a JSON object for each pipeline, one per line')
    .action(async (name: string | undefined, options: Options, command: Command) => {
      const { requestAction } = await import('./actions/request.js');
      await requestAction(name, options, command, io, exit);
    });
}
