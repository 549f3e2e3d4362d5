import type { Command } from 'commander';
import type { Config } from '../../config/spec.js';
import { actionsKeptFromAmazon, policyForAmazon } from '../../connect/queue-policy.js';
import { type SubscribeStep, subscribe, unsubscribe } from '../../connect/subscribe.js';
import { ReportsError } from '../../errors/reports-error.js';
import { readQueueAttributes } from '../../source/queue-attributes.js';
import { type Io, resultWidth } from '../setup/io.js';
import { subscribersOf, withQuota } from '../../library/open-amazon.js';
import { readFullConfig } from '../setup/open-context.js';
import { openProgress } from '../setup/progress.js';
import { pipelinesNamed, sellersNamed } from '../setup/find-named.js';
import { textTable } from '../output/text-table.js';

export interface SubscribeCommandOptions {
  seller?: string;
  undo?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

/** Runs `sp-reports subscribe`. */
export async function subscribeAction(
  name: string | undefined,
  options: SubscribeCommandOptions,
  command: Command,
  io: Io,
  exit: (code: number) => void,
): Promise<void> {
  const config = readFullConfig(command, io);
  const url = queueNamed(config, name);
  const sellers = new Set(sellersNamed(config, options.seller).map(({ id }) => id));
  const { arn, policy } = await readQueueAttributes({ url, ...config.aws });
  // An interruption does no harm: the next call finds what was done.
  const { log } = openProgress(io, { title: 'subscribe', logLevel: 'warn' });
  const steps = await withQuota(config, log, (quota) => {
    const all = subscribersOf(config, quota);
    const these = all.filter(({ sellerId }) => sellers.has(sellerId));
    const others = all.filter(({ sellerId }) => !sellers.has(sellerId));
    const how = { queueArn: arn, dryRun: options.dryRun ?? false };
    return options.undo ? unsubscribe(these, others, how) : subscribe(these, how);
  });
  const missing = actionsKeptFromAmazon(policy, arn);
  const needed = policyForAmazon(arn);
  io.stdout.write(
    options.json
      ? `${JSON.stringify({ queue: url, queueArn: arn, steps, policy: needed, policyLacks: missing }, null, 2)}\n`
      : stepsText(steps, resultWidth(io)) + (options.undo ? '' : policyText(missing, needed)),
  );
  if (steps.some(({ done }) => done === 'failed')) exit(1);
}

function queueNamed(config: Config, name: string | undefined): string {
  const [first = '', ...more] = new Set(pipelinesNamed(config, name).map(({ queue }) => queue));
  if (more.length === 0) return first;
  const names = config.pipelines.map((pipeline) => pipeline.name).join(', ');
  throw new ReportsError('USAGE', {
    problem: `${config.file} has several queues, but a seller can be subscribed to one only; name one of the pipelines ${names}`,
  });
}

function stepsText(steps: SubscribeStep[], width: number | undefined): string {
  const table = textTable(
    ['seller', 'what', 'done', 'id'],
    steps.map(({ sellerId, thing, done, id }) => [sellerId, thing, done, id]),
    { width, wrap: true },
  );
  const notes = steps.flatMap(({ sellerId, thing, done, note }) =>
    note ? `${thing} of ${sellerId} ${done}: ${note}\n` : [],
  );
  return [table, ...notes].join('');
}

/** No operation of the API creates these subscriptions. */
const secretsHint =
  'To be notified before the client secret expires, also name this queue in the developer console of Amazon; docs/alarms.md describes it.';

function policyText(missing: string[], policy: object): string {
  const state =
    missing.length === 0
      ? 'The queue allows Amazon to send. Its access policy is equivalent to this one:'
      : `The queue does not allow Amazon ${missing.join(' and ')}, so no notification will arrive. Set this access policy, or add its statement to the existing one:`;
  return `\n${secretsHint}\n\n${state}\n\n${JSON.stringify(policy, null, 2)}\n`;
}
