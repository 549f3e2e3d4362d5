import { ReportsError } from '../errors/reports-error.js';
import type { ReportSchema } from '../schema/types.js';
import type { DocumentFacts, ReadableDocument } from '../source/types.js';
import { parseColumnar } from './columnar/delimited/parse-delimited.js';
import { parseJson } from './columnar/json/parse-json.js';
import { parseDelimited } from './delimited/delimited.js';
import { type DocumentStream, documentStream, type StreamEnd, withResult } from './document-stream.js';
import { documentError, headCharacters } from './limits.js';
import { readJsonObjects } from './objects/json.js';
import type { ListPaths } from './objects/object-plan.js';
import { type ObjectDecision, oneByOne, parseObjects } from './objects/objects.js';
import { readXmlObjects } from './objects/xml.js';
import type { ParseHint } from './parse-hint.js';
import type { Dialect, Engine, ParsedBatch } from './types.js';
import type { EarlierDecisions } from './values/decide-rules.js';
import { readWorkbook } from './workbook/workbook.js';

/** How the rows of a document are read. */
interface ParseOptions {
  engine: Engine;
  hint: ParseHint | undefined;
  batchRows: number;
  beginningBytes: number;
  earlier: EarlierDecisions;
}

/**
 * Parses a document by its report schema; without one, by what its text looks like, with inferred
 * columns. A workbook is recognized by its bytes. The tables and their columns are known when this
 * returns; the rows are pulled from `batches`.
 * Errors: HEADER_NOT_FOUND, HEADER_UNKNOWN, KEY_COLUMN_MISSING, DOCUMENT_UNPARSABLE, NOT_A_REPORT,
 * FORMAT_UNSUPPORTED; those of the limits on documents, from here or from `batches`; in the
 * columnar engine also ReadAgain<ParseHint>, from here or from `batches`.
 */
export async function parseDocument(request: ParseRequest): Promise<DocumentStream> {
  const { facts } = request.document.raw;
  try {
    const stream = await parse(request);
    return { ...stream, batches: withinLimits(stream.batches, facts) };
  } catch (error) {
    throw documentError(error, facts);
  }
}

interface ParseRequest {
  document: ReadableDocument;
  schema?: ReportSchema;
  engine: Engine;
  /** What the last attempt to read the same document found out. */
  hint?: ParseHint;
  /** Rows of one batch of the reference parser. */
  batchRows?: number;
  /** Bytes of a JSON document from which the columnar parser assumes what the rest is like. */
  beginningBytes?: number;
  /** Called only if the document and its report leave a decision open. */
  earlier?: EarlierDecisions;
}

async function* withinLimits(
  batches: AsyncIterable<ParsedBatch>,
  facts: DocumentFacts,
): AsyncGenerator<ParsedBatch> {
  try {
    yield* batches;
  } catch (error) {
    throw documentError(error, facts);
  }
}

async function parse({
  document,
  schema,
  engine,
  hint,
  batchRows = engine === 'columnar' ? 16_384 : 4096,
  beginningBytes = 1024 * 1024,
  earlier = async () => [],
}: ParseRequest): Promise<DocumentStream> {
  if (schema?.format === 'raw') return emptyStream();
  const options = { engine, hint, batchRows, beginningBytes, earlier };
  if (document.charset === 'binary') return parseWorkbook(document, schema, options);
  const head = await readHead(document.openText());
  if (head.trim() === '') return emptyStream();
  const format = formatOf(head);
  const { reportType, documentId } = document.raw.facts;
  if (format === 'delimited') return parseDelimitedByEngine(document, schema, head, options);
  const beginning = JSON.stringify(head.trim().slice(0, 200));
  // If a type's documents have another format, JSON or XML only says that something went wrong.
  const isMessage =
    format === 'HTML' ||
    /^\s*\{\s*"errorDetails"/.test(head) ||
    (schema !== undefined && schema.format !== format.toLowerCase());
  if (format !== 'a binary file' && isMessage) {
    throw new ReportsError('NOT_A_REPORT', { reportType, documentId, found: beginning });
  }
  if (format === 'JSON') return parseJsonByEngine(document, schema, options);
  if (format === 'XML') {
    const openXml = (paths: ListPaths) => readXmlObjects(document, paths);
    return parseObjects(document, schema, oneByOne(openXml, batchRows), objectDecision(options));
  }
  throw new ReportsError('FORMAT_UNSUPPORTED', {
    reportType,
    documentId,
    found: `${format} (it begins ${beginning})`,
  });
}

/**
 * The format that the beginning of a document shows; undefined for a text that cannot be parsed,
 * such as HTML.
 */
export async function formatOfDocument(
  document: ReadableDocument,
): Promise<'delimited' | 'xlsx' | 'json' | 'xml' | undefined> {
  if (document.charset === 'binary') return 'xlsx';
  const format = formatOf(await readHead(document.openText()));
  if (format === 'JSON' || format === 'XML') return format === 'JSON' ? 'json' : 'xml';
  return format === 'delimited' ? format : undefined;
}

async function parseDelimitedByEngine(
  document: ReadableDocument,
  schema: ReportSchema | undefined,
  head: string,
  { engine, hint, batchRows, earlier }: ParseOptions,
): Promise<DocumentStream> {
  if (engine === 'columnar' && hint?.kind !== 'reference-parser') {
    const known = hint?.kind === 'assumption' ? hint.assumption : undefined;
    return parseColumnar(document, schema, head, { known, earlier });
  }
  return withReason(await parseDelimited(document, schema, head, { batchRows, earlier }), hint);
}

async function parseJsonByEngine(
  document: ReadableDocument,
  schema: ReportSchema | undefined,
  options: ParseOptions,
): Promise<DocumentStream> {
  const { engine, hint, batchRows, beginningBytes } = options;
  const decision = objectDecision(options);
  if (engine === 'columnar' && referenceReason(hint) === undefined) {
    // Rules were decided after a survey, or by what one would have found.
    const wholeSurvey = hint?.kind === 'whole-survey' || hint?.kind === 'object-rules';
    return parseJson(document, schema, { wholeSurvey, beginningBytes, decision });
  }
  const openJson = (paths: ListPaths) => readJsonObjects(document, paths);
  const reading = { ...oneByOne(openJson, batchRows), engine: 'reference' as const };
  return withReason(await parseObjects(document, schema, reading, decision), hint);
}

function objectDecision({ hint, earlier }: ParseOptions): ObjectDecision {
  const decided = hint?.kind === 'object-rules' ? hint.decided : undefined;
  return { earlier, decided, referenceReason: referenceReason(hint) };
}

function referenceReason(hint: ParseHint | undefined): string | undefined {
  if (hint?.kind === 'object-rules') return hint.referenceReason;
  return hint?.kind === 'reference-parser' ? hint.reason : undefined;
}

/** Notes why the columnar parser did not read a document. */
function withReason(stream: DocumentStream, hint: ParseHint | undefined): DocumentStream {
  const reason = referenceReason(hint);
  if (reason === undefined) return stream;
  const note = `read by the reference parser: ${reason}`;
  return withResult(stream, (parsed) => ({ ...parsed, notes: [...parsed.notes, note] }));
}

/** Parses the first sheet of a workbook as delimited text, whatever format the schema declares. */
async function parseWorkbook(
  document: ReadableDocument,
  schema: ReportSchema | undefined,
  options: ParseOptions,
): Promise<DocumentStream> {
  const sheet = await readWorkbook(document);
  const head = await readHead(sheet.document.openText());
  if (head.trim() === '') return emptyStream(sheet.notes);
  const { reportType } = document.raw.facts;
  const unknown = { reportType, description: '', restricted: false, tables: [], file: '' };
  const asText: ReportSchema = { ...(schema ?? unknown), format: 'tsv', quoting: 'csv' };
  const stream = await parseDelimitedByEngine(sheet.document, asText, head, options);
  const { delimiter: _, quoting: __, ...dialect } = stream.dialect;
  return withResult({ ...stream, dialect }, (parsed) => ({
    ...parsed,
    dialect,
    notes: [...sheet.notes, ...parsed.notes],
    // The sheet was written as delimited text by this program.
    decisions: parsed.decisions?.filter(({ subject }) => subject !== 'delimiter' && subject !== 'quoting'),
  }));
}

/** The format of a text, by its beginning. */
function formatOf(head: string): 'delimited' | 'JSON' | 'XML' | 'HTML' | 'a binary file' {
  const start = head.trimStart();
  if (/^\{\s*["}]|^\[\s*(?:["{[\]]|-?\d|true\b|false\b|null\b)/.test(start)) return 'JSON';
  if (/^<(!doctype\s+html|html)\b/i.test(start)) return 'HTML';
  if (/^<(\?xml|!DOCTYPE|!--|[A-Za-z][\w:.-]*[\s/>])/.test(start)) return 'XML';
  if (binaryBeginnings.some((beginning) => start.startsWith(beginning))) return 'a binary file';
  const maxControlShare = 0.03;
  const sample = [...start.slice(0, 4000)];
  const controls = sample.filter(isControl).length;
  return controls > sample.length * maxControlShare ? 'a binary file' : 'delimited';
}

/** PDF, a zip archive that is no workbook, and PNG. */
const binaryBeginnings = ['%PDF-', 'PK\u0003\u0004', '\u2030PNG\r\n', '\ufffdPNG\r\n'];

/** Characters that no text has, or that only appear when it is read in the wrong charset. */
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

const noDialect: Dialect = { decimalMark: '.', dateOrder: 'mdy', preambleLines: 0 };

/**
 * A document without tables. An empty text says nothing about the data: only a document with a
 * header may clear a snapshot.
 */
function emptyStream(notes: string[] = []): DocumentStream {
  async function* noBatches(): AsyncGenerator<ParsedBatch, StreamEnd> {
    yield* [];
    return { notes };
  }
  return documentStream({ dialect: noDialect, tables: [] }, noBatches());
}
