import { Command, Option } from 'commander';
import type { ReloadOptions } from './actions/reload.js';
import { defaultMaxDocumentBytes } from '../config/default-limits.js';
import type { Io } from './setup/io.js';
import { positiveInteger } from './setup/options.js';

/** `sp-reports reload`: loads documents again, for example after a schema was fixed. */
export function reloadCommand(io: Io, exit: (code: number) => void): Command {
  return new Command('reload')
    .description(
      'Loads documents again from their raw bytes, or from Amazon if there are none. Their old rows are replaced.',
    )
    .argument('[document or table]', 'a document id, a report id, or a table for all of its documents')
    .addOption(
      new Option('--status <status>', 'all documents with this status').choices([
        'quarantined',
        'loaded',
        'empty',
        'unloaded',
      ]),
    )
    .option('--type <REPORT_TYPE>', 'all documents of this report type')
    .option(
      '--max-document-bytes <number>',
      'maximum gunzipped size',
      positiveInteger,
      defaultMaxDocumentBytes,
    )
    .option(
      '--accept-loss',
      'load documents that have fewer rows than the ledger says, although their bytes may be incomplete',
    )
    .option('--json', 'print a JSON object')
    .action(async (thing: string | undefined, options: ReloadOptions, command: Command) => {
      const { reloadAction } = await import('./actions/reload.js');
      await reloadAction(thing, options, command, io, exit);
    });
}
