import { joinPath } from '../../schema/object-path.js';
import type { JsonFindings } from './json-findings.js';

/**
 * A number exactly as the document writes it, for example `1.50`, or with more digits than a double
 * holds.
 */
export class WrittenNumber {
  constructor(readonly text: string) {}
}

/** The text of an XML element that also has attributes or elements. */
export class ElementText {
  /** Its name if such an element is kept as JSON. */
  static readonly key = '#text';

  constructor(readonly text: string) {}

  toJSON(): string {
    return this.text;
  }
}

/** Where a text is not JSON, and why. */
export class JsonSyntaxError extends Error {
  /** `at`: the index in the text. */
  constructor(
    readonly at: number,
    found: string,
  ) {
    super(found);
  }
}

/** The white space of JSON. JavaScript counts more characters as blank. */
export function isJsonBlank(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/**
 * Parses JSON strictly by RFC 8259. Numbers that JavaScript would write in another way become
 * WrittenNumber. Of names that an object has twice, the last one counts; `findings` learns of them,
 * `path` is where the text is in the document. Calls itself once for each level of nesting.
 * Errors: JsonSyntaxError.
 */
export function parseExactly(text: string, findings: JsonFindings, path = ''): unknown {
  return new ExactParser(text, findings).whole(path);
}

/**
 * JSON text of a value. Of an object or a list of a JSON document, its own text without white
 * space; escapes are resolved unless JSON needs them.
 */
export function exactJson(value: unknown): string {
  if (value instanceof WrittenNumber) return value.text;
  const own = typeof value === 'object' && value !== null ? written.get(value) : undefined;
  return own ? evenJson(own.text.slice(own.from, own.to)) : JSON.stringify(value);
}

/** Well-formed JSON without white space and without needless escapes; never longer. */
export function evenJson(text: string): string {
  let even = '';
  let kept = 0;
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      const { end, isEscaped } = stringEnd(text, at);
      if (isEscaped) {
        even += text.slice(kept, at) + JSON.stringify(JSON.parse(text.slice(at, end)));
        kept = end;
      }
      at = end;
    } else if (isJsonBlank(code)) {
      even += text.slice(kept, at);
      while (isJsonBlank(text.charCodeAt(at))) at += 1;
      kept = at;
    } else at += 1;
  }
  return even + text.slice(kept);
}

/**
 * Where objects and lists are in the text: it has the order of their names, and all values of a
 * name that occurs twice.
 */
const written = new WeakMap<object, { text: string; from: number; to: number }>();

const quote = 0x22;
const backslash = 0x5c;
/** RFC 8259, section 6. */
const numberAt = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const words = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
]);
const wordAt = /true|false|null/y;

class ExactParser {
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly findings: JsonFindings,
  ) {}

  whole(path: string): unknown {
    this.skipBlanks();
    const value = this.value(path);
    this.skipBlanks();
    if (this.at < this.text.length) throw this.unexpected('after a value');
    return value;
  }

  private value(path: string): unknown {
    const code = this.text.charCodeAt(this.at);
    if (code === quote) return this.string();
    if (code === 0x7b) return this.object(path);
    if (code === 0x5b) return this.list(path);
    const word = this.match(wordAt);
    if (word !== undefined) return words.get(word);
    const digits = this.match(numberAt);
    if (digits === undefined) throw this.unexpected('where a value should be');
    const number = Number(digits);
    return String(number) === digits ? number : new WrittenNumber(digits);
  }

  private object(path: string): Record<string, unknown> {
    const from = this.at;
    const object: Record<string, unknown> = {};
    this.at += 1;
    this.skipBlanks();
    let isFirst = true;
    while (this.next() !== '}' || !isFirst) {
      if (this.next() !== '"') throw this.unexpected('where a name should be');
      const name = this.string();
      const here = joinPath(path, name);
      this.skipBlanks();
      this.expect(':');
      this.skipBlanks();
      const value = this.value(here);
      if (Object.hasOwn(object, name)) this.findings.addName(here);
      // A plain assignment to this name would set the prototype.
      if (name === '__proto__')
        Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
      else object[name] = value;
      this.skipBlanks();
      if (this.next() === '}') break;
      this.expect(',');
      this.skipBlanks();
      isFirst = false;
    }
    this.at += 1;
    written.set(object, { text: this.text, from, to: this.at });
    return object;
  }

  private list(path: string): unknown[] {
    const from = this.at;
    const items: unknown[] = [];
    this.at += 1;
    this.skipBlanks();
    while (this.next() !== ']' || items.length > 0) {
      items.push(this.value(path));
      this.skipBlanks();
      if (this.next() === ']') break;
      this.expect(',');
      this.skipBlanks();
    }
    this.at += 1;
    written.set(items, { text: this.text, from, to: this.at });
    return items;
  }

  private string(): string {
    const from = this.at;
    const { end, isEscaped } = stringEnd(this.text, from);
    if (end < 0) {
      this.at = -end;
      throw this.unexpected('in a text');
    }
    this.at = end;
    if (!isEscaped) return this.text.slice(from + 1, end - 1);
    let value: string;
    try {
      value = JSON.parse(this.text.slice(from, end));
    } catch {
      throw new JsonSyntaxError(from, 'found an invalid escape in a text');
    }
    this.findings.addText(value);
    return value;
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  private next(): string | undefined {
    return this.text[this.at];
  }

  private expect(character: string): void {
    if (this.next() !== character) throw this.unexpected(`where ${character} should be`);
    this.at += 1;
  }

  private skipBlanks(): void {
    while (isJsonBlank(this.text.charCodeAt(this.at))) this.at += 1;
  }

  private unexpected(where: string): JsonSyntaxError {
    return new JsonSyntaxError(this.at, `found ${shownCharacter(this.next() ?? '')} ${where}`);
  }
}

/**
 * The index behind the string that begins at `from`; if it is not well-formed, the negative index
 * of what is wrong.
 */
function stringEnd(text: string, from: number): { end: number; isEscaped: boolean } {
  let isEscaped = false;
  for (let at = from + 1; ; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) return { end: at + 1, isEscaped };
    if (code === backslash) {
      isEscaped = true;
      at += 1;
    } else if (!(code >= 0x20)) return { end: -Math.min(at, text.length), isEscaped };
  }
}

/** As an error shows it: a text that looks empty may have an odd blank. */
export function shownCharacter(character: string): string {
  if (character === '') return 'the end';
  const code = character.charCodeAt(0);
  const isPlain = code > 0x20 && code < 0x7f;
  return isPlain ? JSON.stringify(character) : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}
