import { Command, Option } from 'commander';
import type { Io } from './setup/io.js';

/** `sp-reports tables`: lists the tables and views that can be queried. */
export function tablesCommand(io: Io): Command {
  return new Command('tables')
    .description('Lists the tables of the warehouse.')
    .option(
      '--gaps',
      'list data gaps instead: periods that no report of a table covers, between periods that are covered',
    )
    .addOption(
      new Option(
        '--views',
        'list the views instead: what they answer, the tables they wait for, and why a view could not be created',
      ).conflicts(['gaps']),
    )
    .option('--json', 'print a JSON array')
    .action(async (options: { gaps?: boolean; views?: boolean; json?: boolean }, command: Command) => {
      const { tablesAction } = await import('./actions/tables.js');
      await tablesAction(options, command, io);
    });
}
