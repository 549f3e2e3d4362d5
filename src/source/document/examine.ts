import { isUtf8 } from 'node:buffer';
import { access } from 'node:fs/promises';
import { ReportsError } from '../../errors.js';
import type { ExaminedDocument, RawDocument } from '../types.js';
import { bomOf, charsetOfHeader, charsetOfMarketplaces, decodeText, looksLikeUtf16 } from './charset.js';
import { countGzipLayers, readBytes } from './gunzip.js';

/**
 * Reads a raw document once from end to end: so it is known to be whole and undamaged before a row of it is parsed. Decides by the bytes
 * whether it is gzipped, and its charset: a BOM, then the Content-Type of the download, strict UTF-8, the marketplace.
 * `maxTextBytes` limits the gunzipped size.
 * Errors: DOCUMENT_TRUNCATED, DOCUMENT_CORRUPT, DOCUMENT_TOO_LARGE, RAW_MISSING.
 */
export async function examineDocument(
  raw: RawDocument,
  { maxTextBytes }: { maxTextBytes: number },
): Promise<ExaminedDocument> {
  const { documentId } = raw.facts;
  await access(raw.path).catch((error: unknown) => {
    throw new ReportsError('RAW_MISSING', { documentId, path: raw.path }, { cause: error });
  });
  const layers = await countGzipLayers(raw);
  const openBytes = () => readBytes(raw, layers);
  const { textBytes, head, utf8 } = await readThrough(openBytes(), documentId, maxTextBytes);
  const { charset, charsetSource, notes } = decideCharset(raw, head, utf8);
  return {
    raw,
    gzipped: layers > 0,
    charset,
    charsetSource,
    textBytes,
    notes: [...compressionNotes(raw, layers), ...notes],
    openBytes,
    openText: () => decodeText(openBytes(), charset),
  };
}

function compressionNotes({ facts, bytes }: RawDocument, layers: number): string[] {
  if (layers === 2) return ['the bytes are gzipped twice'];
  if (facts.compression === 'GZIP' && layers === 0 && bytes > 0)
    return ['Amazon said GZIP, the bytes are not gzipped'];
  // For a document from disk nobody said anything.
  const unsaid = facts.compression === undefined && facts.reportId !== undefined && layers > 0;
  return unsaid ? ['the bytes are gzipped, which Amazon did not say'] : [];
}

type Decision = Pick<ExaminedDocument, 'charset' | 'charsetSource' | 'notes'>;

function decideCharset({ facts }: RawDocument, head: Buffer, utf8: boolean): Decision {
  const bom = bomOf(head);
  if (bom) {
    const notes = bom === 'utf-8' && !utf8 ? ['the byte order mark says UTF-8, some bytes are not'] : [];
    return { charset: bom, charsetSource: 'bom', notes };
  }
  const notes: string[] = [];
  const named = charsetOfHeader(facts.contentType);
  const utf16 = looksLikeUtf16(head);
  if (named.unknown) notes.push(`the Content-Type names a charset that is not known: ${named.unknown}`);
  if (named.charset === 'utf-8' && !utf8) notes.push('the Content-Type says UTF-8, the bytes are not');
  else if (named.charset === 'utf-16')
    return { charset: utf16 ?? 'utf-16le', charsetSource: 'content-type', notes };
  else if (named.charset) return { charset: named.charset, charsetSource: 'content-type', notes };
  if (utf16)
    return { charset: utf16, charsetSource: 'bom', notes: [...notes, `${utf16} without a byte order mark`] };
  if (utf8) return { charset: 'utf-8', charsetSource: 'strict-utf8', notes };
  return { charset: charsetOfMarketplaces(facts.marketplaceIds), charsetSource: 'marketplace', notes };
}

/** Counts the bytes and checks them for UTF-8 while they pass. */
async function readThrough(bytes: AsyncIterable<Buffer>, documentId: string, maxTextBytes: number) {
  const headBytes = 4096;
  let head = Buffer.alloc(0);
  let textBytes = 0;
  let utf8 = true;
  let rest = Buffer.alloc(0);
  for await (const chunk of bytes) {
    textBytes += chunk.length;
    if (textBytes > maxTextBytes)
      throw new ReportsError('DOCUMENT_TOO_LARGE', { documentId, limit: maxTextBytes });
    if (head.length < headBytes) head = Buffer.concat([head, chunk.subarray(0, headBytes - head.length)]);
    if (!utf8) continue;
    const joined = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const end = lastCharacterEnd(joined);
    utf8 = isUtf8(joined.subarray(0, end));
    rest = Buffer.from(joined.subarray(end));
  }
  return { textBytes, head, utf8: utf8 && rest.length === 0 };
}

/** Where the last whole UTF-8 character ends; at most three bytes are left over. */
function lastCharacterEnd(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes.length;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
