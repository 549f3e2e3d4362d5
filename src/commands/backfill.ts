import { Command } from 'commander';
import type { BackfillOptions } from './actions/backfill.js';
import { callsLeftToDrains } from '../scheduling/calls-left.js';
import { reportRetentionDays } from '../source/selling-partner/limits.js';
import type { Io } from './setup/io.js';
import { endOption, listOption, timeOption } from './setup/options.js';

/**
 * `sp-reports backfill`: loads reports of a window that were never loaded, however long the quota
 * makes it take.
 */
export function backfillCommand(io: Io, exit: (code: number) => void): Command {
  return new Command('backfill')
    .description(
      `Loads the reports of a period that are not in the ledger. Before it starts, it shows its plan and how long the quota makes it take. You can stop it at any time; the next run continues with the rest. It leaves quota for ${callsLeftToDrains} documents to the reports that finish in the meantime.`,
    )
    .argument('[pipeline]', 'name of the pipeline (default: all, one after the other)')
    .requiredOption(
      '--from <date>',
      `start of the period, by creation time of the reports; Amazon keeps reports for ${reportRetentionDays} days`,
      timeOption,
    )
    .option('--to <date>', 'end of the period; a date includes the whole day (default: now)', endOption)
    .option('--types <types>', 'only these report types: names and patterns, separated by commas', listOption)
    .option('--seller <id>', 'only this seller')
    .option('--yes', 'start without a confirmation prompt')
    .option('--json', 'print a JSON object for each plan and each run, one per line')
    .action(async (name: string | undefined, options: BackfillOptions, command: Command) => {
      const { backfillAction } = await import('./actions/backfill.js');
      await backfillAction(name, options, command, io, exit);
    });
}
