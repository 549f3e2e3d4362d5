import { Command } from 'commander';
import type { Io } from './setup/io.js';

/** `sp-reports alarms`: shows current alarms, or tests the webhook. */
export function alarmsCommand(io: Io): Command {
  return new Command('alarms')
    .description(
      'Shows the current alarms: stale tables, quarantined documents, client secrets that expire, long queues, abandoned requests. Refused logins are only detected by `start` and `run`.',
    )
    .option('--test', 'send a test alarm to the webhook instead')
    .option('--json', 'print a JSON array')
    .action(async (options: { test?: boolean; json?: boolean }, command: Command) => {
      const { alarmsAction } = await import('./actions/alarms.js');
      await alarmsAction(options, command, io);
    });
}
