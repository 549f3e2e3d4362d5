import type { Queue, QueueMessage } from '../source/types.js';
import type { PipelineContext } from './context.js';

/** The same queue, which emits an event for each message received and deleted. */
export function watchQueue(queue: Queue, { onEvent }: Pick<PipelineContext, 'onEvent'>): Queue {
  const watched = (message: QueueMessage): QueueMessage => {
    const { messageId, sentMs } = message;
    onEvent({ event: 'message_received', messageId, sentMs });
    return {
      ...message,
      async ack() {
        await message.ack();
        onEvent({ event: 'message_deleted', messageId });
      },
    };
  };
  return { ...queue, receive: async (options) => (await queue.receive(options)).map(watched) };
}
