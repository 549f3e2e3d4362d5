import { Command } from 'commander';
import type { Io } from './setup/io.js';

/** `sp-reports init`: writes a pipelines.yaml to start from, and a .env for its variables. */
export function initCommand(io: Io): Command {
  return new Command('init')
    .description(
      'Writes a commented pipelines.yaml to start from, beside it a .env for the variables that it names, and prints the next steps.',
    )
    .action(async (_: object, command: Command) => {
      const { initAction } = await import('./actions/init.js');
      await initAction(command, io);
    });
}
