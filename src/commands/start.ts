import { Command } from 'commander';
import type { Io } from './setup/io.js';
import { readFullConfig } from './setup/open-context.js';
import { startSchedules } from './setup/start-schedules.js';
import { untilStopped } from './setup/stop-signals.js';

/** `sp-reports start`: the scheduler. */
export function startCommand(io: Io): Command {
  return new Command('start')
    .description(
      'Runs every pipeline by its cron schedule until it is told to stop (SIGINT or SIGTERM), and serves the status page meanwhile.',
    )
    .option('--json', 'print a JSON object for each run, one a line')
    .action(async ({ json = false }: { json?: boolean }, command: Command) => {
      const config = readFullConfig(command, io);
      const onServed = (url: string) => {
        if (io.stderr.isTTY) io.stderr.write(`Status page: ${url}\n`);
      };
      await untilStopped(io, (signals) => startSchedules(config, command, io, signals, { json, onServed }));
    });
}
