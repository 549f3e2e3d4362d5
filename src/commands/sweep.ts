import { Command } from 'commander';
import { reportRetentionDays } from '../source/selling-partner/limits.js';
import type { Io } from './setup/io.js';
import { positiveInteger } from './setup/options.js';

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
      const { sweepAction } = await import('./actions/sweep.js');
      await sweepAction(name, options, command, io, exit);
    });
}
