import { ReportsError } from '../../errors/reports-error.js';
import type { RawDocument, ReadableDocument } from '../../source/types.js';
import { checkNesting, checkRowLength, checkRowValues } from '../limits.js';
import { isJsonBlank, JsonSyntaxError, parseExactly, shownCharacter } from './exact-json.js';
import { JsonFindings } from './json-findings.js';
import { afterValue, type JsonSource, walkJson } from './json-walk.js';
import { type ListPaths, noPaths, type ObjectRow } from './object-plan.js';

const lineFeed = 0x0a;
const quote = 0x22;
const backslash = 0x5c;

/** What is read of a JSON document; an error names it. */
interface JsonDocument extends Pick<ReadableDocument, 'openText' | 'limits'> {
  raw: Pick<RawDocument, 'metadata'>;
}

/**
 * Streams the objects of a JSON document, as `walkJson` finds them. One object at a time is in
 * memory. `findings` and `beside` are filled on the way.
 * Errors: DOCUMENT_UNPARSABLE, LimitExceeded.
 */
export function readJsonObjects(
  document: JsonDocument,
  paths: ListPaths = noPaths,
  findings = new JsonFindings(),
  beside?: Record<string, unknown>,
): AsyncGenerator<ObjectRow> {
  return walkJson(new TextReader(document, findings), paths, beside);
}

/** Reads values from a text that comes in chunks. */
class TextReader implements JsonSource<unknown> {
  private readonly chunks: AsyncIterator<string>;
  private text = '';
  private at = 0;
  private line = 1;
  /** Characters of names and of values beside the rows. */
  private besideCharacters = 0;

  constructor(
    private readonly document: JsonDocument,
    private readonly findings: JsonFindings,
  ) {
    this.chunks = document.openText()[Symbol.asyncIterator]();
  }

  async peek(): Promise<string> {
    for (;;) {
      while (this.at < this.text.length) {
        const code = this.text.charCodeAt(this.at);
        if (!isJsonBlank(code)) return String.fromCharCode(code);
        if (code === lineFeed) this.line += 1;
        this.at += 1;
      }
      if (!(await this.more())) return '';
    }
  }

  async expect(character: string): Promise<void> {
    const found = await this.peek();
    if (found !== character)
      throw this.problem(`found ${shownCharacter(found)} where ${character} should be`);
    this.at += 1;
  }

  async value(path = ''): Promise<unknown> {
    const { value, characters } = await this.wholeValue(path);
    this.besideCharacters += characters;
    checkRowLength(this.besideCharacters, 'what is beside its rows', this.document.limits);
    return value;
  }

  /** The next value as a whole: a scan finds its end, then it is parsed. */
  private async wholeValue(path: string): Promise<{ value: unknown; characters: number }> {
    await this.peek();
    const end = await this.endOfValue();
    const source = this.text.slice(this.at, end);
    try {
      const value: unknown = parseExactly(source, this.findings, path);
      this.line += lineFeeds(source);
      this.at = end;
      return { value, characters: source.trimEnd().length };
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
      this.line += lineFeeds(source.slice(0, error.at));
      throw this.problem(error.message);
    }
  }

  async *item(list: string): AsyncGenerator<unknown> {
    yield (await this.wholeValue(list)).value;
  }

  async *items(list: string): AsyncGenerator<unknown> {
    let next = await this.peek();
    while (next !== ']') {
      yield (await this.wholeValue(list)).value;
      next = await afterValue(this, ']');
    }
  }

  nameAgain(path: string): void {
    this.findings.addName(path);
  }

  problem(found: string): ReportsError {
    const { reportType, documentId } = this.document.raw.metadata;
    return new ReportsError('DOCUMENT_UNPARSABLE', { reportType, documentId, line: this.line, found });
  }

  async close(): Promise<void> {
    await this.chunks.return?.();
  }

  private async endOfValue(): Promise<number> {
    let depth = 0;
    let values = 0;
    let inString = false;
    for (let position = this.at; ; position += 1) {
      while (position >= this.text.length) {
        const dropped = this.at;
        checkRowLength(position - this.at, 'a JSON value', this.document.limits);
        if (!(await this.more())) return this.text.length;
        position -= dropped;
      }
      const code = this.text.charCodeAt(position);
      if (inString) {
        if (code === backslash) position += 1;
        else if (code === quote) {
          inString = false;
          if (depth === 0) return this.checkedEnd(position + 1);
        }
        continue;
      }
      const character = this.text[position] as string;
      if (code === quote) inString = true;
      else if (character === '{' || character === '[') {
        depth += 1;
        checkNesting(depth);
      } else if (character === '}' || character === ']') {
        // A number or word ends before the closing bracket around it.
        if (depth === 0) return position;
        depth -= 1;
        if (depth === 0) return this.checkedEnd(position + 1);
      } else if (character === ',' || character === ':') {
        if (depth === 0) return position;
        if (character === ',') values += 1;
        checkRowValues(values, this.document.limits);
      }
    }
  }

  private checkedEnd(end: number): number {
    checkRowLength(end - this.at, 'a JSON value', this.document.limits);
    return end;
  }

  /** Drops what was read and appends the next chunk. Returns false at the end. */
  private async more(): Promise<boolean> {
    const { value, done } = await this.chunks.next();
    if (done) return false;
    this.text = this.text.slice(this.at) + value;
    this.at = 0;
    return true;
  }
}

function lineFeeds(text: string): number {
  return text.split('\n').length - 1;
}
