import { Command } from 'commander';
import type { VerifyFlags } from './actions/verify.js';
import { defaultMaxDocumentBytes } from '../config/default-limits.js';
import type { Io } from './setup/io.js';
import { positiveInteger } from './setup/options.js';

/** `sp-reports verify`: whether ledger, files and tables agree. */
export function verifyCommand(io: Io, exit: (code: number) => void): Command {
  return new Command('verify')
    .description(
      'Compares the ledger with the raw documents, the lake and the tables, and reports what is missing, damaged, orphaned or foreign. Deletes nothing.',
    )
    .option(
      '--repair',
      'repair what can be made again from another copy: the lake from raw, raw from Amazon, load records from ledger and lake, rows of tables from the lake',
    )
    .option('--max-megabytes-per-second <number>', 'how fast files are read', positiveInteger, 100)
    .option(
      '--max-document-bytes <number>',
      'maximum gunzipped size, for repairs',
      positiveInteger,
      defaultMaxDocumentBytes,
    )
    .option('--json', 'print a JSON object for each finding, one per line')
    .action(async (flags: VerifyFlags, command: Command) => {
      const { verifyAction } = await import('./actions/verify.js');
      await verifyAction(flags, command, io, exit);
    });
}
