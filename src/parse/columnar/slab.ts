import type { Kernel } from '../../kernel/kernel.js';
import type { ReadableDocument } from '../../source/types.js';
import { notColumnar } from '../parse-hint.js';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const byteOrderMark = [0xef, 0xbb, 0xbf];

/** Bytes behind the text of a slab that the kernel may read. */
export const slackBytes = 80;

/** No mark, and no part of a UTF-8 character. */
const filler = 0xff;

/** A piece of a text that ends with a line end, in the kernel's memory. */
export class Slab {
  readonly at: number;
  /** The bytes behind it have no meaning. */
  length = 0;

  constructor(
    readonly kernel: Kernel,
    readonly capacity: number,
  ) {
    this.at = kernel.calls.allocate(capacity + slackBytes);
  }

  /** All of its bytes, including slack. Valid until the kernel allocates. */
  bytes(): Uint8Array {
    return this.kernel.bytes(this.at, this.capacity + slackBytes);
  }

  text(from: number, to: number): string {
    return this.kernel.text(this.at + from, this.at + to);
  }

  /** Ends its text at `length`. */
  end(length: number): void {
    this.length = length;
    this.kernel.bytes(this.at + length, slackBytes).fill(filler);
  }
}

/**
 * Cuts a document into slabs of UTF-8 at line ends. A last line without a line end gets one, in
 * place of a lone `\r` if it has that. The memory of a slab is reused for the next: take what is
 * needed before pulling it.
 * Errors: ReadAgain<ParseHint> for a line that is too long.
 */
export async function* readSlabs(kernel: Kernel, document: ReadableDocument): AsyncGenerator<Slab> {
  const { maxRowCharacters } = document.limits;
  let slab = new Slab(kernel, 64 * 1024);
  /** Bytes at the beginning of the slab of a line whose end has not come yet. */
  let begun = 0;
  for await (const chunk of openUtf8(document)) {
    if (begun + chunk.length > maxRowCharacters) checkFirstLine(begun, chunk, maxRowCharacters);
    slab = enlarged(slab, begun, chunk.length);
    slab.bytes().set(chunk, begun);
    const filled = begun + chunk.length;
    const end = chunk.lastIndexOf(lineFeed);
    if (end < 0) {
      begun = filled;
      continue;
    }
    const rest = chunk.subarray(end + 1);
    slab.end(begun + end + 1);
    yield slab;
    // Before the next chunk is pulled, this one is valid.
    slab.bytes().set(rest);
    begun = rest.length;
  }
  if (begun === 0) return;
  slab = enlarged(slab, begun, 1);
  const bytesThere = slab.bytes();
  if (bytesThere[begun - 1] === carriageReturn) begun -= 1;
  bytesThere[begun] = lineFeed;
  slab.end(begun + 1);
  yield slab;
}

/** Only the line that has begun may be too long: a chunk alone is far below the limit. */
function checkFirstLine(begun: number, chunk: Uint8Array, maxBytes: number): void {
  const end = chunk.indexOf(lineFeed);
  if (begun + (end < 0 ? chunk.length : end) > maxBytes) throw notColumnar('a line is too long');
}

/** A slab with room for `more` bytes behind the first `there`, which are kept. */
export function enlarged(slab: Slab, there: number, more: number): Slab {
  if (there + more <= slab.capacity) return slab;
  const larger = new Slab(slab.kernel, Math.max(slab.capacity * 2, there + more));
  larger.bytes().set(slab.bytes().subarray(0, there));
  slab.kernel.calls.release(slab.at);
  return larger;
}

/**
 * The bytes of a document in UTF-8. A byte order mark is before the header, where it does no harm.
 */
export async function* openUtf8(document: ReadableDocument): AsyncGenerator<Uint8Array> {
  if (document.isValidUtf8) yield* document.openBytes();
  else for await (const text of document.openText()) yield Buffer.from(text);
}

/** How many bytes at the beginning of a document are a byte order mark: 3 or 0. */
export function byteOrderMarkBytes(beginning: Uint8Array): number {
  return byteOrderMark.every((byte, index) => beginning[index] === byte) ? byteOrderMark.length : 0;
}
