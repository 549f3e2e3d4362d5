import { SaxesParser } from 'saxes';
import { ReportsError } from '../../errors/reports-error.js';
import type { ReadableDocument } from '../../source/types.js';
import { ElementText } from './exact-json.js';
import { joinPath } from './leaves.js';
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
 * Errors: DOCUMENT_UNPARSABLE.
 */
export async function* readXmlObjects(
  document: ReadableDocument,
  paths: ListPaths = noPaths,
): AsyncGenerator<ObjectRow> {
  const parser = new SaxesParser({ xmlns: false });
  const open: Open[] = [];
  let rows: ObjectRow[] = [];
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
    open.push({ name: local, path, role: roleOf(path, parent, paths), element, text: '' });
  });
  const addText = (text: string) => {
    const current = open.at(-1);
    if (current) current.text += text;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const closed = open.pop();
    const parent = open.at(-1);
    if (!closed) return;
    const value = elementValue(closed);
    if (closed.role === 'row') rows.push({ list: closed.path, value });
    else if (parent) put(parent.element, closed.name, value);
    // Values of the root itself are beside its rows.
    else if (value !== null) rows.push({ value });
  });

  for await (const chunk of document.openText()) {
    parser.write(chunk);
    if (failure) break;
    yield* rows;
    rows = [];
  }
  if (!failure && open.length > 0) failure = `it ends within <${open[0]?.name}>`;
  if (!failure) parser.close();
  if (failure) {
    const { reportType, documentId } = document.raw.facts;
    throw new ReportsError('DOCUMENT_UNPARSABLE', {
      reportType,
      documentId,
      line: parser.line,
      found: failure,
    });
  }
  yield* rows;
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
