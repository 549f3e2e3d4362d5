import { Command } from 'commander';
import type { Io } from './setup/io.js';

/** `sp-reports schemas list`: lists the report types that have a schema. */
export function listCommand(io: Io): Command {
  return new Command('list')
    .description('Lists the report types that have a schema. All others load too, with inferred columns.')
    .option('--json', 'print a JSON array')
    .action(async (options: { json?: boolean }, command: Command) => {
      const { schemasListAction } = await import('./actions/schemas-list.js');
      schemasListAction(options, command, io);
    });
}

/** `sp-reports schemas show`: shows a report schema. */
export function showCommand(io: Io): Command {
  return new Command('show')
    .description('Shows the schema of a report type.')
    .argument('<REPORT_TYPE>')
    .option('--json', 'print a JSON object')
    .action(async (reportType: string, options: { json?: boolean }, command: Command) => {
      const { schemasShowAction } = await import('./actions/schemas-list.js');
      schemasShowAction(reportType, options, command, io);
    });
}
