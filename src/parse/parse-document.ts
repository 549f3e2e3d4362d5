import { ReportsError } from '../errors/reports-error.js';
import type { ReportSchema } from '../schema/types.js';
import type { DocumentFacts, ReadableDocument } from '../source/types.js';
import { parseColumnar } from './columnar/delimited/parse-delimited.js';
import { parseJson } from './columnar/json/parse-json.js';
import { parseDelimited } from './delimited/delimited.js';
import { type DocumentStream, documentStream, type StreamEnd, withResult } from './document-stream.js';
import { messageIn, notAReport } from './layout/message.js';
import { formatOfText } from './layout/text-format.js';
import { documentError, headCharacters } from './limits.js';
import { JsonFindings } from './objects/json-findings.js';
import { readJsonObjects } from './objects/json.js';
import type { ListPaths } from './objects/object-plan.js';
import { oneByOne, parseObjects } from './objects/objects.js';
import { readXmlObjects } from './objects/xml.js';
import type { ParseHint } from './parse-hint.js';
import type { Dialect, Engine, ParsedBatch } from './types.js';
import { readWorkbook } from './workbook/workbook.js';

/** How the rows of a document are read. */
interface ParseOptions {
  engine: Engine;
  hint: ParseHint | undefined;
  batchRows: number;
  beginningBytes: number;
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
}: ParseRequest): Promise<DocumentStream> {
  if (schema?.format === 'raw') return emptyStream();
  const options = { engine, hint, batchRows, beginningBytes };
  if (document.charset === 'binary') return parseWorkbook(document, schema, options);
  const head = await readHead(document.openText());
  if (head.trim() === '') return emptyStream();
  const format = formatOfText(head);
  const { facts } = document.raw;
  const message = messageIn(head, format, schema);
  if (message !== undefined) throw notAReport(facts, message);
  if (format === 'delimited') return parseDelimitedByEngine(document, schema, head, options);
  // If a type's documents have another format, JSON or XML only says that something went wrong.
  const isOther = schema !== undefined && schema.format !== format.toLowerCase();
  if (format !== 'a binary file' && isOther) throw notAReport(facts, head);
  if (format === 'JSON') return parseJsonByEngine(document, schema, options);
  if (format === 'XML') {
    const openXml = (paths: ListPaths) => readXmlObjects(document, paths);
    return parseObjects(document, schema, oneByOne(openXml, batchRows));
  }
  const found = `${format} (it begins ${JSON.stringify(head.trim().slice(0, 200))})`;
  const { reportType, documentId } = facts;
  throw new ReportsError('FORMAT_UNSUPPORTED', { reportType, documentId, found });
}

/**
 * The format that the beginning of a document shows; undefined for a text that cannot be parsed,
 * such as HTML.
 */
export async function formatOfDocument(
  document: ReadableDocument,
): Promise<'delimited' | 'xlsx' | 'json' | 'xml' | undefined> {
  if (document.charset === 'binary') return 'xlsx';
  const format = formatOfText(await readHead(document.openText()));
  if (format === 'JSON' || format === 'XML') return format === 'JSON' ? 'json' : 'xml';
  return format === 'delimited' ? format : undefined;
}

async function parseDelimitedByEngine(
  document: ReadableDocument,
  schema: ReportSchema | undefined,
  head: string,
  { engine, hint, batchRows }: ParseOptions,
): Promise<DocumentStream> {
  if (engine === 'columnar' && hint?.kind !== 'reference-parser') {
    const known = hint?.kind === 'assumption' ? hint.assumption : undefined;
    return parseColumnar(document, schema, head, known);
  }
  return withReason(await parseDelimited(document, schema, head, batchRows), hint);
}

async function parseJsonByEngine(
  document: ReadableDocument,
  schema: ReportSchema | undefined,
  { engine, hint, batchRows, beginningBytes }: ParseOptions,
): Promise<DocumentStream> {
  if (engine === 'columnar' && hint?.kind !== 'reference-parser') {
    return parseJson(document, schema, { wholeSurvey: hint?.kind === 'whole-survey', beginningBytes });
  }
  let findings = new JsonFindings();
  const openJson = (paths: ListPaths) => {
    findings = new JsonFindings();
    return readJsonObjects(document, paths, findings);
  };
  const reading = {
    ...oneByOne(openJson, batchRows),
    engine: 'reference' as const,
    warnings: () => findings.warnings(),
  };
  return withReason(await parseObjects(document, schema, reading), hint);
}

/** Notes why the columnar parser did not read a document. */
function withReason(stream: DocumentStream, hint: ParseHint | undefined): DocumentStream {
  if (hint?.kind !== 'reference-parser') return stream;
  const note = `read by the reference parser: ${hint.reason}`;
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
  }));
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
