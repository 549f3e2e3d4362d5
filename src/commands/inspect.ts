import { Command } from 'commander';
import type { Io } from './setup/io.js';

/** `sp-reports inspect`: shows the contents of a Parquet file. */
export function inspectCommand(io: Io): Command {
  return new Command('inspect')
    .description('Shows the contents of a Parquet file: columns, row groups, metadata and the first rows.')
    .argument('<file>', 'a Parquet file of the lake or elsewhere, or an object such as gs://... or s3://...')
    .option('--json', 'print a JSON object')
    .action(async (file: string, options: { json?: boolean }, command: Command) => {
      const { inspectAction } = await import('./actions/inspect.js');
      await inspectAction(file, options, command, io);
    });
}
