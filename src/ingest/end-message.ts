import type { Logger } from 'pino';
import { describeError } from '../errors/reports-error.js';
import type { QueueMessage } from '../source/types.js';

/** Deletes a message. Never rejects: one that could not be deleted comes again and finds the ledger row. */
export function deleteMessage(message: QueueMessage, log: Logger): Promise<void> {
  return message.ack().catch((error: unknown) => {
    log.warn({ messageId: message.messageId }, `deleting a message: ${describeError(error)}`);
  });
}

/** Gives a message back. Never rejects: one that could not be given back becomes visible by itself when its visibility ends. */
export function releaseMessage(message: QueueMessage, delaySeconds: number, log: Logger): Promise<void> {
  return message.release(delaySeconds).catch((error: unknown) => {
    log.warn({ messageId: message.messageId }, `releasing a message: ${describeError(error)}`);
  });
}
