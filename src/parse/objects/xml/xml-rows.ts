import type { DocumentLimits } from '../../../config/documents-spec.js';
import { joinPath } from '../../../schema/object-path.js';
import { checkNesting, checkRowLength, checkRowValues } from '../../limits.js';
import { ElementText } from '../exact-json.js';
import type { ListPaths, ObjectRow } from '../object-plan.js';

type Element = Record<string, unknown>;

interface Open {
  name: string;
  /** From below the root, whose own path is empty; left out within a row. */
  path: string;
  role: 'row' | 'within a row' | 'around rows';
  element: Element;
  text: string;
}

/**
 * Makes rows of the tokens of an XML document: of each child of the root, or of the elements that
 * `paths` names. Members are nested elements by their local names, and attributes by theirs with an
 * `@` in front. A repeated element is a list. Errors: LimitExceeded.
 */
export class XmlRows {
  private readonly open: Open[] = [];
  private readonly size: XmlSize;
  private rows: ObjectRow[] = [];

  constructor(
    limits: DocumentLimits,
    private readonly paths: ListPaths,
  ) {
    this.size = new XmlSize(limits);
  }

  /** The name of the outermost element that is not closed. */
  get begun(): string | undefined {
    return this.open[0]?.name;
  }

  /** Elements that are not closed. */
  get levels(): number {
    return this.open.length;
  }

  /** Whether the innermost element that is not closed has text, besides blanks, so far. */
  get hasText(): boolean {
    return this.open.at(-1)?.text !== '';
  }

  /** The list of the element of this name, if it begins now and is a row inside another element. */
  listOf(name: string): string | undefined {
    const parent = this.open.at(-1);
    if (parent?.role !== 'around rows') return undefined;
    const path = joinPath(parent.path, localName(name));
    return roleOf(path, parent, this.paths) === 'row' ? path : undefined;
  }

  /** The rows that are complete, once. */
  take(): ObjectRow[] {
    const { rows } = this;
    this.rows = [];
    return rows;
  }

  openElement(name: string, attributes: Iterable<[name: string, value: string]>): void {
    const { open, size } = this;
    const element: Element = {};
    for (const [key, value] of attributes) {
      if (isAboutData(key)) put(element, `@${localName(key)}`, value);
    }
    const parent = open.at(-1);
    const local = localName(name);
    const isWithin = parent !== undefined && parent.role !== 'around rows';
    const path = !parent || isWithin ? '' : joinPath(parent.path, local);
    const role = isWithin ? 'within a row' : roleOf(path, parent, this.paths);
    open.push({ name: local, path, role, element, text: '' });
    checkNesting(open.length);
    size.token();
    size.element();
    if (role === 'row') size.beginRow();
    if (role === 'around rows') size.beside(JSON.stringify(element).length + name.length);
  }

  text(text: string): void {
    const current = this.open.at(-1);
    if (!current) return;
    // Line breaks between rows are as many as the rows.
    if (current.role === 'around rows') {
      if (current.text === '' && text.trim() === '') return;
      this.size.beside(text.length);
    }
    current.text += text;
  }

  /** Any other token ends: a comment, a processing instruction, or a section before its text. */
  token(): void {
    this.size.token();
  }

  closeElement(): void {
    const { open, size } = this;
    const closed = open.pop();
    const parent = open.at(-1);
    if (!closed) return;
    size.token();
    if (closed.role === 'row') size.endRow();
    const value = elementValue(closed);
    if (closed.role === 'row') this.rows.push({ list: closed.path, value });
    else if (parent) put(parent.element, closed.name, value);
    // Values of the root itself are beside its rows.
    else if (value !== null) this.rows.push({ value });
  }

  /** A chunk of the document has been read, with the tokens that end in it. */
  read(characters: number): void {
    this.size.read(characters);
  }
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
