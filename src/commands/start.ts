import { Command } from 'commander';
import type { Io } from './setup/io.js';
import { readFullConfig } from './setup/open-context.js';
import { startSchedules } from './setup/start-schedules.js';
import { untilStopped } from './setup/stop-signals.js';

/** `sp-reports start`: runs the scheduler. */
export function startCommand(io: Io): Command {
  return new Command('start')
    .description(
      'Runs all pipelines by their cron schedules and serves the status page, until stopped by SIGINT or SIGTERM. It drains each queue as it starts. Whatever was due while the machine slept or the program was stopped runs once.',
    )
    .option('--json', 'print a JSON object for each run, one per line')
    .action(async ({ json = false }: { json?: boolean }, command: Command) => {
      const config = readFullConfig(command, io);
      const onServed = (url: string) => {
        if (io.stderr.isTTY) io.stderr.write(`Status page: ${url}\n`);
      };
      await untilStopped(io, (signals) => startSchedules(config, command, io, signals, { json, onServed }));
    });
}
