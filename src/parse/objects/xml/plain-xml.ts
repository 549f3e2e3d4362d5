import type { XmlRows } from './xml-rows.js';
import type { XmlTokens } from './strict-xml.js';

/** The markup of a document is unusual or wrong: `StrictXml` has to read it. */
export class NotPlainXml extends Error {}

/**
 * Reads the markup that reports have: elements, attributes, comments, character references and the
 * five entities. It searches for the next mark instead of looking at each character, and leaves
 * everything else to `StrictXml`. Errors: NotPlainXml.
 */
export class PlainXml implements XmlTokens {
  readonly failure = undefined;
  readonly line = undefined;
  /** What was read of the token that has begun. */
  private rest = '';
  /** The names of the elements that are not closed, as written. */
  private readonly open: string[] = [];
  private isAtStart = true;
  private hasRoot = false;
  /** Tags that were read before, by what is between their marks. */
  private readonly tags = new Map<string, StartTag>();

  constructor(private readonly rows: XmlRows) {}

  /** Whether a token has been read to its end, and nothing after it. */
  get isBetweenTokens(): boolean {
    return this.rest === '' && !this.isAtStart;
  }

  write(chunk: string): void {
    if (chunk === '') return;
    if (unusual.test(chunk)) throw new NotPlainXml();
    const text = this.rest + chunk;
    let at = this.isAtStart ? this.afterStart(text) : 0;
    while (at >= 0) {
      const mark = text.indexOf('<', at);
      if (mark < 0) break;
      const end = this.tokenEnd(text, mark);
      if (end < 0) break;
      this.content(text.slice(at, mark));
      this.token(text, mark, end);
      at = end;
    }
    this.rest = at < 0 ? text : text.slice(at);
  }

  end(): void {
    if (this.open.length > 0 || !this.hasRoot || this.isAtStart) throw new NotPlainXml();
    this.content(this.rest);
  }

  /** Where the document begins behind its declaration; -1 if not enough was read. */
  private afterStart(text: string): number {
    const from = text.startsWith('\ufeff') ? 1 : 0;
    const isDeclared = text.startsWith('<?xml', from);
    if (isDeclared ? !text.includes('?>') : '<?xml'.startsWith(text.slice(from))) return -1;
    this.isAtStart = false;
    if (!isDeclared) return from;
    declaration.lastIndex = from;
    if (!declaration.test(text)) throw new NotPlainXml();
    return declaration.lastIndex;
  }

  /** The position behind the token that begins here; -1 if it has not ended yet. */
  private tokenEnd(text: string, from: number): number {
    if (text.startsWith('<!--', from)) return behind(text, '-->', from + 4);
    const end = behind(text, '>', from);
    if (end < 0 || text[from + 1] === '/' || this.tags.has(text.slice(from + 1, end - 1))) return end;
    startTag.lastIndex = from;
    if (startTag.test(text)) return startTag.lastIndex;
    if (unfinished.test(text.slice(from + 1))) return -1;
    throw new NotPlainXml();
  }

  private token(text: string, from: number, end: number): void {
    if (text[from + 1] === '!') this.comment(text.slice(from + 4, end - 3));
    else if (text[from + 1] === '/') this.endTag(text.slice(from + 2, end - 1));
    else this.startTag(text.slice(from + 1, end - 1));
  }

  private comment(body: string): void {
    if (body.includes('--') || body.endsWith('-')) throw new NotPlainXml();
    this.rows.token();
  }

  private startTag(text: string): void {
    if (this.open.length === 0 && this.hasRoot) throw new NotPlainXml();
    this.hasRoot = true;
    let tag = this.tags.get(text);
    if (!tag) {
      // A part of a string keeps the whole string in memory.
      const copy = Buffer.from(text).toString();
      tag = readTag(copy);
      if (this.tags.size < maxTags && copy.length < maxTagCharacters) this.tags.set(copy, tag);
    }
    this.rows.openElement(tag.name, tag.attributes);
    if (tag.isEmpty) this.rows.closeElement();
    else this.open.push(tag.name);
  }

  private endTag(tag: string): void {
    const name = this.open.pop();
    if (name === undefined || (name !== tag && name !== tag.replace(/[ \t\n\r]+$/, '')))
      throw new NotPlainXml();
    this.rows.closeElement();
  }

  private content(text: string): void {
    if (text === '') return;
    if (this.open.length === 0) {
      if (/[^ \t\n\r]/.test(text)) throw new NotPlainXml();
      return;
    }
    if (text.includes(']]>')) throw new NotPlainXml();
    const unified = text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
    this.rows.text(decoded(unified));
  }
}

interface StartTag {
  name: string;
  attributes: Map<string, string>;
  isEmpty: boolean;
}

const maxTags = 10_000;
const maxTagCharacters = 100;

/** Reads a tag that has the form of one. */
function readTag(text: string): StartTag {
  const name = /^[^ \t\n\r/]+/.exec(text)?.[0] as string;
  const attributes = new Map<string, string>();
  for (const [, key = '', double, single] of text.slice(name.length).matchAll(attribute)) {
    const value = double ?? single ?? '';
    if (attributes.has(key) || /[\t\n\r]/.test(value)) throw new NotPlainXml();
    attributes.set(key, decoded(value));
  }
  return { name, attributes, isEmpty: text.endsWith('/') };
}

/** Characters that XML does not have. */
const unusual = /[^\P{Cc}\t\n\r\x7f-\x9f]|[\ufffe\uffff\p{Surrogate}]/u;
const declaration =
  /<\?xml[ \t\n\r]+version=(?:"1\.0"|'1\.0')(?:[ \t\n\r]+encoding=(?:"[A-Za-z][\w.-]*"|'[A-Za-z][\w.-]*'))?(?:[ \t\n\r]+standalone=(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\n\r]*\?>/y;
const startTag =
  /<[A-Za-z_][\w.:-]*(?:[ \t\n\r]+[A-Za-z_][\w.:-]*[ \t\n\r]*=[ \t\n\r]*(?:"[^"<]*"|'[^'<]*'))*[ \t\n\r]*\/?>/y;
const attribute = /([A-Za-z_][\w.:-]*)[ \t\n\r]*=[ \t\n\r]*(?:"([^"]*)"|'([^']*)')/g;
/** What is behind the beginning of a tag whose end was not read; a value may have its mark. */
const unfinished = /^[^"'<>]*(?:"[^"<]*"[^"'<>]*|'[^'<]*'[^"'<>]*)*(?:"[^"<]*|'[^'<]*)?$/;
const references = /&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([\da-fA-F]{1,6}));|&/g;
const entities = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function behind(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at < 0 ? -1 : at + mark.length;
}

function decoded(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(references, (_, name?: keyof typeof entities, decimal?: string, hex?: string) => {
    if (name) return entities[name];
    const code = decimal ? Number(decimal) : Number.parseInt(hex ?? '', 16);
    if (!isCharacter(code)) throw new NotPlainXml();
    return String.fromCodePoint(code);
  });
}

function isCharacter(code: number): boolean {
  if (code < 0x20) return code === 0x09 || code === 0x0a || code === 0x0d;
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);
}
