import type { Logger } from 'pino';
import { describeError } from '../errors/reports-error.js';
import { faultPoint } from '../runtime/fault-point.js';
import type { QueueMessage } from '../source/types.js';

/**
 * Deletes messages, those too that join the list meanwhile, and empties the list. Never rejects: a
 * message that could not be deleted is received again and finds the ledger row.
 */
export async function acknowledge(messages: QueueMessage[], log: Logger): Promise<void> {
  for (let message = messages.shift(); message; message = messages.shift()) {
    const { messageId } = message;
    await message.ack().catch((error: unknown) => {
      log.warn({ messageId }, `deleting a message: ${describeError(error)}`);
    });
    faultPoint('acked');
  }
}

/**
 * Releases messages, to be received again after the delay, and empties the list. Never rejects: a
 * message that could not be released becomes visible by itself when its visibility timeout ends.
 */
export async function release(messages: QueueMessage[], delaySeconds: number, log: Logger): Promise<void> {
  for (const message of messages.splice(0)) {
    await message.release(delaySeconds).catch((error: unknown) => {
      log.warn({ messageId: message.messageId }, `releasing a message: ${describeError(error)}`);
    });
  }
}
