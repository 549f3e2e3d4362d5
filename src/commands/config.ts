import { Command } from 'commander';
import type { Io } from './setup/io.js';

/** `sp-reports config check`: checks the settings and shows them. */
export function configCommand(io: Io, exit: (code: number) => void): Command {
  return new Command('config').description('Checks the settings.').addCommand(
    new Command('check')
      .description('Checks pipelines.yaml and shows the resulting settings without secrets.')
      .option('--json', 'print a JSON object: the settings, or `problems` with the position of each mistake')
      .action(async (options: { json?: boolean }, command: Command) => {
        const { configCheckAction } = await import('./actions/config-check.js');
        await configCheckAction(options, command, io, exit);
      }),
  );
}
