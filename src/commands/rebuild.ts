import { Command } from 'commander';
import type { RebuildFlags } from './actions/rebuild.js';
import { defaultMaxDocumentBytes } from '../config/default-limits.js';
import type { Io } from './setup/io.js';
import { positiveInteger } from './setup/options.js';

/** `sp-reports rebuild`: makes the warehouse file again, or another warehouse. */
export function rebuildCommand(io: Io, exit: (code: number) => void): Command {
  return new Command('rebuild')
    .description(
      'Makes the warehouse file again from the lake and the raw documents. The old file is kept next to it. With --into, fills another warehouse, of any kind.',
    )
    .option(
      '--into <settings>',
      'fill the warehouse of another settings file instead, continue if it is partly filled, and compare the tables of both',
    )
    .option(
      '--max-document-bytes <number>',
      'maximum gunzipped size',
      positiveInteger,
      defaultMaxDocumentBytes,
    )
    .option(
      '--accept-loss',
      'continue even if documents with rows have neither intact Parquet files nor intact raw bytes',
    )
    .option('--json', 'print a JSON object')
    .action(async (options: RebuildFlags, command: Command) => {
      const { rebuildAction } = await import('./actions/rebuild.js');
      await rebuildAction(options, command, io, exit);
    });
}
