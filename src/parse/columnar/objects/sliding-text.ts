import type { Kernel } from '../../../kernel/kernel.js';
import type { ReadableDocument } from '../../../source/types.js';
import { notColumnar } from '../../parse-hint.js';
import { byteOrderMarkBytes, enlarged, openUtf8, Slab } from '../slab.js';

/** White space of JSON and of XML. */
export const blanks = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** Bytes that the kernel rewrites together, so that they stay in the processor's cache. */
export const windowBytes = 256 * 1024;

/** The part of a document that is being read, in the kernel's memory. */
export class SlidingText {
  slab: Slab;
  /** How much of the slab was read. */
  at = 0;
  private readonly chunks: AsyncIterator<Uint8Array>;
  private isBegun = false;
  private bytesRead = 0;

  constructor(
    private readonly document: ReadableDocument,
    kernel: Kernel,
    /** Reading stops after this many bytes, as if the document broke off there. */
    private readonly maxBytes = Number.POSITIVE_INFINITY,
  ) {
    this.chunks = openUtf8(document)[Symbol.asyncIterator]();
    this.slab = new Slab(kernel, 64 * 1024);
  }

  /**
   * Drops what was read and appends as much again as is left: what has begun is read again from its
   * beginning. Returns false at the end of the text.
   * Errors: ReadAgain<ParseHint> if what has begun is too long.
   */
  async more(): Promise<boolean> {
    const { slab, at } = this;
    const rest = slab.length - at;
    if (rest > this.document.limits.maxRowCharacters) throw tooLong();
    slab.bytes().copyWithin(0, at, slab.length);
    this.at = 0;
    slab.end(rest);
    while (this.slab.length <= rest * 1.5) {
      const next = this.isCut() ? undefined : await this.chunks.next();
      if (!next || next.done) return this.slab.length > rest;
      this.append(next.value);
    }
    return true;
  }

  /** Whether reading stopped at `maxBytes`. */
  isCut(): boolean {
    return this.bytesRead >= this.maxBytes;
  }

  async close(): Promise<void> {
    await this.chunks.return?.();
  }

  private append(chunk: Uint8Array): void {
    const bytes = this.isBegun ? chunk : chunk.subarray(byteOrderMarkBytes(chunk));
    this.isBegun = true;
    this.bytesRead += chunk.length;
    const { length } = this.slab;
    this.slab = enlarged(this.slab, length, bytes.length);
    this.slab.bytes().set(bytes, length);
    this.slab.end(length + bytes.length);
  }
}

export function tooLong(): Error {
  return notColumnar('a value in it is too long');
}
