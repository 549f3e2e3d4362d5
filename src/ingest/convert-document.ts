import { NotColumnar } from '../parse/columnar/rows.js';
import { type Known, WrongAssumption } from '../parse/columnar/wrong-assumption.js';
import { parseDocument } from '../parse/parse-document.js';
import type { ParsedDocument } from '../parse/types.js';
import type { ReportSchema } from '../schema/types.js';
import { examineDocument, openDocument, WrongCharset } from '../source/document/examine.js';
import type { ExaminedDocument, RawDocument } from '../source/types.js';
import { faultPoint } from '../runtime/fault-point.js';
import type { PiiTreatment } from '../privacy/pii-policy.js';
import { protectPersonalData } from '../privacy/protect-personal-data.js';
import { type WriteOptions, type WrittenLake, writeLake } from './write-lake.js';

export interface ConvertOptions {
  schema?: ReportSchema;
  /** What is done to personal data; it is kept without. */
  pii?: PiiTreatment;
  /** Limit of the gunzipped size. */
  maxTextBytes: number;
  /** Breaks off with its reason. */
  signal?: AbortSignal;
  /** Called with their number when all rows are written; if it throws, nothing is kept of them. */
  onRowsWritten?: (rows: number) => void;
}

export interface ConvertedDocument {
  document: ExaminedDocument;
  parsed: ParsedDocument;
  written: WrittenLake;
}

/**
 * Takes a document from raw bytes to Parquet by the engine of the settings. The columnar engine reads it once, in the charset and by the
 * rules that its beginning shows. Where the rest shows otherwise, nothing of that is kept, and it is read again by what was found out; what
 * the columnar parser can't read is read by the reference parser.
 */
export async function convertDocument(
  raw: RawDocument,
  { lake, engine }: Pick<WriteOptions, 'lake' | 'engine'>,
  { schema, pii, maxTextBytes, signal, onRowsWritten }: ConvertOptions,
): Promise<ConvertedDocument> {
  let open = engine === 'columnar' ? openDocument : examineDocument;
  let known: Known | undefined;
  for (;;) {
    const document = untilAborted(await open(raw, { maxTextBytes }), signal);
    faultPoint('examined');
    try {
      const found = await parseDocument({
        document,
        engine,
        ...(schema ? { schema } : {}),
        ...(known ? { known } : {}),
      });
      const parsed = pii ? protectPersonalData(found, schema, pii) : found;
      const options = { ...(signal && { signal }), ...(onRowsWritten && { onRowsWritten }) };
      const written = await writeLake(parsed, document, { lake, engine, ...options });
      return { document, parsed, written };
    } catch (error) {
      if (error instanceof WrongCharset) [open, known] = [examineDocument, undefined];
      else if (error instanceof WrongAssumption) known = error.right;
      else if (error instanceof NotColumnar) known = error;
      else throw error;
    }
  }
}

/** The document, whose bytes end with the signal's reason when it is aborted: reading a large one takes minutes. */
function untilAborted(document: ExaminedDocument, signal: AbortSignal | undefined): ExaminedDocument {
  if (!signal) return document;
  async function* watched<T>(chunks: AsyncIterable<T>): AsyncGenerator<T> {
    for await (const chunk of chunks) {
      signal?.throwIfAborted();
      yield chunk;
    }
  }
  const { openText, openBytes } = document;
  // The same object, as what is known of an opened document comes with its last bytes.
  return Object.assign(document, {
    openText: () => watched(openText()),
    openBytes: () => watched(openBytes()),
  });
}
