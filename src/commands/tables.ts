import { Command, Option } from 'commander';
import type { TablesOptions } from './actions/tables.js';
import type { Io } from './setup/io.js';

/** `sp-reports tables`: lists the tables and views that can be queried. */
export function tablesCommand(io: Io): Command {
  return new Command('tables')
    .description('Lists the tables of the warehouse.')
    .option(
      '--gaps',
      'list the periods without data instead: missing, requested, failed, abandoned, or no longer at Amazon',
    )
    .addOption(
      new Option(
        '--coverage',
        'list all periods instead, with their states: also those that are loaded, and those that will be requested again',
      ).conflicts(['gaps']),
    )
    .addOption(
      new Option(
        '--views',
        'list the views instead: what they answer, the tables they wait for, and why a view could not be created',
      ).conflicts(['gaps', 'coverage']),
    )
    .option('--json', 'print a JSON array')
    .action(async (options: TablesOptions, command: Command) => {
      const { tablesAction } = await import('./actions/tables.js');
      await tablesAction(options, command, io);
    });
}
