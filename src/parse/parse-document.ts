import { ReportsError } from '../errors.js';
import type { ReportSchema } from '../schema/types.js';
import type { ExaminedDocument } from '../source/types.js';
import { type Assumption, parseColumnar } from './columnar/parse-columnar.js';
import { NotColumnar } from './columnar/rows.js';
import { parseDelimited } from './delimited.js';
import { readJsonObjects } from './json.js';
import { parseObjects } from './objects.js';
import type { Engine, ParsedDocument } from './types.js';
import { readXmlObjects } from './xml.js';

/** So much of the text is looked at to tell what it is and to find its header. */
const headCharacters = 256 * 1024;

/**
 * Parses a document by its report schema; without one, by what its text looks like, columns inferred.
 * The tables and their columns are known at once; the rows are pulled from `batches`.
 * Errors: HEADER_NOT_FOUND, DOCUMENT_UNPARSABLE, FORMAT_UNSUPPORTED; in the columnar engine also
 * WrongAssumption and NotColumnar, from here or from `batches`.
 */
export async function parseDocument({
  document,
  schema,
  engine,
  known,
  batchRows = engine === 'columnar' ? 16_384 : 4096,
}: {
  document: ExaminedDocument;
  schema?: ReportSchema;
  engine: Engine;
  /** What an earlier try found out by WrongAssumption, or that the document is not for the columnar parser. */
  known?: Assumption | NotColumnar;
  /** Rows that the reference parser makes into one batch. */
  batchRows?: number;
}): Promise<ParsedDocument> {
  if (schema?.format === 'raw') return withoutRows();
  const head = await readHead(document.openText());
  if (head.trim() === '') return withoutRows();
  const format = formatOf(head);
  const { reportType, documentId } = document.raw.facts;
  if (format === 'delimited') {
    if (engine === 'columnar' && !(known instanceof NotColumnar)) {
      return parseColumnar(document, schema, head, known);
    }
    const parsed = await parseDelimited(document, schema, head, batchRows);
    return known instanceof NotColumnar
      ? { ...parsed, notes: [...parsed.notes, `read by the reference parser: ${known.message}`] }
      : parsed;
  }
  // A type whose documents are delimited sends JSON or XML only to say that something went wrong.
  if (schema === undefined || schema.format === 'json' || schema.format === 'xml') {
    if (format === 'JSON') return parseObjects(reportType, () => readJsonObjects(document), batchRows);
    if (format === 'XML') return parseObjects(reportType, () => readXmlObjects(document), batchRows);
  }
  throw new ReportsError('FORMAT_UNSUPPORTED', {
    reportType,
    documentId,
    found: `${format} (it begins ${JSON.stringify(head.trim().slice(0, 120))})`,
  });
}

/** What a text is, by its beginning. */
function formatOf(head: string): 'delimited' | 'JSON' | 'XML' | 'a binary file' {
  const start = head.trimStart();
  if (/^[{[]\s*["{[\]}]/.test(start)) return 'JSON';
  if (/^<(\?xml|!DOCTYPE|!--|[A-Za-z][\w:.-]*[\s/>])/.test(start)) return 'XML';
  if (start.startsWith('%PDF-') || start.startsWith('PK\u0003\u0004')) return 'a binary file';
  const mostControls = 0.1;
  const sample = start.slice(0, 1000);
  const controls = [...sample].filter(
    (character) => character < ' ' && !'\t\n\r\f'.includes(character),
  ).length;
  return controls > sample.length * mostControls ? 'a binary file' : 'delimited';
}

async function readHead(text: AsyncIterable<string>): Promise<string> {
  let head = '';
  for await (const chunk of text) {
    head += chunk;
    if (head.length >= headCharacters) break;
  }
  return head;
}

/** Nothing at all says nothing about the data; only a document with a header may clear a snapshot. */
function withoutRows(): ParsedDocument {
  return {
    dialect: { decimalMark: '.', dateOrder: 'mdy', preambleLines: 0 },
    tables: [],
    notes: [],
    batches: (async function* () {})(),
  };
}
