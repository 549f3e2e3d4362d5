import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { limitMessages } from '../../src/warehouse/postgres/message-limit.js';

describe('the messages of a PostgreSQL server', () => {
  /** A message with a body of this many bytes, which look like headers of large messages. */
  const message = (bodyBytes: number) => {
    const made = Buffer.alloc(5 + bodyBytes, 0x7f);
    made.write('D');
    made.writeUInt32BE(4 + bodyBytes, 1);
    return made;
  };

  async function read(chunks: Buffer[], max: number): Promise<{ bytes: number; refused?: number }> {
    const stream = new Readable({ read() {} });
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    let refused: number | undefined;
    const tooLarge = (found: number) => {
      refused = found;
      return new Error('too large');
    };
    limitMessages(stream, () => max, tooLarge);
    for (const chunk of chunks) stream.push(chunk);
    stream.push(null);
    await new Promise<void>((resolve) => stream.on('close', resolve).on('error', () => {}));
    return { bytes, refused };
  }

  it('are read up to the first one that is too large, however the network splits them', async () => {
    const bodies = fc.array(fc.nat(40), { minLength: 1, maxLength: 12 });
    const cuts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(bodies, cuts, fc.integer({ min: 4, max: 44 }), async (sizes, lengths, max) => {
        const sent = Buffer.concat(sizes.map(message));
        const chunks: Buffer[] = [];
        for (let at = 0, next = 0; at < sent.length; next += 1) {
          const length = lengths[next % lengths.length] ?? 1;
          chunks.push(sent.subarray(at, at + length));
          at += length;
        }
        const { bytes, refused } = await read(chunks, max);
        const first = sizes.find((size) => size + 4 > max);
        assert.equal(refused, first === undefined ? undefined : first + 4);
        if (first === undefined) assert.equal(bytes, sent.length);
      }),
    );
  });
});
