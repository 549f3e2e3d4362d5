import sax from 'sax';
import { ReportsError } from '../errors.js';
import type { ExaminedDocument } from '../source/types.js';
import type { ObjectRow } from './json.js';

type Element = Record<string, unknown>;

interface Open {
  name: string;
  element: Element;
  text: string;
}

/**
 * Streams the rows of an XML document as objects: each child of the root is one. Attributes and nested elements are members by their local
 * names; an element that repeats is a list. One row is held in memory. A document type with entities of its own is refused, and nothing
 * outside the document is ever read.
 * Errors: DOCUMENT_UNPARSABLE.
 */
export async function* readXmlObjects(document: ExaminedDocument): AsyncGenerator<ObjectRow> {
  const parser = sax.parser(true, { xmlns: false, trim: false });
  const open: Open[] = [];
  let rows: ObjectRow[] = [];
  let failure: string | undefined;

  parser.onerror = (error) => {
    failure ??= error.message.split('\n')[0] ?? 'not well-formed';
  };
  parser.ondoctype = (text) => {
    if (/<!ENTITY/i.test(text)) failure ??= 'it declares entities of its own';
  };
  parser.onopentag = ({ name, attributes }) => {
    // Without a prototype, as an element may be named `__proto__`.
    const element: Element = Object.create(null);
    for (const [key, value] of Object.entries(attributes)) {
      if (!/^xmlns(:|$)/.test(key)) put(element, localName(key), value);
    }
    open.push({ name: localName(name), element, text: '' });
  };
  const addText = (text: string) => {
    const current = open.at(-1);
    if (current) current.text += text;
  };
  parser.ontext = addText;
  parser.oncdata = addText;
  parser.onclosetag = () => {
    const closed = open.pop();
    const parent = open.at(-1);
    if (!closed) return;
    const value = elementValue(closed);
    if (!parent) {
      // What the root itself says stands beside its rows.
      if (value !== null) rows.push({ value: typeof value === 'object' ? value : { value } });
      return;
    }
    if (open.length === 1)
      rows.push({ list: closed.name, value: typeof value === 'object' ? value : { value } });
    else put(parent.element, closed.name, value);
  };

  for await (const chunk of document.openText()) {
    parser.write(chunk);
    if (failure) break;
    yield* rows;
    rows = [];
  }
  if (!failure) parser.close();
  if (!failure && open.length > 0) failure = `it ends within <${open[0]?.name}>`;
  if (failure) {
    const { reportType, documentId } = document.raw.facts;
    throw new ReportsError('DOCUMENT_UNPARSABLE', {
      reportType,
      documentId,
      line: parser.line + 1,
      found: failure,
    });
  }
  yield* rows;
}

/** Text alone, or the members; text beside members stands under `text`. */
function elementValue({ element, text }: Open): unknown {
  if (Object.keys(element).length === 0) return text.trim() === '' ? null : text;
  if (text.trim() !== '') put(element, 'text', text.trim());
  return element;
}

/** A name that repeats becomes a list. */
function put(element: Element, name: string, value: unknown): void {
  if (!Object.hasOwn(element, name)) element[name] = value;
  else if (Array.isArray(element[name])) element[name].push(value);
  else element[name] = [element[name], value];
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
