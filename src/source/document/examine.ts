import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ReportsError } from '../../errors.js';
import type { ExaminedDocument, RawDocument } from '../types.js';
import { bomOf, charsetOfHeader, charsetOfMarketplaces, decodeText, looksLikeUtf16 } from './charset.js';

const chunkBytes = 256 * 1024;

/**
 * Reads a raw document once from end to end: so it is known to be whole and undamaged before a row of it is parsed. Decides by the bytes
 * whether it is gzipped, and its charset: a BOM, then the Content-Type of the download, strict UTF-8, the marketplace.
 * `maxTextBytes` limits the gunzipped size.
 * Errors: DOCUMENT_TRUNCATED, DOCUMENT_CORRUPT, DOCUMENT_TOO_LARGE.
 */
export async function examineDocument(
  raw: RawDocument,
  { maxTextBytes }: { maxTextBytes: number },
): Promise<ExaminedDocument> {
  const gzipped = await beginsWithGzipMagic(raw.path);
  const notes: string[] = [];
  if (raw.facts.compression === 'GZIP' && !gzipped && raw.bytes > 0) {
    notes.push('Amazon said GZIP, the bytes are not gzipped');
  }
  if (raw.facts.compression === undefined && raw.facts.reportId && gzipped) {
    notes.push('the bytes are gzipped, which Amazon did not say');
  }
  const openBytes = () => readBytes(raw, gzipped);
  const { textBytes, head, utf8 } = await readThrough(openBytes(), raw, maxTextBytes);
  const decided = decideCharset(raw, head, utf8);
  notes.push(...decided.notes);
  const { charset, charsetSource } = decided;
  return {
    raw,
    gzipped,
    charset,
    charsetSource,
    textBytes,
    notes,
    openBytes,
    openText: () => decodeText(openBytes(), charset),
  };
}

function decideCharset(raw: RawDocument, head: Buffer, utf8: boolean) {
  const { contentType, marketplaceIds } = raw.facts;
  const notes: string[] = [];
  const bom = bomOf(head);
  if (bom) return { charset: bom, charsetSource: 'bom' as const, notes };
  const named = charsetOfHeader(contentType);
  if (named.unknown) notes.push(`the Content-Type names a charset that is not known: ${named.unknown}`);
  if (named.charset === 'utf-8' && !utf8) notes.push('the Content-Type says UTF-8, the bytes are not');
  else if (named.charset) return { charset: named.charset, charsetSource: 'content-type' as const, notes };
  const utf16 = looksLikeUtf16(head);
  if (utf16)
    return {
      charset: utf16,
      charsetSource: 'bom' as const,
      notes: [...notes, `${utf16} without a byte order mark`],
    };
  if (utf8) return { charset: 'utf-8', charsetSource: 'strict-utf8' as const, notes };
  return { charset: charsetOfMarketplaces(marketplaceIds), charsetSource: 'marketplace' as const, notes };
}

/** Counts the bytes and checks them for UTF-8 while they pass. */
async function readThrough(bytes: AsyncIterable<Uint8Array>, raw: RawDocument, maxTextBytes: number) {
  const headBytes = 4096;
  let head = Buffer.alloc(0);
  let textBytes = 0;
  let utf8 = true;
  let rest: Uint8Array = new Uint8Array(0);
  for await (const chunk of bytes) {
    textBytes += chunk.length;
    if (textBytes > maxTextBytes) {
      throw new ReportsError('DOCUMENT_TOO_LARGE', { documentId: raw.facts.documentId, limit: maxTextBytes });
    }
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
function lastCharacterEnd(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes.length;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

async function* readBytes(raw: RawDocument, gzipped: boolean): AsyncGenerator<Uint8Array> {
  const file = createReadStream(raw.path, { highWaterMark: chunkBytes });
  if (!gzipped) {
    yield* file;
    return;
  }
  const gunzip = createGunzip({ chunkSize: chunkBytes });
  let fileError: unknown;
  file.on('error', (error) => {
    fileError = error;
    gunzip.destroy();
  });
  let textBytes = 0;
  try {
    for await (const chunk of file.pipe(gunzip) as Readable & AsyncIterable<Buffer>) {
      textBytes += chunk.length;
      yield chunk;
    }
  } catch (error) {
    throw fileError ?? gunzipError(error, raw, textBytes);
  } finally {
    file.destroy();
  }
}

/** zlib says Z_BUF_ERROR where it wants more bytes than there are, and names what is damaged otherwise. */
function gunzipError(error: unknown, raw: RawDocument, bytes: number): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  const { documentId } = raw.facts;
  if (code === 'Z_BUF_ERROR')
    return new ReportsError('DOCUMENT_TRUNCATED', { documentId, bytes }, { cause: error });
  if (code?.startsWith('Z_'))
    return new ReportsError('DOCUMENT_CORRUPT', { documentId, found: message }, { cause: error });
  return error;
}

async function beginsWithGzipMagic(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const magic = Buffer.alloc(2);
    await file.read(magic, 0, 2, 0);
    return magic[0] === 0x1f && magic[1] === 0x8b;
  } finally {
    await file.close();
  }
}
