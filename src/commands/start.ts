import { Command } from 'commander';
import type { Io } from './setup/io.js';

/** `sp-reports start`: runs the scheduler. */
export function startCommand(io: Io): Command {
  return new Command('start')
    .description(
      'Runs all pipelines by their cron schedules and serves the status page, until stopped by SIGINT or SIGTERM. It drains each queue as it starts. Whatever was due while the machine slept or the program was stopped runs once.',
    )
    .option('--open', 'open the status page in a browser')
    .option('--json', 'print a JSON object for each run, one per line')
    .action(async (options: { json?: boolean; open?: boolean }, command: Command) => {
      const { startAction } = await import('./actions/start.js');
      await startAction(options, command, io);
    });
}
