import { SaxesParser } from 'saxes';
import type { DocumentLimits } from '../../config/documents-spec.js';
import { ReportsError } from '../../errors/reports-error.js';
import { joinPath } from '../../schema/object-path.js';
import type { ReadableDocument } from '../../source/types.js';
import { checkNesting, checkRowLength, checkRowValues } from '../limits.js';
import { ElementText } from './exact-json.js';
import { type ListPaths, noPaths, type ObjectRow } from './object-plan.js';

type Element = Record<string, unknown>;

interface Open {
  name: string;
  /** From below the root, whose own path is empty. */
  path: string;
  role: 'row' | 'within a row' | 'around rows';
  element: Element;
  text: string;
}

/**
 * Streams the rows of an XML document as objects: each child of the root, or the elements that
 * `paths` names. Members are nested elements by their local names, and attributes by theirs with an
 * `@` in front. A repeated element is a list. One row at a time is in memory. A document type with
 * entities of its own is refused, and nothing outside the document is ever read.
 * Errors: DOCUMENT_UNPARSABLE, LimitExceeded.
 */
export async function* readXmlObjects(
  document: ReadableDocument,
  paths: ListPaths = noPaths,
): AsyncGenerator<ObjectRow> {
  const parser = new SaxesParser({ xmlns: false });
  const open: Open[] = [];
  let rows: ObjectRow[] = [];
  const size = new XmlSize(document.limits);
  let failure: string | undefined;

  // Nothing after the first failure is worth reading.
  const fail = (reason: string) => {
    failure ??= reason;
  };
  parser.on('error', ({ message }) => fail(message.replace(/^\d+:\d+: /, '')));
  parser.on('doctype', (text) => {
    if (/<!ENTITY/i.test(text)) fail('it declares entities of its own');
  });
  parser.on('opentag', ({ name, attributes }) => {
    const element: Element = {};
    for (const [key, value] of Object.entries(attributes)) {
      if (isAboutData(key)) put(element, `@${localName(key)}`, value);
    }
    const parent = open.at(-1);
    const local = localName(name);
    const path = parent ? joinPath(parent.path, local) : '';
    const role = roleOf(path, parent, paths);
    open.push({ name: local, path, role, element, text: '' });
    checkNesting(open.length);
    size.token();
    size.element();
    if (role === 'row') size.beginRow();
    if (role === 'around rows') size.beside(JSON.stringify(element).length + name.length);
  });
  const addText = (text: string) => {
    const current = open.at(-1);
    if (!current) return;
    // Line breaks between rows are as many as the rows.
    if (current.role === 'around rows') {
      if (current.text === '' && text.trim() === '') return;
      size.beside(text.length);
    }
    current.text += text;
  };
  parser.on('text', addText);
  parser.on('cdata', (text) => {
    size.token();
    addText(text);
  });
  parser.on('comment', () => size.token());
  parser.on('processinginstruction', () => size.token());
  parser.on('closetag', () => {
    const closed = open.pop();
    const parent = open.at(-1);
    if (!closed) return;
    size.token();
    if (closed.role === 'row') size.endRow();
    const value = elementValue(closed);
    if (closed.role === 'row') rows.push({ list: closed.path, value });
    else if (parent) put(parent.element, closed.name, value);
    // Values of the root itself are beside its rows.
    else if (value !== null) rows.push({ value });
  });

  for await (const chunk of document.openText()) {
    parser.write(chunk);
    size.read(chunk.length);
    if (failure) break;
    yield* rows;
    rows = [];
  }
  if (!failure && open.length > 0) failure = `it ends within <${open[0]?.name}>`;
  if (!failure) parser.close();
  if (failure) {
    const { reportType, documentId } = document.raw.metadata;
    throw new ReportsError('DOCUMENT_UNPARSABLE', {
      reportType,
      documentId,
      line: parser.line,
      found: failure,
    });
  }
  yield* rows;
}

/**
 * How much of a document is in memory: the token that has begun, the row, and what is beside the
 * rows. Tokens and rows are measured in chunks.
 * Errors: LimitExceeded.
 */
class XmlSize {
  private ofToken = 0;
  private ofRow: number | undefined;
  private besideRows = 0;
  private elements = 0;

  constructor(private readonly limits: DocumentLimits) {}

  /** A token ends, and the next begins. */
  token(): void {
    this.ofToken = 0;
  }

  /** An element of the row begins. */
  element(): void {
    this.elements += 1;
    if (this.ofRow !== undefined) checkRowValues(this.elements, this.limits);
  }

  beginRow(): void {
    this.ofRow = 0;
    this.elements = 0;
  }

  endRow(): void {
    this.ofRow = undefined;
  }

  beside(characters: number): void {
    this.besideRows += characters;
    checkRowLength(this.besideRows, 'what is beside its rows', this.limits);
  }

  /** A chunk of the document has been read, with the tokens that end in it. */
  read(characters: number): void {
    this.ofToken += characters;
    checkRowLength(this.ofToken, 'a piece of XML without the end of an element', this.limits);
    if (this.ofRow === undefined) return;
    this.ofRow += characters;
    checkRowLength(this.ofRow, 'a row', this.limits);
  }
}

function roleOf(path: string, parent: Open | undefined, paths: ListPaths): Open['role'] {
  if (parent && parent.role !== 'around rows') return 'within a row';
  if (paths.isRow(path)) return 'row';
  const isTopLevel = parent?.path === '';
  return isTopLevel && !paths.leadsToRows(path) && !paths.isBeside(path) ? 'row' : 'around rows';
}

/** The text alone, or the members. Text beside members is one of them. */
function elementValue({ element, text }: Open): unknown {
  const isBlank = text.trim() === '';
  if (Object.keys(element).length === 0) return isBlank ? null : text;
  if (!isBlank) element[ElementText.key] = new ElementText(text.trim());
  return element;
}

/** Namespaces and schema locations describe how the document is written, not its data. */
function isAboutData(attribute: string): boolean {
  return !/^xmlns(:|$)|^xsi:(noNamespaceS|s)chemaLocation$/.test(attribute);
}

/** A repeated name becomes a list. */
function put(element: Element, name: string, value: unknown): void {
  if (!Object.hasOwn(element, name)) {
    // A plain assignment to this name would set the prototype.
    if (name === '__proto__')
      Object.defineProperty(element, name, { value, enumerable: true, writable: true });
    else element[name] = value;
    return;
  }
  const there = element[name];
  if (Array.isArray(there)) there.push(value);
  else element[name] = [there, value];
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
