import { count } from '../../count.js';
import { ReportsError } from '../../errors.js';
import type { ExaminedDocument, RawDocument } from '../types.js';
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

/** The bytes of a document show, once all are read, that its text was opened in another charset than it has. */
export class WrongCharset extends Error {}

/**
 * Reads a raw document once from end to end: so it is known to be whole and undamaged before a row of it is parsed. Decides by the bytes
 * whether it is gzipped, and its charset: `binary` for a zip archive, a BOM, then the Content-Type of the download, the declaration of an XML document, UTF-8, the
 * marketplace.
 * `maxTextBytes` limits the gunzipped size.
 * Errors: DOCUMENT_TRUNCATED, DOCUMENT_CORRUPT, DOCUMENT_TOO_LARGE, FILE_SYSTEM_FAILED.
 */
export async function examineDocument(
  raw: RawDocument,
  { maxTextBytes }: { maxTextBytes: number },
): Promise<ExaminedDocument> {
  const { layers, readBytes } = await openRaw(raw);
  const reading = new Reading(raw.facts.documentId, maxTextBytes);
  for await (const chunk of readBytes()) reading.add(chunk);
  const decision = decideCharset(raw, reading.head, reading.utf8.end());
  return documentOf(raw, layers, decision, reading.textBytes, readBytes);
}

/**
 * Opens a raw document after a look at its beginning, to be read in one pass: whole, undamaged and in the charset assumed is what it
 * turned out to be when its bytes were read to their end. Until then `textBytes` and `notes` say nothing.
 * Errors: as of `examineDocument`, most of them while it is read; and WrongCharset, at its end: then `examineDocument` tells the right one.
 */
export async function openDocument(
  raw: RawDocument,
  { maxTextBytes }: { maxTextBytes: number },
): Promise<ExaminedDocument> {
  const { layers, readBytes } = await openRaw(raw);
  const beginning = new Reading(raw.facts.documentId, maxTextBytes);
  for await (const chunk of readBytes()) {
    beginning.add(chunk);
    if (beginning.head.length >= headBytes) break;
  }
  const assumed = decideCharset(raw, beginning.head, beginning.utf8.soFar());
  const document = documentOf(raw, layers, assumed, 0, readAndCheck);
  return document;

  async function* readAndCheck(): AsyncGenerator<Buffer> {
    const reading = new Reading(raw.facts.documentId, maxTextBytes);
    for await (const chunk of readBytes()) {
      reading.add(chunk);
      yield chunk;
    }
    const decision = decideCharset(raw, reading.head, reading.utf8.end());
    if (decision.charset !== assumed.charset || decision.isValidUtf8 !== assumed.isValidUtf8) {
      throw new WrongCharset(`opened as ${assumed.charset}, it is ${decision.charset}`);
    }
    document.textBytes = reading.textBytes;
    document.notes = [...compressionNotes(raw, layers), ...decision.notes];
  }
}

/** So much of a text shows its byte order mark, and whether it is UTF-16. */
const headBytes = 4096;

function documentOf(
  raw: RawDocument,
  layers: number,
  decision: Decision,
  textBytes: number,
  openBytes: () => AsyncGenerator<Buffer>,
): ExaminedDocument {
  return {
    raw,
    gzipped: layers > 0,
    ...decision,
    textBytes,
    notes: [...compressionNotes(raw, layers), ...decision.notes],
    openBytes,
    openText: () => decodeText(openBytes(), decision.charset),
  };
}

/** What is noted of bytes while they pass. */
class Reading {
  textBytes = 0;
  head = Buffer.alloc(0);
  readonly utf8 = new Utf8Check();

  constructor(
    private readonly documentId: string,
    private readonly maxTextBytes: number,
  ) {}

  add(chunk: Buffer): void {
    this.textBytes += chunk.length;
    if (this.textBytes > this.maxTextBytes) {
      throw new ReportsError('DOCUMENT_TOO_LARGE', { documentId: this.documentId, limit: this.maxTextBytes });
    }
    if (this.head.length < headBytes) {
      this.head = Buffer.concat([this.head, chunk.subarray(0, headBytes - this.head.length)]);
    }
    this.utf8.add(chunk);
  }
}

function compressionNotes({ facts, bytes }: RawDocument, layers: number): string[] {
  if (layers === 2) return ['the bytes are gzipped twice'];
  if (facts.compression === 'GZIP' && layers === 0 && bytes > 0)
    return ['Amazon said GZIP, the bytes are not gzipped'];
  // For a document from disk nobody said anything.
  const unsaid = facts.compression === undefined && facts.reportId !== undefined && layers > 0;
  return unsaid ? ['the bytes are gzipped, which Amazon did not say'] : [];
}

type Decision = Pick<ExaminedDocument, 'charset' | 'charsetSource' | 'isValidUtf8' | 'notes'>;

function decideCharset({ facts }: RawDocument, head: Buffer, utf8: Utf8Finding): Decision {
  const notes: string[] = [];
  const decide = (charset: string, charsetSource: Decision['charsetSource']): Decision => {
    const isValidUtf8 = charset === 'utf-8' && utf8.isValid;
    if (charset === 'utf-8' && !utf8.isValid)
      notes.push(`${count(utf8.badBytes, 'byte')} not UTF-8: replaced by \ufffd`);
    return { charset, charsetSource, isValidUtf8, notes };
  };
  if (isZip(head)) return decide('binary', 'bytes');
  const bom = bomOf(head);
  if (bom) return decide(bom, 'bom');
  const named = charsetOfHeader(facts.contentType);
  const utf16 = looksLikeUtf16(head);
  if (utf16) {
    notes.push(`${utf16} without a byte order mark`);
    return decide(utf16, 'bytes');
  }
  if (named.unknown) notes.push(`the Content-Type names a charset that is not known: ${named.unknown}`);
  if (named.charset === 'utf-16') return decide('utf-16le', 'content-type');
  if (named.charset === 'utf-8') {
    if (utf8.isValid || isNearlyUtf8(utf8)) return decide('utf-8', 'content-type');
    notes.push('the Content-Type says UTF-8, the bytes are not');
  } else if (named.charset) {
    if (utf8.isValid && utf8.hasLongCharacters) {
      notes.push(`read as ${named.charset}, as the Content-Type says; the bytes are valid UTF-8 too`);
    }
    return decide(named.charset, 'content-type');
  }
  const declared = charsetOfXml(head);
  if (declared && declared !== 'utf-8') return decide(declared, 'xml-declaration');
  if (utf8.isValid || isNearlyUtf8(utf8)) return decide('utf-8', 'bytes');
  return decide(charsetOfMarketplaces(facts.marketplaceIds), 'marketplace');
}

/** A text cut at a byte limit has a broken character or two; in another charset hardly any two bytes make one. */
function isNearlyUtf8({ badBytes, goodCharacters }: Utf8Finding): boolean {
  return goodCharacters > 2 * badBytes;
}
