import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { Logger } from 'pino';
import { type Clock, systemClock } from '../runtime/clock.js';
import { beforeAbruptExit } from '../runtime/before-exit.js';
import { keepAwsSecrets, silenceAwsNodeWarning } from '../runtime/aws-sdk.js';
import { describeError, ReportsError } from '../errors/reports-error.js';
import type { Queue, QueueMessage } from './types.js';

/** The location of a queue. */
export interface QueueLocation {
  url: string;
  /** Default: the region in the URL, otherwise us-east-1. */
  region?: string;
  /** Default: AWS for a URL of AWS, otherwise the URL's own origin. */
  endpoint?: string;
  /** Default: the credential chain of all AWS programs. */
  credentials?: { accessKeyId: string; secretAccessKey: string };
}

export interface QueueOptions extends QueueLocation {
  /**
   * How long a message stays invisible. Extended after a third of it while the message is in
   * flight.
   */
  visibilityTimeoutSeconds: number;
  log: Logger;
  /** How long a call may take, its retries included, beyond the long polling of a receive. */
  answerSeconds?: number;
  clock?: Clock;
}

/** SQS never keeps a message invisible for longer than this after it was received. */
const maxVisibilitySeconds = 12 * 3600;

/**
 * Opens an SQS queue.
 * Errors: QUEUE_NOT_FOUND, QUEUE_CREDENTIALS_MISSING, QUEUE_ACCESS_DENIED, QUEUE_UNREACHABLE.
 */
export function openQueue({
  url,
  visibilityTimeoutSeconds,
  log,
  answerSeconds = 8,
  clock = systemClock,
  ...options
}: QueueOptions): Queue {
  const client = openClient({ url, ...options });
  /**
   * Messages neither acknowledged nor released, by receipt handle, with the time they were
   * received.
   */
  const inFlight = new Map<string, { message: QueueMessage; receivedMs: number }>();
  const closed = new AbortController();
  const forgetClosing = beforeAbruptExit(close);
  const stopHeartbeat = clock.every((visibilityTimeoutSeconds / 3) * 1000, () => void extendAll());

  return {
    url,
    async hasRedrivePolicy() {
      const { Attributes } = await client
        .send(
          new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['RedrivePolicy'] }),
          answerWithin(answerSeconds),
        )
        .catch((error: unknown) => {
          throw queueError(error, url);
        });
      return Boolean(Attributes?.RedrivePolicy);
    },

    async receive({ maxMessages, waitTimeSeconds, signal: stop }) {
      const signal = stop ? AbortSignal.any([closed.signal, stop]) : closed.signal;
      if (signal.aborted) return [];
      const command = new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: maxMessages,
        WaitTimeSeconds: waitTimeSeconds,
        VisibilityTimeout: visibilityTimeoutSeconds,
        MessageSystemAttributeNames: ['ApproximateReceiveCount', 'SentTimestamp'],
      });
      try {
        const { Messages = [] } = await client.send(
          command,
          answerWithin(waitTimeSeconds + answerSeconds, signal),
        );
        return Messages.flatMap(track);
      } catch (error) {
        if (signal.aborted) return [];
        throw queueError(error, url);
      }
    },

    close,
  };

  async function close(): Promise<void> {
    forgetClosing();
    closed.abort();
    stopHeartbeat();
    await Promise.all(
      [...inFlight.values()].map(({ message }) =>
        message.release().catch((error: unknown) => {
          log.warn({ messageId: message.messageId }, `releasing a message: ${describeError(error)}`);
        }),
      ),
    );
    client.destroy();
  }

  function track({ MessageId, ReceiptHandle, Body, Attributes }: Message): QueueMessage[] {
    if (!ReceiptHandle) return [];
    const handle = { QueueUrl: url, ReceiptHandle };
    const message: QueueMessage = {
      messageId: MessageId ?? '',
      body: Body ?? '',
      receiveCount: Number(Attributes?.ApproximateReceiveCount ?? 1),
      sentMs: Attributes?.SentTimestamp ? Number(Attributes.SentTimestamp) : undefined,
      async ack() {
        inFlight.delete(ReceiptHandle);
        await client
          .send(new DeleteMessageCommand(handle), answerWithin(answerSeconds))
          .catch((error: unknown) => {
            throw queueError(error, url);
          });
      },
      async release(delaySeconds = 0) {
        inFlight.delete(ReceiptHandle);
        await client
          .send(
            new ChangeMessageVisibilityCommand({ ...handle, VisibilityTimeout: delaySeconds }),
            answerWithin(answerSeconds),
          )
          .catch((error: unknown) => {
            throw queueError(error, url);
          });
      },
    };
    inFlight.set(ReceiptHandle, { message, receivedMs: clock.now() });
    return [message];
  }

  /**
   * A message whose visibility can't be extended is redelivered; the ledger makes that harmless.
   */
  async function extendAll(): Promise<void> {
    const handles = [...inFlight].filter(
      ([, { receivedMs }]) =>
        (clock.now() - receivedMs) / 1000 + visibilityTimeoutSeconds < maxVisibilitySeconds,
    );
    const batchSize = 10;
    for (let start = 0; start < handles.length; start += batchSize) {
      const entries = handles.slice(start, start + batchSize).map(([ReceiptHandle], index) => ({
        Id: String(index),
        ReceiptHandle,
        VisibilityTimeout: visibilityTimeoutSeconds,
      }));
      try {
        const { Failed = [] } = await client.send(
          new ChangeMessageVisibilityBatchCommand({ QueueUrl: url, Entries: entries }),
          answerWithin(answerSeconds),
        );
        for (const { Id, Message: found } of Failed) {
          const held = handles[start + Number(Id)];
          // It was acknowledged or released since the batch was made: there is nothing to extend.
          if (held && inFlight.has(held[0])) {
            log.warn(
              { messageId: held[1].message.messageId },
              `extending the visibility of a message: ${found}`,
            );
          }
        }
      } catch (error) {
        log.warn(
          { queue: url },
          `extending the visibility of messages: ${describeError(queueError(error, url))}`,
        );
      }
    }
  }
}

/** The SDK's client for a queue. */
export function openClient({ url, ...options }: QueueLocation): SQSClient {
  silenceAwsNodeWarning();
  const location = locationOf(url);
  const endpoint = options.endpoint ?? location.endpoint;
  const client = new SQSClient({
    region: options.region ?? location.region,
    endpoint,
    // A copy: the SDK notes their source in them, and settings are frozen.
    credentials: options.credentials && { ...options.credentials },
    // The queue URL names the queue; the endpoint, if given, the server to call.
    useQueueUrlAsEndpoint: false,
  });
  client.middlewareStack.add(
    (next) => async (args) => {
      await keepAwsSecrets(client.config.credentials);
      return next(args);
    },
    { step: 'initialize' },
  );
  return client;
}

/** Options of one call, its retries included: by itself the SDK waits forever for an answer. */
export function answerWithin(seconds: number, signal?: AbortSignal): { abortSignal: AbortSignal } {
  const timeout = AbortSignal.timeout(seconds * 1000);
  return { abortSignal: signal ? AbortSignal.any([signal, timeout]) : timeout };
}

/** Reads region and endpoint from a queue URL. */
function locationOf(url: string): { region: string; endpoint?: string } {
  const { hostname, origin } = new URL(url);
  const match = /^sqs\.([\w-]+)\.amazonaws\.com(\.cn)?$|^([\w-]+)\.queue\.amazonaws\.com(\.cn)?$/.exec(
    hostname,
  );
  const region = match?.[1] ?? match?.[3];
  if (region) return { region };
  if (hostname === 'queue.amazonaws.com') return { region: 'us-east-1' };
  // By RFC 6761 names under localhost are this machine, but not every resolver knows them.
  const endpoint = hostname.endsWith('.localhost') ? origin.replace(hostname, 'localhost') : origin;
  return { region: process.env.AWS_REGION ?? 'us-east-1', endpoint };
}

const notFound = new Set([
  'QueueDoesNotExist',
  'AWS.SimpleQueueService.NonExistentQueue',
  'QueueDeletedRecently',
  'InvalidAddress',
]);
const denied = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'AuthorizationHeaderMalformed',
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'InvalidClientTokenId',
  'InvalidSecurity',
  'KMS.AccessDeniedException',
  'KmsAccessDenied',
  'MissingAuthenticationToken',
  'OptInRequired',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
]);

/** Converts an error of the SQS client into one of the catalogue. Nothing else interprets them. */
export function queueError(error: unknown, queue: string): ReportsError {
  const name = error instanceof Error ? error.name : '';
  const isTimeout = name === 'AbortError' || name === 'TimeoutError';
  const found = isTimeout
    ? 'no answer'
    : [name === 'Error' ? '' : name, describeError(error)].filter(Boolean).join(': ');
  const cause = { cause: error };
  if (name === 'CredentialsProviderError')
    return new ReportsError('QUEUE_CREDENTIALS_MISSING', { queue, found }, cause);
  if (notFound.has(name)) return new ReportsError('QUEUE_NOT_FOUND', { queue }, cause);
  if (denied.has(name)) return new ReportsError('QUEUE_ACCESS_DENIED', { queue, found }, cause);
  return new ReportsError('QUEUE_UNREACHABLE', { queue, found }, cause);
}
