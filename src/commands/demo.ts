import { Command } from 'commander';
import type { Io } from './setup/io.js';

/** `sp-reports demo`: runs the whole data path against a sandbox. */
export function demoCommand(io: Io): Command {
  return new Command('demo')
    .description('Loads generated reports from a sandbox that simulates Amazon, and shows the result.')
    .option('--folder <folder>', 'folder for the warehouse, the lake and the raw documents', 'data/demo')
    .option(
      '--serve',
      'then keep running like `start`, with the status page, until stopped; new reports finish now and then',
    )
    .option('--open', 'open the status page in a browser; implies --serve')
    .action(async (options: { folder: string; serve?: boolean; open?: boolean }, command: Command) => {
      const { demoAction } = await import('./actions/demo.js');
      await demoAction(options, command, io);
    });
}
