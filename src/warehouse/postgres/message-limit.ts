import type { Readable } from 'node:stream';

/** Of each message of the protocol: its type, and its length without the type. */
const headerBytes = 5;

/**
 * Destroys a connection's stream, with the error that `tooLarge` returns, as soon as the server
 * announces a message of more bytes than `max()`. A row is one message, which the client's parser
 * keeps in memory until it is complete, and makes strings of: one that is too large for a string
 * would end the process. The stream must be between two messages.
 */
export function limitMessages(stream: Readable, max: () => number, tooLarge: (bytes: number) => Error): void {
  const header = Buffer.alloc(headerBytes);
  let have = 0;
  let bodyLeft = 0;
  // Before the parser, to which the beginning of a message does no harm.
  stream.prependListener('data', (chunk: Buffer) => {
    for (let at = 0; at < chunk.length && !stream.destroyed; ) {
      if (bodyLeft > 0) {
        const skipped = Math.min(bodyLeft, chunk.length - at);
        bodyLeft -= skipped;
        at += skipped;
        continue;
      }
      const copied = chunk.copy(header, have, at, at + headerBytes - have);
      have += copied;
      at += copied;
      if (have < headerBytes) return;
      have = 0;
      const bytes = header.readUInt32BE(1);
      if (bytes > max()) {
        stream.destroy(tooLarge(bytes));
        return;
      }
      bodyLeft = bytes - 4;
    }
  });
}
