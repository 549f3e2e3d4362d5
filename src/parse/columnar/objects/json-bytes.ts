import type { DocumentLimits } from '../../../config/documents-spec.js';
import { parseExactly } from '../../objects/exact-json.js';
import type { JsonFindings } from '../../objects/json-findings.js';
import type { JsonSource } from '../../objects/json-walk.js';
import { namesTwice, notColumnar } from '../../parse-hint.js';
import type { ListReader, ListRows } from './list-reader.js';
import type { SourceOptions } from './source-options.js';
import { blanks, type SlidingText, tooLong } from './sliding-text.js';

const comma = 0x2c;

/**
 * Reads the bytes of a JSON document in the kernel's memory. Items of lists are read as rows, many
 * at a time, by what `readersOf` returns for their list; everything else value by value. The
 * reference parser is left to report what is malformed.
 * Errors: ReadAgain<ParseHint>.
 */
export class JsonBytes implements JsonSource<ListRows> {
  /** Characters of names and of values beside the rows. */
  private besideCharacters = 0;
  private readonly limits: DocumentLimits;
  private readonly findings: JsonFindings;
  /** A shorter value exceeds no limit: each value inside it takes two bytes at least. */
  private readonly minLongBytes: number;

  constructor(
    private readonly text: SlidingText,
    private readonly options: SourceOptions,
  ) {
    this.limits = options.document.limits;
    this.findings = options.findings;
    this.minLongBytes = 2 * this.limits.maxRowValues;
  }

  async peek(): Promise<string> {
    for (;;) {
      const bytes = this.text.slab.bytes();
      for (; this.text.at < this.text.slab.length; this.text.at += 1) {
        const byte = bytes[this.text.at] as number;
        if (!blanks.has(byte)) return String.fromCharCode(byte);
      }
      if (!(await this.text.more())) return '';
    }
  }

  async expect(character: string): Promise<void> {
    if ((await this.peek()) !== character) throw this.problem();
    this.text.at += 1;
  }

  async value(path?: string): Promise<unknown> {
    await this.peek();
    for (;;) {
      const { kernel, at, length } = this.text.slab;
      const end = kernel.calls.endOfValue(at, length, this.text.at);
      if (end >= 0) {
        const text = this.text.slab.text(this.text.at, end);
        this.checkSize(this.text.at, end);
        this.text.at = end;
        this.besideCharacters += text.length;
        if (this.besideCharacters > this.limits.maxRowCharacters) throw tooLong();
        const value = parseExactly(text, this.findings, path);
        if (this.findings.hasNamesTwice()) throw namesTwice();
        return value;
      }
      if (kernel.calls.itemsStopped.value !== 0) throw this.problem();
      if (!(await this.text.more())) throw this.problem();
    }
  }

  async *item(list: string): AsyncGenerator<ListRows> {
    await this.peek();
    yield* this.readRows(list, 1);
  }

  async *items(list: string): AsyncGenerator<ListRows> {
    yield* this.readRows(list);
  }

  nameAgain(): void {
    throw namesTwice();
  }

  problem(): Error {
    return notColumnar('its JSON is not well-formed');
  }

  async close(): Promise<void> {
    await this.text.close();
  }

  private async *readRows(list: string, maxRows?: number): AsyncGenerator<ListRows> {
    const readers = this.options.readersOf(list);
    const [reader] = readers;
    if (reader === undefined || readers.length > 1) {
      yield* this.readNested(readers, maxRows);
      return;
    }
    for (let begun = false; ; ) {
      // Only a slab that grew for a long row may have one.
      const isLong = this.text.slab.length > this.minLongBytes;
      const { slab, at } = this.text;
      const { end, stopped, rows } = reader.rows.read(slab, at, begun, isLong ? 1 : maxRows);
      if (isLong) this.checkSize(at, end);
      this.text.at = end;
      begun ||= rows.count > 0;
      if (rows.count > 0) yield { reader, rows };
      if (stopped === 'ended' || (maxRows !== undefined && rows.count === maxRows)) return;
      if (stopped === 'new names') reader.onNewNames();
      else if (stopped === 'more' && !(await this.text.more())) throw this.problem();
    }
  }

  /** Reads the rows of several tables in the items of a list. */
  private async *readNested(readers: ListReader[], maxItems?: number): AsyncGenerator<ListRows> {
    const maxBytes = Math.min(this.minLongBytes, this.limits.maxRowCharacters);
    // One item: a window of a byte ends behind the item in which it lies.
    const window = maxItems;
    for (let isBegun = false; ; ) {
      const { slab, at } = this.text;
      let last: { end: number; stopped: string } = { end: at, stopped: 'ended' };
      for (const reader of readers) last = yield* reader.split(slab, at, { isBegun, maxBytes, window });
      const { end, stopped } = last;
      this.text.at = end;
      isBegun ||= end > at;
      if (stopped === 'ended' || (maxItems !== undefined && stopped === 'enough')) return;
      if (stopped === 'more' && !(await this.text.more())) throw this.problem();
    }
  }

  /**
   * Leaves a value that may exceed a limit to the reference parser. Commas in texts count too.
   * Errors: ReadAgain<ParseHint>.
   */
  private checkSize(from: number, to: number): void {
    if (to - from <= this.minLongBytes) return;
    if (to - from > this.limits.maxRowCharacters) throw tooLong();
    let values = 0;
    for (const byte of this.text.slab.bytes().subarray(from, to)) if (byte === comma) values += 1;
    if (values > this.limits.maxRowValues) throw tooLong();
  }
}
