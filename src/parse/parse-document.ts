import { ReportsError } from '../errors/reports-error.js';
import { hasMembers } from '../schema/match-types.js';
import type { ReportSchema, ReportSchemas } from '../schema/types.js';
import type { DocumentMetadata, ReadableDocument } from '../source/types.js';
import { missingMeasures } from './checks/missing-measures.js';
import { parseColumnar } from './columnar/delimited/parse-delimited.js';
import type { ObjectFormat } from './columnar/objects/object-source.js';
import { parseColumnarObjects } from './columnar/objects/parse-objects.js';
import { parseDelimited } from './delimited/delimited.js';
import { type DocumentStream, documentStream, type StreamEnd, withResult } from './document-stream.js';
import { formatOf, readHead } from './format.js';
import { isProse, messageIn, notAReport } from './layout/message.js';
import { documentError } from './limits.js';
import { JsonFindings } from './objects/json-findings.js';
import { readJsonObjects } from './objects/json.js';
import type { ListPaths } from './objects/object-plan.js';
import { type ObjectDecision, type ObjectReading, oneByOne, parseObjects } from './objects/objects.js';
import { xmlReading } from './objects/xml/xml-reading.js';
import type { ParseHint } from './parse-hint.js';
import { betterTypeText, refuseOtherType, refuseStatedType } from './recognize-type.js';
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
 * Errors: HEADER_NOT_FOUND, HEADER_UNKNOWN, KEY_COLUMN_MISSING, WRONG_REPORT_TYPE,
 * DOCUMENT_UNPARSABLE, NOT_A_REPORT, FORMAT_UNSUPPORTED; those of the limits on documents, from
 * here or from `batches`; in the columnar engine also ReadAgain<ParseHint>, from here or from
 * `batches`.
 */
export async function parseDocument(request: ParseRequest): Promise<DocumentStream> {
  const { document, schema } = request;
  const { metadata } = document.raw;
  const isText = schema?.format !== 'raw' && document.charset !== 'binary';
  let head = '';
  try {
    if (isText) head = await readHead(document.openText());
    const stream = await parse(request, head);
    checkType(stream, request);
    return withMeasures({
      ...ofStatedType(stream, request),
      batches: withinLimits(stream.batches, metadata),
    });
  } catch (error) {
    throw documentError(withBetterType(error, request, head), metadata);
  }
}

export interface ParseRequest {
  document: ReadableDocument;
  schema?: ReportSchema;
  /** All schemas: with them, a document is refused that fits another type far better. */
  schemas?: ReportSchemas;
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

function withMeasures(stream: DocumentStream): DocumentStream {
  return withResult(stream, (parsed) => {
    const found = parsed.tables.flatMap(missingMeasures);
    return { ...parsed, warnings: [...(parsed.warnings ?? []), ...found] };
  });
}

/** Errors: WRONG_REPORT_TYPE. */
function checkType({ tables }: DocumentStream, { document, schema, schemas }: ParseRequest) {
  if (schema && schemas && tables.length > 0) {
    refuseOtherType(document.raw.metadata, tables, { schema, schemas });
  }
}

/**
 * The same document, whose end refuses it if it states another report type than that of its schema:
 * only then is all read that is beside the rows.
 */
function ofStatedType(stream: DocumentStream, { document, schema, schemas }: ParseRequest): DocumentStream {
  if (!schema || !schemas || stream.tables.length === 0) return stream;
  return withResult(stream, (parsed) => {
    refuseStatedType(document.raw.metadata, parsed.decisions ?? []);
    return parsed;
  });
}

/** An error about unknown headers, with the report type whose schema knows them. */
function withBetterType(error: unknown, { document, schemas }: ParseRequest, head: string): unknown {
  const isUnknown =
    error instanceof ReportsError && ['HEADER_UNKNOWN', 'KEY_COLUMN_MISSING'].includes(error.code);
  if (!isUnknown || !schemas) return error;
  const better = betterTypeText(document.raw.metadata.reportType, head, schemas);
  return new ReportsError(error.code, { ...error.details, better });
}

async function* withinLimits(
  batches: AsyncIterable<ParsedBatch>,
  metadata: DocumentMetadata,
): AsyncGenerator<ParsedBatch> {
  try {
    yield* batches;
  } catch (error) {
    throw documentError(error, metadata);
  }
}

async function parse(
  {
    document,
    schema,
    schemas,
    engine,
    hint,
    batchRows = engine === 'columnar' ? 16_384 : 4096,
    beginningBytes = 1024 * 1024,
    earlier = async () => [],
  }: ParseRequest,
  head: string,
): Promise<DocumentStream> {
  if (schema?.format === 'raw') return emptyStream();
  const options = { engine, hint, batchRows, beginningBytes, earlier };
  if (document.charset === 'binary') return parseWorkbook(document, schema, options);
  if (head.trim() === '') return emptyStream();
  const format = formatOf(head);
  const { metadata } = document.raw;
  const { reportType, documentId } = metadata;
  const message = messageIn(head, format, schema);
  if (message !== undefined) throw notAReport(metadata, message);
  if (format === 'delimited' && schema && schema.tables.length > 0 && hasMembers(schema.format)) {
    if (isProse(head, { isColumn: false })) throw notAReport(metadata, head);
    const better = schemas ? betterTypeText(reportType, head, schemas) : '';
    const found = `it is delimited text, not ${shownFormat(schema)}${better}`;
    throw new ReportsError('WRONG_REPORT_TYPE', { reportType, documentId, found });
  }
  if (format === 'delimited') return parseDelimitedByEngine(document, schema, head, options);
  // If a type's documents have another format, JSON or XML only says that something went wrong.
  const isOther = schema !== undefined && schema.format !== format.toLowerCase();
  if (format !== 'a binary file' && isOther) {
    const better = schemas ? betterTypeText(reportType, head, schemas) : '';
    if (better === '') throw notAReport(metadata, head);
    const found = `it is ${format}, not ${shownFormat(schema)}${better}`;
    throw new ReportsError('WRONG_REPORT_TYPE', { reportType, documentId, found });
  }
  if (format === 'JSON' || format === 'XML') return parseObjectsByEngine(document, format, schema, options);
  const found = `${format} (it begins ${JSON.stringify(head.trim().slice(0, 200))})`;
  throw new ReportsError('FORMAT_UNSUPPORTED', { reportType, documentId, found });
}

function shownFormat({ format }: ReportSchema): string {
  return hasMembers(format) ? format.toUpperCase() : 'delimited text';
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

async function parseObjectsByEngine(
  document: ReadableDocument,
  format: ObjectFormat,
  schema: ReportSchema | undefined,
  options: ParseOptions,
): Promise<DocumentStream> {
  const { engine, hint, batchRows, beginningBytes } = options;
  const decision = objectDecision(options);
  if (engine === 'columnar' && referenceReason(hint) === undefined) {
    // Rules were decided after a survey, or by what one would have found.
    const wholeSurvey = hint?.kind === 'whole-survey' || hint?.kind === 'object-rules';
    return parseColumnarObjects(document, format, schema, { wholeSurvey, beginningBytes, decision });
  }
  const reading =
    format === 'XML'
      ? xmlReading(document, { batchRows, isAlwaysStrict: engine === 'reference' })
      : jsonReading(document, batchRows);
  return withReason(await parseObjects(document, schema, reading, decision), hint);
}

function jsonReading(document: ReadableDocument, batchRows: number): ObjectReading {
  let findings = new JsonFindings();
  const openJson = (paths: ListPaths) => {
    findings = new JsonFindings();
    return readJsonObjects(document, paths, findings);
  };
  return {
    ...oneByOne(openJson, { batchRows, limits: document.limits }),
    warnings: () => findings.warnings(),
  };
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
  const { reportType } = document.raw.metadata;
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
