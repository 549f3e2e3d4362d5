import { ReportsError } from '../errors.js';
import type { ExaminedDocument } from '../source/types.js';
import { joinPath, LongNumber } from './leaves.js';
import { type ListPaths, noPaths, type ObjectRow } from './object-lists.js';

const quote = 0x22;
const backslash = 0x5c;

/**
 * Streams the objects of a JSON document: the items of its list, or of every list that is a member of its object, one at a time; last
 * what stands beside the lists, as one object. `paths` may name deeper lists, and objects that are rows. Only one item is held in memory.
 * Errors: DOCUMENT_UNPARSABLE.
 */
export async function* readJsonObjects(
  document: ExaminedDocument,
  paths: ListPaths = noPaths,
): AsyncGenerator<ObjectRow> {
  const reader = new TextReader(document);
  const beside = emptyObject();
  if ((await reader.peek()) === '[') {
    for await (const value of listItems(reader)) yield { list: '', value };
  } else if (paths.isRow('')) {
    yield { list: '', value: undefined };
    yield { list: '', value: await reader.value() };
  } else {
    yield* membersOf(reader, '', paths, beside);
    if (Object.keys(beside).length > 0) yield { value: beside };
  }
  if ((await reader.peek()) !== '') throw reader.problem('found more text after the end');
}

/** The rows in an object, at that path; its other members are put into `beside`. */
async function* membersOf(
  reader: TextReader,
  path: string,
  paths: ListPaths,
  beside: Record<string, unknown>,
): AsyncGenerator<ObjectRow> {
  await reader.expect('{');
  let next = await reader.peek();
  while (next !== '}') {
    if (next !== '"') throw reader.problem(`found ${shown(next)} where a name should be`);
    const name = String(await reader.value());
    const here = joinPath(path, name);
    await reader.expect(':');
    const begins = await reader.peek();
    if (begins === '[' && !paths.isBeside(here)) {
      for await (const value of listItems(reader)) yield { list: here, value };
    } else if (begins === '{' && paths.isRow(here)) {
      yield { list: here, value: undefined };
      yield { list: here, value: await reader.value() };
    } else if (begins === '{' && paths.leadsToRows(here)) {
      const inner = emptyObject();
      beside[name] = inner;
      yield* membersOf(reader, here, paths, inner);
    } else {
      beside[name] = await reader.value();
    }
    next = await reader.afterValue('}');
  }
  await reader.expect('}');
}

/** Without a prototype, as a member may be named `__proto__`. */
function emptyObject(): Record<string, unknown> {
  return Object.create(null);
}

/** Undefined for the list itself, then its items. */
async function* listItems(reader: TextReader): AsyncGenerator<unknown> {
  await reader.expect('[');
  yield undefined;
  let next = await reader.peek();
  while (next !== ']') {
    yield await reader.value();
    next = await reader.afterValue(']');
  }
  await reader.expect(']');
}

function shown(character: string): string {
  return character === '' ? 'the end' : JSON.stringify(character);
}

/** Strings, and numbers of more than 15 digits, in JSON text. */
const stringsAndLongNumbers = /"(?:[^"\\]|\\.)*"|-?\d(?:[\d.]){15,}(?:[eE][+-]?\d+)?/g;
/** No text of a document begins so: JSON has no such character bare in a string. */
const longNumberMark = '\u0000number ';

/** Parses JSON; numbers that a double doesn't hold come as LongNumber. */
function parseExactly(source: string): unknown {
  if (!/\d[\d.]{15}/.test(source)) return JSON.parse(source);
  const marked = source.replace(stringsAndLongNumbers, (token) =>
    token.startsWith('"') || String(Number(token)) === token ? token : `"\\u0000number ${token}"`,
  );
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === 'string' && value.startsWith(longNumberMark)
      ? new LongNumber(value.slice(longNumberMark.length))
      : value,
  );
}

/** Reads values off a text that comes in chunks. */
class TextReader {
  private readonly chunks: AsyncIterator<string>;
  private text = '';
  private at = 0;
  private line = 1;

  constructor(private readonly document: ExaminedDocument) {
    this.chunks = document.openText()[Symbol.asyncIterator]();
  }

  /** The next character that isn't blank; empty at the end. */
  async peek(): Promise<string> {
    for (;;) {
      while (this.at < this.text.length) {
        const character = this.text[this.at] as string;
        if (!/\s/.test(character)) return character;
        if (character === '\n') this.line += 1;
        this.at += 1;
      }
      if (!(await this.more())) return '';
    }
  }

  async expect(character: string): Promise<void> {
    const found = await this.peek();
    if (found !== character) throw this.problem(`found ${shown(found)} where ${character} should be`);
    this.at += 1;
  }

  /** Behind a value: takes the comma where another follows, and tells what comes next. */
  async afterValue(end: string): Promise<string> {
    if ((await this.peek()) === end) return end;
    await this.expect(',');
    const next = await this.peek();
    if (next === end || next === '') throw this.problem(`found ${shown(next)} after a comma`);
    return next;
  }

  /** The next value whole: its end is found by a scan, then it is parsed. */
  async value(): Promise<unknown> {
    await this.peek();
    const end = await this.endOfValue();
    const source = this.text.slice(this.at, end);
    try {
      const value: unknown = parseExactly(source);
      this.line += source.split('\n').length - 1;
      this.at = end;
      return value;
    } catch (error) {
      throw this.problem(error instanceof Error ? error.message : String(error));
    }
  }

  problem(found: string): ReportsError {
    const { reportType, documentId } = this.document.raw.facts;
    return new ReportsError('DOCUMENT_UNPARSABLE', { reportType, documentId, line: this.line, found });
  }

  private async endOfValue(): Promise<number> {
    let depth = 0;
    let inString = false;
    for (let position = this.at; ; position += 1) {
      while (position >= this.text.length) {
        const dropped = this.at;
        if (!(await this.more())) return this.text.length;
        position -= dropped;
      }
      const code = this.text.charCodeAt(position);
      if (inString) {
        if (code === backslash) position += 1;
        else if (code === quote) {
          inString = false;
          if (depth === 0) return position + 1;
        }
        continue;
      }
      const character = this.text[position] as string;
      if (code === quote) inString = true;
      else if (character === '{' || character === '[') depth += 1;
      else if (character === '}' || character === ']') {
        // A number or word ends before the bracket of what holds it.
        if (depth === 0) return position;
        depth -= 1;
        if (depth === 0) return position + 1;
      } else if (depth === 0 && (character === ',' || character === ':')) return position;
    }
  }

  /** Drops what was read and appends the next chunk; false at the end. */
  private async more(): Promise<boolean> {
    const { value, done } = await this.chunks.next();
    if (done) return false;
    this.text = this.text.slice(this.at) + value;
    this.at = 0;
    return true;
  }
}
