import { Command } from 'commander';
import type { PurgeOptions } from './actions/purge.js';
import type { Io } from './setup/io.js';
import { ageOption } from './setup/options.js';

/** `sp-reports purge`: removes personal data of old documents from tables, lake and raw. */
export function purgeCommand(io: Io): Command {
  return new Command('purge')
    .description('Removes personal data of buyers from tables, Parquet files and raw documents, for good.')
    .requiredOption(
      '--older-than <age>',
      'minimum age of the report (or of its load, if unknown), such as 30d, 72h or 5w',
      ageOption,
    )
    .option('--dry-run', 'show what would be done, without doing it')
    .option('--json', 'print a JSON object')
    .action(async (options: PurgeOptions, command: Command) => {
      const { purgeAction } = await import('./actions/purge.js');
      await purgeAction(options, command, io);
    });
}
