import { defaultDocumentLimits, type DocumentLimits } from '../../config/documents-spec.js';
import { pluralize } from '../../text/pluralize.js';
import { ReportsError } from '../../errors/reports-error.js';
import { type Warning, warning } from '../../errors/warnings.js';
import { type Findings, joinFindings } from '../../schema/findings.js';
import { ReadAgain } from '../read-again.js';
import type { ExaminedDocument, OpenedDocument, RawDocument, ReadableDocument } from '../types.js';
import { type CharsetDecision, decideCharset } from './decide-charset.js';
import { decodeText, firstUndefined, type UndefinedBytes } from './decode.js';
import { openRaw } from './open-raw.js';
import { Utf8Check } from './utf8-check.js';

export interface ReadLimits {
  /** Limit of the gunzipped size. */
  maxTextBytes: number;
  /** Limits on what is in the document; the default ones if absent. */
  ofContent?: DocumentLimits | undefined;
  /** Aborts any reading of the document with its reason: a large one takes minutes. */
  signal?: AbortSignal | undefined;
}

/** The bytes showed, after all were read, that the document has another charset than assumed. */
export interface CharsetHint {
  kind: 'charset';
  decision: CharsetDecision;
}

/**
 * Reads a raw document once from end to end, to know that it is whole and undamaged before a row is
 * parsed; a text in another charset than UTF-8 twice, to count what the charset does not define.
 * The bytes decide whether it is gzipped. The charset is `binary` for a zip archive.
 * Errors: DOCUMENT_TRUNCATED, DOCUMENT_CORRUPT, DOCUMENT_TOO_LARGE, FILE_SYSTEM_FAILED.
 */
export async function examineDocument(raw: RawDocument, limits: ReadLimits): Promise<ExaminedDocument> {
  const { layers, openBytes } = await openLimited(raw, limits);
  const scan = new TextScan(raw, limits);
  for await (const chunk of openBytes()) scan.add(chunk);
  const decision = decideCharset(raw, scan.head, scan.utf8.end());
  const document = readable(raw, { layers, limits, openBytes }, decision);
  let found: UndefinedBytes | undefined;
  if (isDecoded(decision)) for await (const _ of decodeText(openBytes(), decision.charset, take));
  return examined(document, { layers, decision, scan, found });

  function take(undefinedBytes: UndefinedBytes): void {
    found = undefinedBytes;
  }
}

/**
 * Opens a raw document after a look at its beginning, to be read in one pass. Each complete reading
 * of its bytes checks that it is whole, undamaged and in the assumed charset: `assumed`, or the one
 * that the beginning shows. Errors: those of `examineDocument`, most of them while it is read, and
 * ReadAgain<CharsetHint> at the end of the bytes.
 */
export async function openDocument(
  raw: RawDocument,
  limits: ReadLimits,
  assumed?: CharsetDecision,
): Promise<OpenedDocument> {
  const { layers, openBytes } = await openLimited(raw, limits);
  const { charset, isValidUtf8, charsetSource } = assumed ?? (await decideByBeginning());
  const decided = { charset, isValidUtf8, charsetSource };
  const document = readable(raw, { layers, limits, openBytes: readAndCheck, onDecoded }, decided);
  let checked: { decision: CharsetDecision; scan: TextScan } | undefined;
  let found: UndefinedBytes | undefined;
  let failure: { error: unknown } | undefined;
  return { ...document, finish, readToEnd };

  function onDecoded(undefinedBytes: UndefinedBytes): void {
    found = undefinedBytes;
  }

  async function decideByBeginning(): Promise<CharsetDecision> {
    const scan = new TextScan(raw, limits);
    for await (const chunk of openBytes()) {
      scan.add(chunk);
      if (scan.head.length >= headBytes) break;
    }
    return decideCharset(raw, scan.head, scan.utf8.soFar());
  }

  async function* readAndCheck(): AsyncGenerator<Buffer> {
    const scan = new TextScan(raw, limits);
    try {
      for await (const chunk of openBytes()) {
        scan.add(chunk);
        yield chunk;
      }
    } catch (error) {
      failure = { error };
      throw error;
    }
    const decision = decideCharset(raw, scan.head, scan.utf8.end());
    if (decision.charset !== charset || decision.isValidUtf8 !== isValidUtf8) {
      const hint: CharsetHint = { kind: 'charset', decision };
      throw new ReadAgain(hint, `opened as ${charset}, it is ${decision.charset}`);
    }
    checked = { decision, scan };
  }

  async function readToEnd(): Promise<void> {
    if (failure) throw failure.error;
    if (!checked) for await (const _ of readAndCheck());
  }

  async function finish(): Promise<ExaminedDocument> {
    if (isDecoded(decided)) while (!found) for await (const _ of document.openText());
    while (!checked) await readToEnd();
    return examined(document, { layers, ...checked, found });
  }
}

/** Whether only decoding a text shows what its charset does not define. */
function isDecoded({ charset }: Pick<CharsetDecision, 'charset'>): boolean {
  return charset !== 'utf-8' && charset !== 'binary';
}

/** This much of a text shows its byte order mark, and whether it is UTF-16. */
const headBytes = 4096;

/**
 * How often a document is gzipped, and its unzipped bytes, which end when the signal is aborted.
 */
async function openLimited(raw: RawDocument, { signal }: ReadLimits) {
  const { layers, readBytes } = await openRaw(raw);
  return { layers, openBytes };

  async function* openBytes(): AsyncGenerator<Buffer> {
    for await (const chunk of readBytes()) {
      signal?.throwIfAborted();
      yield chunk;
    }
  }
}

/** How the bytes of a document are read. */
interface Reading {
  layers: number;
  limits: ReadLimits;
  openBytes: () => AsyncGenerator<Buffer>;
  /** Receives, at the end of a text, what its charset does not define. */
  onDecoded?: (found: UndefinedBytes) => void;
}

function readable(
  raw: RawDocument,
  { layers, limits: { ofContent = defaultDocumentLimits }, openBytes, onDecoded }: Reading,
  { charset, charsetSource, isValidUtf8 }: Omit<CharsetDecision, keyof Findings>,
): ReadableDocument {
  const gzipped = layers > 0;
  const openText = () => decodeText(openBytes(), charset, onDecoded);
  return { raw, gzipped, charset, charsetSource, isValidUtf8, limits: ofContent, openBytes, openText };
}

interface Examination {
  layers: number;
  decision: CharsetDecision;
  scan: TextScan;
  found: UndefinedBytes | undefined;
}

async function examined(
  document: ReadableDocument,
  { layers, decision, scan, found }: Examination,
): Promise<ExaminedDocument> {
  const { charset } = decision;
  const { badBytes, firstBadByte } = scan.utf8.soFar();
  const ofUtf8 = charset === 'utf-8' ? { count: badBytes, from: firstBadByte } : undefined;
  const undefinedBytes = ofUtf8 ?? found;
  const warnings: Warning[] = [];
  if (undefinedBytes && undefinedBytes.count > 0) {
    const count = pluralize(undefinedBytes.count, 'byte');
    const first = await firstUndefined(document.openBytes(), charset, undefinedBytes);
    warnings.push(warning('UNDEFINED_BYTES', { count, charset, ...first }));
  }
  const garbled = charset === 'utf-8' ? scan.utf8.garbled.finding() : undefined;
  if (garbled) warnings.push(warning('TEXT_GARBLED', { ...garbled }));
  const notes = compressionNotes(document.raw, layers);
  return { ...document, textBytes: scan.textBytes, ...joinFindings(decision, { notes, warnings }) };
}

/** What the bytes of a document show while they pass. */
class TextScan {
  textBytes = 0;
  head = Buffer.alloc(0);
  readonly utf8 = new Utf8Check();

  constructor(
    private readonly raw: RawDocument,
    private readonly limits: ReadLimits,
  ) {}

  add(chunk: Buffer): void {
    const { maxTextBytes } = this.limits;
    this.textBytes += chunk.length;
    if (this.textBytes > maxTextBytes) {
      const { documentId } = this.raw.metadata;
      throw new ReportsError('DOCUMENT_TOO_LARGE', {
        documentId,
        found: this.textBytes,
        limit: maxTextBytes,
      });
    }
    if (this.head.length < headBytes) {
      this.head = Buffer.concat([this.head, chunk.subarray(0, headBytes - this.head.length)]);
    }
    this.utf8.add(chunk);
  }
}

function compressionNotes({ metadata, bytes }: RawDocument, layers: number): string[] {
  if (layers === 2) return ['the bytes are gzipped twice'];
  if (metadata.compression === 'GZIP' && layers === 0 && bytes > 0)
    return ['Amazon said GZIP, the bytes are not gzipped'];
  // A document from disk has no metadata from Amazon.
  const unsaid = metadata.compression === undefined && metadata.reportId !== undefined && layers > 0;
  return unsaid ? ['the bytes are gzipped, although Amazon did not say so'] : [];
}
