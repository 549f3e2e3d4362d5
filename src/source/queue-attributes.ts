import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { answerWithin, openClient, queueError, type QueueLocation } from './sqs.js';

/** The attributes of a queue that SQS reports. */
export interface QueueAttributes {
  arn: string;
  visibilityTimeoutSeconds: number;
  /** Undefined if it is not reported: other servers of the SQS protocol leave it out. */
  retentionSeconds?: number;
  /**
   * Messages that can be received now, are in flight, or become visible later; each approximate.
   */
  messages: { visible: number; inFlight: number; delayed: number };
  /** The access policy as JSON text; undefined if there is none. */
  policy?: string;
  /** Receives after which a message goes to the dead-letter queue; undefined without one. */
  maxReceiveCount?: number;
  /** The KMS key of an encrypted queue. */
  kmsKeyId?: string;
}

const answerSeconds = 8;

/**
 * Gets the attributes of a queue from SQS. Errors: QUEUE_NOT_FOUND, QUEUE_CREDENTIALS_MISSING,
 * QUEUE_ACCESS_DENIED, QUEUE_UNREACHABLE.
 */
export async function readQueueAttributes(location: QueueLocation): Promise<QueueAttributes> {
  const client = openClient(location);
  try {
    const command = new GetQueueAttributesCommand({ QueueUrl: location.url, AttributeNames: ['All'] });
    const { Attributes = {} } = await client.send(command, answerWithin(answerSeconds));
    const maxReceiveCount = receiveCountOf(Attributes.RedrivePolicy);
    return {
      arn: Attributes.QueueArn ?? '',
      visibilityTimeoutSeconds: Number(Attributes.VisibilityTimeout),
      messages: {
        visible: Number(Attributes.ApproximateNumberOfMessages ?? 0),
        inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
        delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed ?? 0),
      },
      retentionSeconds: Attributes.MessageRetentionPeriod
        ? Number(Attributes.MessageRetentionPeriod)
        : undefined,
      policy: Attributes.Policy || undefined,
      maxReceiveCount,
      kmsKeyId: Attributes.KmsMasterKeyId || undefined,
    };
  } catch (error) {
    throw queueError(error, location.url);
  } finally {
    client.destroy();
  }
}

function receiveCountOf(policy: string | undefined): number | undefined {
  try {
    return Number((JSON.parse(policy || '{}') as { maxReceiveCount?: unknown }).maxReceiveCount) || undefined;
  } catch {
    return undefined;
  }
}
