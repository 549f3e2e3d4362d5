import type { DocumentLimits } from '../../../config/documents-spec.js';
import type { Kernel } from '../../../kernel/kernel.js';
import type { ReadableDocument } from '../../../source/types.js';
import { parseExactly } from '../../objects/exact-json.js';
import type { JsonFindings } from '../../objects/json-findings.js';
import type { JsonSource } from '../../objects/json-walk.js';
import type { JsonRows } from './json-rows.js';
import type { Rows } from '../rows.js';
import { byteOrderMarkBytes, enlarged, openUtf8, Slab } from '../slab.js';
import { namesTwice, notColumnar } from '../../parse-hint.js';

const comma = 0x2c;

const blanks = new Set([0x20, 0x09, 0x0a, 0x0d]);

/**
 * Reads the bytes of a JSON document in the kernel's memory. Items of lists are read as rows, many
 * at a time, by what `rowsOf` returns for their list; everything else value by value. The reference
 * parser is left to report what is malformed.
 * Errors: ReadAgain<ParseHint>.
 */
export class JsonBytes implements JsonSource<Rows> {
  private readonly chunks: AsyncIterator<Uint8Array>;
  private slab: Slab;
  private at = 0;
  private isBegun = false;
  private bytesRead = 0;
  /** Characters of names and of values beside the rows. */
  private besideCharacters = 0;
  private readonly limits: DocumentLimits;
  /** A shorter value exceeds no limit: each value inside it takes two bytes at least. */
  private readonly minLongBytes: number;

  constructor(
    document: ReadableDocument,
    kernel: Kernel,
    private readonly rowsOf: (list: string) => JsonRows,
    /**
     * Called when rows have names that their list has no paths for; they are read again afterwards.
     */
    private readonly onNewNames: (list: string) => void,
    private readonly findings: JsonFindings,
    /** Reading stops after this many bytes, as if the document broke off there. */
    private readonly maxBytes = Number.POSITIVE_INFINITY,
  ) {
    this.limits = document.limits;
    this.minLongBytes = 2 * document.limits.maxRowValues;
    this.chunks = openUtf8(document)[Symbol.asyncIterator]();
    this.slab = new Slab(kernel, 64 * 1024);
  }

  async peek(): Promise<string> {
    for (;;) {
      const bytes = this.slab.bytes();
      for (; this.at < this.slab.length; this.at += 1) {
        const byte = bytes[this.at] as number;
        if (!blanks.has(byte)) return String.fromCharCode(byte);
      }
      if (!(await this.more())) return '';
    }
  }

  async expect(character: string): Promise<void> {
    if ((await this.peek()) !== character) throw this.problem();
    this.at += 1;
  }

  async value(path?: string): Promise<unknown> {
    await this.peek();
    for (;;) {
      const { kernel, at, length } = this.slab;
      const end = kernel.calls.endOfValue(at, length, this.at);
      if (end >= 0) {
        const text = this.slab.text(this.at, end);
        this.checkSize(this.at, end);
        this.at = end;
        this.besideCharacters += text.length;
        if (this.besideCharacters > this.limits.maxRowCharacters) throw tooLong();
        const value = parseExactly(text, this.findings, path);
        if (this.findings.hasNamesTwice()) throw namesTwice();
        return value;
      }
      if (kernel.calls.itemsStopped.value !== 0) throw this.problem();
      if (!(await this.more())) throw this.problem();
    }
  }

  async *item(list: string): AsyncGenerator<Rows> {
    await this.peek();
    yield* this.readRows(list, 1);
  }

  async *items(list: string): AsyncGenerator<Rows> {
    yield* this.readRows(list);
  }

  nameAgain(): void {
    throw namesTwice();
  }

  problem(): Error {
    return notColumnar('its JSON is not well-formed');
  }

  async close(): Promise<void> {
    await this.chunks.return?.();
  }

  private async *readRows(list: string, maxRows?: number): AsyncGenerator<Rows> {
    const reader = this.rowsOf(list);
    for (let begun = false; ; ) {
      // Only a slab that grew for a long row may have one.
      const isLong = this.slab.length > this.minLongBytes;
      const { end, stopped, rows } = reader.read(this.slab, this.at, begun, isLong ? 1 : maxRows);
      if (isLong) this.checkSize(this.at, end);
      this.at = end;
      begun ||= rows.count > 0;
      if (rows.count > 0) yield rows;
      if (stopped === 'ended' || (maxRows !== undefined && rows.count === maxRows)) return;
      if (stopped === 'new names') this.onNewNames(list);
      else if (stopped === 'more' && !(await this.more())) throw this.problem();
    }
  }

  /**
   * Drops what was read and appends as much again as is left: what has begun is read again from its
   * beginning. Returns false at the end of the text.
   */
  private async more(): Promise<boolean> {
    const { slab, at } = this;
    const rest = slab.length - at;
    if (rest > this.limits.maxRowCharacters) throw tooLong();
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

  /**
   * Leaves a value that may exceed a limit to the reference parser. Commas in texts count too.
   * Errors: ReadAgain<ParseHint>.
   */
  private checkSize(from: number, to: number): void {
    if (to - from <= this.minLongBytes) return;
    if (to - from > this.limits.maxRowCharacters) throw tooLong();
    let values = 0;
    for (const byte of this.slab.bytes().subarray(from, to)) if (byte === comma) values += 1;
    if (values > this.limits.maxRowValues) throw tooLong();
  }

  /** Whether reading stopped at `maxBytes`. */
  isCut(): boolean {
    return this.bytesRead >= this.maxBytes;
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

function tooLong(): Error {
  return notColumnar('a value in its JSON is too long');
}
