import { Command } from 'commander';
import type { Io } from './setup/io.js';

/** `sp-reports run`: runs one drain. */
export function runCommand(io: Io, exit: (code: number) => void): Command {
  return new Command('run')
    .description(
      'Drains the queue of a pipeline once: loads every report that has finished. Before that, it sends the requests that are due.',
    )
    .argument('[pipeline]', 'name of the pipeline (default: all, one after the other)')
    .option('--json', 'print a JSON object for each pipeline, one per line')
    .action(async (name: string | undefined, options: { json?: boolean }, command: Command) => {
      const { runAction } = await import('./actions/run.js');
      await runAction(name, options, command, io, exit);
    });
}
