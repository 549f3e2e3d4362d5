import { Command } from 'commander';
import type { Io } from './setup/io.js';

/** `sp-reports doctor`: checks everything that loading needs, in order. */
export function doctorCommand(io: Io, exit: (code: number) => void): Command {
  return new Command('doctor')
    .description(
      'Checks everything that loading needs, in order, and prints the next step for each failure: settings, disk, buckets, clock, logins, ages of client secrets, roles, queue, subscriptions, warehouse. For each seller it makes one login, one getReports (at most six, if something is refused), one getSubscription and one getDestinations, which needs another login; for each queue, one GetQueueAttributes.',
    )
    .option('--json', 'print a JSON object for each check, one per line')
    .action(async (options: { json?: boolean }, command: Command) => {
      const { doctorAction } = await import('./actions/doctor.js');
      await doctorAction(options, command, io, exit);
    });
}
