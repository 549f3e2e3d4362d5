import { ReportsError } from '../errors/reports-error.js';
import type { ReportSchema } from '../schema/types.js';
import type { ExaminedDocument } from '../source/types.js';
import { parseColumnar } from './columnar/delimited/parse-delimited.js';
import { parseJson } from './columnar/json/parse-json.js';
import { NotColumnar } from './columnar/rows.js';
import type { Known } from './columnar/wrong-assumption.js';
import { parseDelimited } from './delimited/delimited.js';
import { readJsonObjects } from './objects/json.js';
import type { ListPaths } from './objects/object-plan.js';
import { oneByOne, parseObjects } from './objects/objects.js';
import type { Engine, ParsedDocument } from './types.js';
import { readWorkbook } from './workbook/workbook.js';
import { readXmlObjects } from './objects/xml.js';

/** So much of the text is looked at to tell what it is and to find its header. */
const headCharacters = 256 * 1024;

/**
 * Parses a document by its report schema; without one, by what its text looks like, columns inferred. A workbook is told by its bytes.
 * The tables and their columns are known at once; the rows are pulled from `batches`.
 * Errors: HEADER_NOT_FOUND, HEADER_UNKNOWN, KEY_COLUMN_MISSING, DOCUMENT_UNPARSABLE, NOT_A_REPORT, FORMAT_UNSUPPORTED; in the columnar engine also
 * WrongAssumption and NotColumnar, from here or from `batches`.
 */
export async function parseDocument({
  document,
  schema,
  engine,
  known,
  batchRows = engine === 'columnar' ? 16_384 : 4096,
  beginningBytes = 1024 * 1024,
}: {
  document: ExaminedDocument;
  schema?: ReportSchema;
  engine: Engine;
  /** By WrongAssumption or NotColumnar. */
  known?: Known;
  /** Rows that the reference parser makes into one batch. */
  batchRows?: number;
  /** Bytes of a JSON document by which the columnar parser assumes what the rest is like. */
  beginningBytes?: number;
}): Promise<ParsedDocument> {
  if (schema?.format === 'raw') return withoutRows();
  const reading = { engine, known, batchRows, beginningBytes };
  if (document.charset === 'binary') return parseWorkbook(document, schema, reading);
  const head = await readHead(document.openText());
  if (head.trim() === '') return withoutRows();
  const format = formatOf(head);
  const { reportType, documentId } = document.raw.facts;
  if (format === 'delimited') return parseByEngine(document, schema, head, reading);
  const beginning = JSON.stringify(head.trim().slice(0, 200));
  // A type whose documents are of another format sends JSON or XML only to say that something went wrong.
  const isMessage =
    format === 'HTML' ||
    /^\s*\{\s*"errorDetails"/.test(head) ||
    (schema !== undefined && schema.format !== format.toLowerCase());
  if (format !== 'a binary file' && isMessage) {
    throw new ReportsError('NOT_A_REPORT', { reportType, documentId, found: beginning });
  }
  if (format === 'JSON') return parseJsonByEngine(document, schema, reading);
  if (format === 'XML') {
    const openXml = (paths: ListPaths) => readXmlObjects(document, paths);
    return parseObjects(document, schema, oneByOne(openXml, batchRows));
  }
  throw new ReportsError('FORMAT_UNSUPPORTED', {
    reportType,
    documentId,
    found: `${format} (it begins ${beginning})`,
  });
}

/** The format of a document as its beginning shows it; undefined for a text that can't be parsed, HTML say. */
export async function formatOfDocument(
  document: ExaminedDocument,
): Promise<'delimited' | 'xlsx' | 'json' | 'xml' | undefined> {
  if (document.charset === 'binary') return 'xlsx';
  const format = formatOf(await readHead(document.openText()));
  if (format === 'JSON' || format === 'XML') return format === 'JSON' ? 'json' : 'xml';
  return format === 'delimited' ? format : undefined;
}

interface Reading {
  engine: Engine;
  known: Known | undefined;
  batchRows: number;
  beginningBytes: number;
}

async function parseByEngine(
  document: ExaminedDocument,
  schema: ReportSchema | undefined,
  head: string,
  { engine, known, batchRows }: Reading,
): Promise<ParsedDocument> {
  if (engine === 'columnar' && !(known instanceof NotColumnar)) {
    return parseColumnar(document, schema, head, known === 'whole survey' ? undefined : known);
  }
  return withReason(await parseDelimited(document, schema, head, batchRows), known);
}

async function parseJsonByEngine(
  document: ExaminedDocument,
  schema: ReportSchema | undefined,
  { engine, known, batchRows, beginningBytes }: Reading,
): Promise<ParsedDocument> {
  if (engine === 'columnar' && !(known instanceof NotColumnar)) {
    return parseJson(document, schema, {
      known: known === 'whole survey' ? known : undefined,
      beginningBytes,
    });
  }
  const openJson = (paths: ListPaths) => readJsonObjects(document, paths);
  return withReason(await parseObjects(document, schema, oneByOne(openJson, batchRows)), known);
}

/** Tells why a document was not read by the columnar parser. */
function withReason(parsed: ParsedDocument, known: Reading['known']): ParsedDocument {
  return known instanceof NotColumnar
    ? { ...parsed, notes: [...parsed.notes, `read by the reference parser: ${known.message}`] }
    : parsed;
}

/** Parses the first sheet of a workbook as the delimited text it is turned into, whatever format the schema says. */
async function parseWorkbook(
  document: ExaminedDocument,
  schema: ReportSchema | undefined,
  reading: Reading,
): Promise<ParsedDocument> {
  const sheet = await readWorkbook(document);
  const head = await readHead(sheet.document.openText());
  if (head.trim() === '') return withoutRows(sheet.notes);
  const { reportType } = document.raw.facts;
  const unknown = { reportType, description: '', restricted: false, tables: [], file: '' };
  const asText: ReportSchema = { ...(schema ?? unknown), format: 'tsv', quoting: 'csv' };
  const parsed = await parseByEngine(sheet.document, asText, head, reading);
  parsed.notes.unshift(...sheet.notes);
  const { delimiter: _, quoting: __, ...dialect } = parsed.dialect;
  return { ...parsed, dialect };
}

/** What a text is, by its beginning. */
function formatOf(head: string): 'delimited' | 'JSON' | 'XML' | 'HTML' | 'a binary file' {
  const start = head.trimStart();
  if (/^\{\s*["}]|^\[\s*(?:["{[\]]|-?\d|true\b|false\b|null\b)/.test(start)) return 'JSON';
  if (/^<(!doctype\s+html|html)\b/i.test(start)) return 'HTML';
  if (/^<(\?xml|!DOCTYPE|!--|[A-Za-z][\w:.-]*[\s/>])/.test(start)) return 'XML';
  if (binaryBeginnings.some((beginning) => start.startsWith(beginning))) return 'a binary file';
  const mostControls = 0.03;
  const sample = [...start.slice(0, 4000)];
  const controls = sample.filter(isControl).length;
  return controls > sample.length * mostControls ? 'a binary file' : 'delimited';
}

/** PDF, a zip archive that is no workbook by its charset, PNG. */
const binaryBeginnings = ['%PDF-', 'PK\u0003\u0004', '\u2030PNG\r\n', '\ufffdPNG\r\n'];

/** What no text has, or has only where it is none in this charset. */
function isControl(character: string): boolean {
  const code = character.codePointAt(0) as number;
  return (code < 0x20 && !'\t\n\r\f'.includes(character)) || (code >= 0x7f && code < 0xa0) || code === 0xfffd;
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
function withoutRows(notes: string[] = []): ParsedDocument {
  return {
    dialect: { decimalMark: '.', dateOrder: 'mdy', preambleLines: 0 },
    tables: [],
    notes,
    batches: (async function* () {})(),
  };
}
