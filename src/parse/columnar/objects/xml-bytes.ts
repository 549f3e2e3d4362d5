import type { DocumentLimits } from '../../../config/documents-spec.js';
import type { Kernel } from '../../../kernel/kernel.js';
import { ElementText } from '../../objects/exact-json.js';
import type { ObjectRow } from '../../objects/object-plan.js';
import { NotPlainXml, PlainXml } from '../../objects/xml/plain-xml.js';
import { XmlRows } from '../../objects/xml/xml-rows.js';
import { notColumnar } from '../../parse-hint.js';
import { enlarged, Slab } from '../slab.js';
import type { ListReader, ListRows } from './list-reader.js';
import type { SourceOptions } from './source-options.js';
import { blanks, type SlidingText, windowBytes } from './sliding-text.js';

/** Why the kernel stopped reading elements, by its number. */
const stops = ['more', 'odd', 'ended', 'enough'] as const;

/** The reference parser measures a row in pieces of 32 KB of which the row may be a part. */
const measuredTooMuch = 128 * 1024;

/** The levels inside a row are counted by the kernel. */
const maxLevelsAroundRows = 200;

const lessThan = 0x3c;
const greaterThan = 0x3e;
const nameAt = /^[A-Za-z_][\w.:-]*(?=[ \t\n\r/>])/;
const maxNameBytes = 256;

/**
 * Reads the bytes of an XML document in the kernel's memory. The kernel rewrites elements that are
 * rows as JSON, many at a time, which `readersOf` read; everything around them is read token by
 * token. What is unusual or malformed is left to the reference parser.
 * Errors: ReadAgain<ParseHint>.
 */
export class XmlBytes {
  beside: unknown;
  readonly firsts = new Map<string, unknown>();
  private readonly kernel: Kernel;
  private readonly limits: DocumentLimits;
  private readonly around: XmlRows;
  private readonly tokens: PlainXml;
  /** Rows as JSON. */
  private items: Slab;
  private isAtEnd = false;

  constructor(
    private readonly text: SlidingText,
    private readonly options: SourceOptions,
  ) {
    const { document, kernel, paths } = options;
    this.kernel = kernel;
    this.limits = document.limits;
    this.around = new XmlRows(document.limits, paths);
    this.tokens = new PlainXml(this.around);
    this.items = new Slab(kernel, 64 * 1024);
  }

  async *rows(): AsyncGenerator<ObjectRow<ListRows>> {
    try {
      for (;;) {
        const name = await this.rowName();
        const list = name === undefined ? undefined : this.around.listOf(name);
        if (name !== undefined && list !== undefined) {
          yield* this.readRows(name, list);
        } else if (!(await this.readToken())) break;
        if (this.isAtEnd && this.text.isCut()) return;
      }
      if (this.text.isCut()) return;
      this.tokens.end();
      this.takeBeside();
    } catch (error) {
      throw error instanceof NotPlainXml ? unusual() : error;
    } finally {
      await this.text.close();
    }
    if (this.beside !== undefined) yield { value: this.beside };
  }

  /** The name of the element that begins behind blanks; undefined if something else follows. */
  private async rowName(): Promise<string | undefined> {
    if (this.isAtEnd || !this.tokens.isBetweenTokens) return undefined;
    const { text } = this;
    for (;;) {
      const { slab } = text;
      const bytes = slab.bytes();
      let start = text.at;
      while (start < slab.length && blanks.has(bytes[start] as number)) start += 1;
      if (start < slab.length && bytes[start] !== lessThan) return undefined;
      const end = Math.min(slab.length, start + 1 + maxNameBytes);
      const name = nameAt.exec(Buffer.from(bytes.subarray(start + 1, end)).toString('latin1'))?.[0];
      if (name !== undefined || slab.length - start > maxNameBytes) return name;
      if (!(await text.more())) return undefined;
    }
  }

  /** Reads up to the next `>`, by which most tokens end. Returns false at the end of the text. */
  private async readToken(): Promise<boolean> {
    const { text } = this;
    const { slab, at } = text;
    const end = slab.bytes().subarray(0, slab.length).indexOf(greaterThan, at);
    if (end < 0 && (await text.more())) return true;
    const next = end < 0 ? text.slab.length : end + 1;
    const token = text.slab.text(text.at, next);
    text.at = next;
    this.tokens.write(token);
    this.around.read(token.length);
    this.takeBeside();
    return end >= 0;
  }

  private takeBeside(): void {
    for (const { list, value } of this.around.take()) {
      if (list !== undefined) throw unusual();
      this.beside = value;
    }
  }

  /** Reads the rows of this name that follow each other. */
  private async *readRows(name: string, list: string): AsyncGenerator<ObjectRow<ListRows>> {
    const { kernel, text, limits } = this;
    const { calls } = kernel;
    if (this.around.hasText || this.around.levels > maxLevelsAroundRows) throw unusual();
    const readers = this.options.readersOf(list);
    const nameBlock = kernel.copyIn(Buffer.from(name));
    for (;;) {
      const { slab, at } = text;
      this.items = enlarged(this.items, 0, 3 * (slab.length - at) + 64);
      text.at = calls.readElements(
        slab.at,
        slab.length,
        at,
        nameBlock,
        name.length,
        this.items.at,
        windowBytes,
        limits.maxRowCharacters - measuredTooMuch,
        limits.maxRowValues,
      );
      const stopped = stops[calls.elementsStopped.value as number];
      if (stopped === 'odd') throw unusual();
      if (calls.elementsRead.value > 0) {
        this.items.end(calls.elementBytes.value);
        yield* this.readItems(list, readers);
      }
      this.isAtEnd = stopped === 'more' && !(await text.more());
      if (stopped === 'ended' || this.isAtEnd) break;
    }
    calls.release(nameBlock);
  }

  private *readItems(list: string, readers: ListReader[]): Generator<ObjectRow<ListRows>> {
    const { kernel, items } = this;
    if (!this.firsts.has(list)) {
      const end = kernel.calls.endOfValue(items.at, items.length, 0);
      this.firsts.set(list, elementOf(items.text(0, end)));
    }
    const [reader] = readers;
    const isNested = reader === undefined || readers.length > 1;
    const whole = { isBegun: false, maxBytes: items.length, window: items.length };
    for (const each of readers) {
      for (const value of isNested ? each.split(items, 0, whole) : each.readAll(items)) yield { list, value };
    }
  }
}

/** An element as `XmlRows` makes it. */
function elementOf(json: string): unknown {
  return JSON.parse(json, (name, value) => (name === ElementText.key ? new ElementText(value) : value));
}

function unusual(): Error {
  return notColumnar('its XML is unusual or not well-formed');
}
