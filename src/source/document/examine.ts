import { defaultDocumentLimits, type DocumentLimits } from '../../config/documents-spec.js';
import { pluralize } from '../../text/pluralize.js';
import { ReportsError } from '../../errors/reports-error.js';
import { type Findings, joinFindings } from '../../schema/findings.js';
import { ReadAgain } from '../read-again.js';
import type { ExaminedDocument, OpenedDocument, RawDocument, ReadableDocument } from '../types.js';
import {
  bomOf,
  charsetOfHeader,
  charsetOfMarketplaces,
  charsetOfXml,
  decodeText,
  isZip,
  looksLikeUtf16,
} from './charset.js';
import { openRaw } from './gunzip.js';
import { Utf8Check, type Utf8Finding } from './utf8-check.js';

export interface ReadLimits {
  /** Limit of the gunzipped size. */
  maxTextBytes: number;
  /** Limits on what is in the document; the default ones if absent. */
  ofContent?: DocumentLimits | undefined;
  /** Aborts any reading of the document with its reason: a large one takes minutes. */
  signal?: AbortSignal | undefined;
}

/** The charset of a document and what led to it. */
export type CharsetDecision = Pick<ReadableDocument, 'charset' | 'charsetSource' | 'isValidUtf8'> & Findings;

/** The bytes showed, after all were read, that the document has another charset than assumed. */
export interface CharsetHint {
  kind: 'charset';
  decision: CharsetDecision;
}

/**
 * Reads a raw document once from end to end, to know that it is whole and undamaged before a row is
 * parsed. The bytes decide whether it is gzipped. The charset is `binary` for a zip archive.
 * Otherwise the first of these decides: a BOM, the Content-Type of the download, the declaration of
 * an XML document, well-formed UTF-8, the marketplace. Errors: DOCUMENT_TRUNCATED,
 * DOCUMENT_CORRUPT, DOCUMENT_TOO_LARGE, FILE_SYSTEM_FAILED.
 */
export async function examineDocument(raw: RawDocument, limits: ReadLimits): Promise<ExaminedDocument> {
  const { layers, openBytes } = await openLimited(raw, limits);
  const scan = new TextScan(raw, limits);
  for await (const chunk of openBytes()) scan.add(chunk);
  const decision = decideCharset(raw, scan.head, scan.utf8.end());
  return examined(readable(raw, { layers, limits, openBytes }, decision), layers, decision, scan);
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
  const document = readable(
    raw,
    { layers, limits, openBytes: readAndCheck },
    { charset, isValidUtf8, charsetSource },
  );
  let result: ExaminedDocument | undefined;
  return { ...document, finish };

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
    for await (const chunk of openBytes()) {
      scan.add(chunk);
      yield chunk;
    }
    const decision = decideCharset(raw, scan.head, scan.utf8.end());
    if (decision.charset !== charset || decision.isValidUtf8 !== isValidUtf8) {
      const hint: CharsetHint = { kind: 'charset', decision };
      throw new ReadAgain(hint, `opened as ${charset}, it is ${decision.charset}`);
    }
    result = examined(document, layers, decision, scan);
  }

  async function finish(): Promise<ExaminedDocument> {
    while (!result) for await (const _ of readAndCheck());
    return result;
  }
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

function readable(
  raw: RawDocument,
  {
    layers,
    limits: { ofContent = defaultDocumentLimits },
    openBytes,
  }: { layers: number; limits: ReadLimits; openBytes: () => AsyncGenerator<Buffer> },
  { charset, charsetSource, isValidUtf8 }: Omit<CharsetDecision, keyof Findings>,
): ReadableDocument {
  const gzipped = layers > 0;
  const openText = () => decodeText(openBytes(), charset);
  return { raw, gzipped, charset, charsetSource, isValidUtf8, limits: ofContent, openBytes, openText };
}

function examined(
  document: ReadableDocument,
  layers: number,
  decision: CharsetDecision,
  { textBytes }: TextScan,
): ExaminedDocument {
  const findings = joinFindings({ notes: compressionNotes(document.raw, layers) }, decision);
  return { ...document, textBytes, ...findings };
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

function decideCharset({ metadata }: RawDocument, head: Buffer, utf8: Utf8Finding): CharsetDecision {
  const notes: string[] = [];
  const decide = (charset: string, charsetSource: CharsetDecision['charsetSource']): CharsetDecision => {
    const isValidUtf8 = charset === 'utf-8' && utf8.isValid;
    if (charset === 'utf-8' && !utf8.isValid)
      notes.push(`${pluralize(utf8.badBytes, 'invalid UTF-8 byte')}, replaced by \ufffd`);
    return { charset, charsetSource, isValidUtf8, notes };
  };
  if (isZip(head)) return decide('binary', 'bytes');
  const bom = bomOf(head);
  if (bom) return decide(bom, 'bom');
  const named = charsetOfHeader(metadata.contentType);
  const utf16 = looksLikeUtf16(head);
  if (utf16) {
    notes.push(`${utf16} without a byte order mark`);
    return decide(utf16, 'bytes');
  }
  if (named.unknown) notes.push(`the Content-Type names an unknown charset: ${named.unknown}`);
  if (named.charset === 'utf-16') return decide('utf-16le', 'content-type');
  if (named.charset === 'utf-8') {
    if (utf8.isValid || isNearlyUtf8(utf8)) return decide('utf-8', 'content-type');
    notes.push('the Content-Type says UTF-8, but the bytes are not');
  } else if (named.charset) {
    if (utf8.isValid && utf8.hasLongCharacters) {
      notes.push(`read as ${named.charset}, as the Content-Type says; the bytes are also valid UTF-8`);
    }
    return decide(named.charset, 'content-type');
  }
  const declared = charsetOfXml(head);
  if (declared && declared !== 'utf-8') return decide(declared, 'xml-declaration');
  if (utf8.isValid || isNearlyUtf8(utf8)) return decide('utf-8', 'bytes');
  return decide(charsetOfMarketplaces(metadata.marketplaceIds), 'marketplace');
}

/**
 * A text cut at a byte limit has one or two broken characters. In any other charset hardly any two
 * bytes form a character of UTF-8.
 */
function isNearlyUtf8({ badBytes, goodCharacters }: Utf8Finding): boolean {
  return goodCharacters > 2 * badBytes;
}
