import { Command } from 'commander';
import type { SubscribeCommandOptions } from './actions/subscribe.js';
import type { Io } from './setup/io.js';

/** `sp-reports subscribe`: has Amazon notify the queue of finished reports. */
export function subscribeCommand(io: Io, exit: (code: number) => void): Command {
  return new Command('subscribe')
    .description(
      "Subscribes the queue to Amazon's notifications of finished reports for all sellers. Existing subscriptions stay. Prints the access policy that the queue needs.",
    )
    .argument('[pipeline]', 'a pipeline that uses the queue, needed if there are several queues')
    .option('--seller <id>', 'only this seller')
    .option(
      '--undo',
      'delete the subscriptions, and also the destination if this command created it and no other seller in pipelines.yaml uses it',
    )
    .option('--dry-run', 'show what would be done, without doing it')
    .option('--json', 'print a JSON object')
    .action(async (name: string | undefined, options: SubscribeCommandOptions, command: Command) => {
      const { subscribeAction } = await import('./actions/subscribe.js');
      await subscribeAction(name, options, command, io, exit);
    });
}
