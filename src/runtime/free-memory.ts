import { MessageChannel, type MessagePort } from 'node:worker_threads';

/** Its other end is closed, so that it drops whatever is posted. */
let drain: MessagePort | undefined;

/**
 * Frees the memory of a buffer at once; every view of it becomes empty. The garbage collector frees
 * such memory late, and counts it towards the size at which it marks the whole heap: with a
 * gunzipped document of 118 MB it did so 14 times, which took a fifth of the processor time of the
 * conversion.
 */
export function freeMemory(buffer: ArrayBuffer): void {
  drain ??= closedPort();
  drain.postMessage(undefined, [buffer]);
}

function closedPort(): MessagePort {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  return port1;
}
