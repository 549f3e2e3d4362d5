import { slackBytes } from './marks.js';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** No mark, and no part of a character of UTF-8. */
const filler = 0xff;

/** A piece of a text that ends with a line end: bytes, and the same as words and view. */
export class Slab {
  bytes: Uint8Array;
  words: Int32Array;
  view: DataView;
  /** Behind it are bytes without meaning. */
  length = 0;

  constructor(capacity: number) {
    const buffer = new ArrayBuffer((capacity + slackBytes + 3) & ~3);
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.view = new DataView(buffer);
  }

  text(from: number, to: number): string {
    return Buffer.from(this.bytes.buffer, from, to - from).toString();
  }
}

/**
 * Cuts UTF-8 bytes into slabs at line ends; a last line without an end gets one, in place of a lone `\r` where that is there. The memory
 * of a slab is used again for the next: take what is needed before pulling it.
 */
export async function* readSlabs(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Slab> {
  let slab = new Slab(1 << 20);
  /** Bytes of a line whose end has not come yet, at the beginning of the slab. */
  let begun = 0;
  for await (const chunk of bytes) {
    slab = grown(slab, begun, chunk.length);
    slab.bytes.set(chunk, begun);
    const filled = begun + chunk.length;
    const end = chunk.lastIndexOf(lineFeed);
    if (end < 0) {
      begun = filled;
      continue;
    }
    slab.length = begun + end + 1;
    const rest = slab.bytes.slice(slab.length, filled);
    slab.bytes.fill(filler, slab.length, slab.length + slackBytes);
    yield slab;
    slab.bytes.set(rest);
    begun = rest.length;
  }
  if (begun === 0) return;
  slab = grown(slab, begun, 1);
  if (slab.bytes[begun - 1] === carriageReturn) begun -= 1;
  slab.bytes[begun] = lineFeed;
  slab.length = begun + 1;
  slab.bytes.fill(filler, slab.length, slab.length + slackBytes);
  yield slab;
}

/** A slab with room for so many bytes behind those that are there. */
function grown(slab: Slab, there: number, more: number): Slab {
  if (there + more + slackBytes <= slab.bytes.length) return slab;
  const larger = new Slab(Math.max(slab.bytes.length * 2, there + more));
  larger.bytes.set(slab.bytes.subarray(0, there));
  return larger;
}
