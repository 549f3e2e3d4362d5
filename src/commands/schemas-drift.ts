import { Command, Option } from 'commander';
import type { DriftOptions } from './actions/schemas-drift.js';
import type { Io } from './setup/io.js';

/** `sp-reports schemas drift`: reports schema drift of the loaded documents. */
export function driftCommand(io: Io): Command {
  return new Command('drift')
    .description(
      'Reports schema drift: loaded documents with headers that their schema does not know, without columns that earlier documents had, or with values that widened a column.',
    )
    .option('--type <REPORT_TYPE>', 'only this report type')
    .option('--json', 'print a JSON array')
    .addOption(new Option('--yaml', 'print the column lines that resolve the drift').conflicts(['json']))
    .action(async (options: DriftOptions, command: Command) => {
      const { schemasDriftAction } = await import('./actions/schemas-drift.js');
      await schemasDriftAction(options, command, io);
    });
}
