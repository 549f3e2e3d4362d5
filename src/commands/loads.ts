import { Command, Option } from 'commander';
import type { LoadsOptions } from './actions/loads.js';
import type { LoadStatus } from '../warehouse/types.js';
import type { Io } from './setup/io.js';
import { positiveInteger } from './setup/options.js';

const statuses: LoadStatus[] = [
  'loaded',
  'empty',
  'quarantined',
  'fatal',
  'cancelled',
  'skipped',
  'unloaded',
];

/** `sp-reports loads`: lists the ledger, or explains one document. */
export function loadsCommand(io: Io): Command {
  return new Command('loads')
    .description(
      'Lists the ledger: the outcome of each document, newest first. With the id of one document or report, explains it: its origin, rows, decisions, warnings, rejects.',
    )
    .argument('[document or table]', 'only this document, report or table')
    .addOption(new Option('--status <status>', 'only this status').choices(statuses))
    .option('--type <REPORT_TYPE>', 'only this report type')
    .option('--seller <ID>', 'only this seller')
    .option('--warnings', 'only documents with warnings')
    .option('--limit <number>', 'maximum number of documents', positiveInteger, 50)
    .option('--json', 'print a JSON array with all columns of the ledger; for one document, an object')
    .action(async (thing: string | undefined, options: LoadsOptions, command: Command) => {
      const { loadsAction } = await import('./actions/loads.js');
      await loadsAction(thing, options, command, io);
    });
}
