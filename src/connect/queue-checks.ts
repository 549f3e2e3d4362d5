import type { Config } from '../config/spec.js';
import type { QueueAttributes } from '../source/queue-attributes.js';
import type { CheckResult, Check } from './examine.js';
import { actionsKeptFromAmazon, amazonsAccount } from './queue-policy.js';

type Pipeline = Config['pipelines'][number];

/** SQS's own default, which survives an outage over a long weekend. */
const minRetentionSeconds = 4 * 86_400;
/**
 * The program extends a message's visibility after a third of this time, and a busy machine may be
 * late.
 */
const minVisibilitySeconds = 30;
/** A message that is postponed for lack of quota still counts as received. */
const minReceives = 5;

/** Checks a queue: access, times, dead-letter queue and access policy. */
export function queueChecks(
  queue: string,
  pipelines: Pipeline[],
  read: () => Promise<QueueAttributes>,
): Check[] {
  let attributes: QueueAttributes | undefined;
  const known = () => {
    if (!attributes) throw new Error('the queue was not reached');
    return attributes;
  };
  const needs = [`queue ${queue}`];
  return [
    {
      name: 'queue',
      about: queue,
      async look() {
        attributes = await read();
        return { found: attributes.arn };
      },
    },
    { name: 'queue times', about: queue, needs, look: async () => lookAtTimes(known(), pipelines) },
    { name: 'redrive policy', about: queue, needs, look: async () => lookAtRedrive(known(), pipelines) },
    { name: 'queue policy', about: queue, needs, look: async () => lookAtPolicy(known()) },
  ];
}

function lookAtTimes(
  { retentionSeconds, visibilityTimeoutSeconds }: QueueAttributes,
  pipelines: Pipeline[],
): CheckResult {
  const kept =
    retentionSeconds === undefined ? 'an unknown time' : `${(retentionSeconds / 86_400).toFixed(1)} days`;
  const own = Math.min(...pipelines.map(({ limits }) => limits.visibilityTimeoutSeconds));
  const found = `keeps messages for ${kept}; visibility timeout ${visibilityTimeoutSeconds} s, but the program uses ${own} s and extends it while it processes a document`;
  if (retentionSeconds !== undefined && retentionSeconds < minRetentionSeconds)
    return {
      found,
      next: "Raise the queue's message retention period to 14 days; messages not read before its end are lost.",
    };
  if (own < minVisibilitySeconds)
    return {
      found,
      next: `Raise \`limits.visibilityTimeoutSeconds\` in pipelines.yaml to ${minVisibilitySeconds} or more; otherwise messages are redelivered while they are in flight.`,
    };
  return { found };
}

function lookAtRedrive({ maxReceiveCount }: QueueAttributes, pipelines: Pipeline[]): CheckResult {
  if (maxReceiveCount === undefined) {
    const own = Math.max(...pipelines.map(({ limits }) => limits.maxReceives));
    return { found: `none; a document that fails ${own} times is quarantined` };
  }
  const found = `to the dead-letter queue after ${maxReceiveCount} receives`;
  if (maxReceiveCount >= minReceives) return { found };
  return {
    found,
    next: `Raise maxReceiveCount of the redrive policy to ${minReceives} or more; receives that are deferred because of the quota count too.`,
  };
}

function lookAtPolicy({ policy, arn, kmsKeyId }: QueueAttributes): CheckResult {
  const kept = actionsKeptFromAmazon(policy, arn);
  if (kept.length > 0) {
    const found = `does not allow Amazon's account ${amazonsAccount} ${kept.join(' and ')}`;
    return {
      found,
      next: 'Set the access policy of the queue to the one that `sp-reports subscribe --dry-run` prints.',
    };
  }
  if (kmsKeyId && /(^|\/)alias\/aws\/sqs$/.test(kmsKeyId)) {
    const next = `Encrypt the queue with a customer-managed KMS key that Amazon's account ${amazonsAccount} may use (kms:GenerateDataKey, kms:Decrypt), or without KMS.`;
    return {
      found: 'allows Amazon to send, but is encrypted with the AWS managed KMS key, which Amazon cannot use',
      next,
    };
  }
  return { found: 'allows Amazon to send' };
}
