import type { DocumentLimits } from '../config/documents-spec.js';
import type { ContractOf } from '../config/schema-contract.js';
import { ReportsError } from '../errors/reports-error.js';
import { documentError } from '../parse/limits.js';
import { parseDocument } from '../parse/parse-document.js';
import type { ParseHint } from '../parse/parse-hint.js';
import { applySchemaContract } from '../parse/schema-contract.js';
import type { ParsedDocument } from '../parse/types.js';
import type { EarlierDecisions } from '../parse/values/decide-rules.js';
import { findPersonalData, type FoundColumns, type PersonalDataHint } from '../privacy/find-personal-data.js';
import type { PiiTreatment } from '../privacy/pii-policy.js';
import { protectPersonalData } from '../privacy/protect-personal-data.js';
import { faultPoint } from '../runtime/fault-point.js';
import type { ReportSchema, ReportSchemas } from '../schema/types.js';
import type { CharsetDecision } from '../source/document/decide-charset.js';
import { type CharsetHint, examineDocument, openDocument } from '../source/document/examine.js';
import { ReadAgain } from '../source/read-again.js';
import type { ExaminedDocument, OpenedDocument, RawDocument } from '../source/types.js';
import { type WriteOptions, type WrittenLake, writeLake } from './write-lake.js';

export interface ConvertOptions {
  schema?: ReportSchema;
  /** All schemas, to recognize a document of another type. */
  schemas: ReportSchemas;
  /** What is done to personal data; without it, the data is kept. */
  pii?: PiiTreatment;
  /** What happens if the document differs from its schema; without it, tables evolve. */
  contractOf?: ContractOf;
  /** Limit of the gunzipped size. */
  maxTextBytes: number;
  /** Limits on what is in the document; the default ones if absent. */
  limits?: DocumentLimits;
  /** Stops with its reason. */
  signal?: AbortSignal;
  /** What was decided for earlier documents. */
  earlier?: EarlierDecisions;
  /** Called with their number when all rows are written; if it throws, nothing is kept of them. */
  onRowsWritten?: (rows: number) => void;
}

export interface ConvertedDocument {
  document: ExaminedDocument;
  parsed: ParsedDocument;
  written: WrittenLake;
}

/** What one attempt to read a document found out for the next one. */
type ReadHint = CharsetHint | ParseHint | PersonalDataHint;

/** What the attempts so far found out. */
interface Known {
  charset?: CharsetDecision | undefined;
  hint?: ParseHint | undefined;
  /** Columns with personal data that no schema knows. */
  personal?: FoundColumns;
}

/**
 * Converts a document from raw bytes to Parquet, with the engine of the settings. The columnar
 * engine reads it once, in the charset and by the rules that its beginning shows. If the rest
 * contradicts the beginning, nothing of that attempt is kept, and the document is read again with
 * what was found out. A document that the columnar parser cannot read is read by the reference
 * parser.
 * Errors: those of `examineDocument`, `parseDocument` and `writeLake`, except ReadAgain.
 */
export async function convertDocument(
  raw: RawDocument,
  target: Pick<WriteOptions, 'lake' | 'engine'>,
  options: ConvertOptions,
): Promise<ConvertedDocument> {
  let known: Known = {};
  for (;;) {
    try {
      return await convertOnce(raw, target, options, known);
    } catch (error) {
      if (!(error instanceof ReadAgain)) throw documentError(error, raw.metadata);
      const hint: ReadHint = error.hint;
      // In another charset the text is another one: what was found out about it no longer counts.
      if (hint.kind === 'charset') known = { charset: hint.decision };
      else if (hint.kind === 'personal-data') known = { ...known, personal: hint.columns };
      else known = { ...known, hint };
    }
  }
}

/** Errors: ReadAgain<ReadHint>, and those of `convertDocument`. */
async function convertOnce(
  raw: RawDocument,
  target: Pick<WriteOptions, 'lake' | 'engine'>,
  options: ConvertOptions,
  known: Known,
): Promise<ConvertedDocument> {
  const { maxTextBytes, limits: ofContent, signal } = options;
  const limits = { maxTextBytes, ofContent, signal };
  if (target.engine === 'reference') {
    return convertOpened(await examineDocument(raw, limits), target, options, known);
  }
  const document = await openDocument(raw, limits, known.charset);
  try {
    return await convertOpened(document, target, options, known);
  } catch (error) {
    // Before gunzip notices damaged bytes, the text that they make may look like anything.
    if (isAboutText(error, raw)) await document.readToEnd();
    throw error;
  }
}

async function convertOpened(
  document: OpenedDocument | ExaminedDocument,
  { lake, engine }: Pick<WriteOptions, 'lake' | 'engine'>,
  { schema, schemas, pii, contractOf, signal, earlier, onRowsWritten }: ConvertOptions,
  { hint, personal }: Known,
): Promise<ConvertedDocument> {
  const { metadata } = document.raw;
  faultPoint('examined');
  const parsed = await parseDocument({
    document,
    engine,
    schema,
    schemas,
    hint,
    earlier,
  });
  const isLeftOut = parsed.tables.some(({ name }) => contractOf && contractOf(name).columns !== 'evolve');
  const isTreated = pii !== undefined || isLeftOut;
  const found = findPersonalData(parsed, schema, { known: personal, isTreated });
  const treated = pii ? protectPersonalData(found, schema, pii) : found;
  const stream = contractOf ? applySchemaContract(treated, contractOf, metadata) : treated;
  const written = await writeLake(stream, metadata, {
    lake,
    engine,
    signal,
    onRowsWritten,
  });
  // Rows are read to the end of the bytes, so that this reads on only if there is nothing written:
  // a raw document has no rows.
  const examined = 'finish' in document ? await document.finish() : document;
  return { document: examined, parsed: stream.finish(), written };
}

/** Whether an error says what is wrong with a text, or that the slow parser has to find it out. */
function isAboutText(error: unknown, { metadata }: RawDocument): boolean {
  if (error instanceof ReadAgain) return error.hint.kind === 'reference-parser';
  const known = documentError(error, metadata);
  return known instanceof ReportsError && known.kind === 'terminal';
}
