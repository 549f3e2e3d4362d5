import { createReadStream, readFileSync, statSync } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip, gunzipSync } from 'node:zlib';
import { knownError, ReportsError } from '../../errors/reports-error.js';
import type { RawDocument } from '../types.js';
import { freeMemory } from '../../runtime/free-memory.js';

/**
 * Each piece costs a turn of the main thread: at a quarter of this size, a conversion took a fifth
 * longer.
 */
const chunkBytes = 1024 * 1024;

/** A raw document as it was found on disk. */
export interface OpenedRaw {
  /** How often it is gzipped: 0, 1 or 2 times. */
  layers: number;
  /**
   * Its bytes, gunzipped. Several gzip members in a row, and zeros after the last one, are one
   * document, as for gzip itself. Errors: DOCUMENT_TRUNCATED if the bytes end before the gzip does,
   * DOCUMENT_CORRUPT if they are damaged. Damage in the last bytes may hide the end of the stream,
   * and then counts as truncated. Each piece is valid until the next one is pulled.
   */
  readBytes(): AsyncGenerator<Buffer>;
}

/**
 * Opens a raw document. A small one is read and gunzipped at once, and kept in memory for as long
 * as it is used. Errors: FILE_SYSTEM_FAILED, and those of `readBytes`.
 */
export async function openRaw(raw: RawDocument): Promise<OpenedRaw> {
  const small = sizeOf(raw) <= smallBytes ? readSmall(raw) : undefined;
  if (small) {
    const { layers, bytes } = small;
    return {
      layers,
      async *readBytes() {
        yield bytes;
      },
    };
  }
  const layers = await countGzipLayers(raw);
  return { layers, readBytes: () => readLayers(raw, layers) };
}

function sizeOf({ path }: RawDocument): number {
  try {
    return statSync(path).size;
  } catch (error) {
    // It existed a moment ago: the machine removed it, and the document is not to blame.
    throw knownError(error, path);
  }
}

/** Up to this size on disk and gunzipped, a document is kept in memory. */
const smallBytes = 128 * 1024;
const smallTextBytes = 2 * 1024 * 1024;

/**
 * Undefined if anything about it is unusual. Reading it here is faster than waiting for another
 * thread that is busy with syncing files.
 */
function readSmall(raw: RawDocument): { layers: number; bytes: Buffer } | undefined {
  let bytes: Buffer = readFileSync(raw.path);
  let layers = 0;
  for (; layers < 2 && bytes[0] === 0x1f; layers += 1) {
    const gunzipped = gunzipWhole(bytes);
    if (!gunzipped) return undefined;
    bytes = gunzipped;
  }
  return beginsGzip(bytes.subarray(0, 3), raw) ? undefined : { layers, bytes };
}

function gunzipWhole(bytes: Buffer): Buffer | undefined {
  try {
    const options = { info: true, maxOutputLength: smallTextBytes };
    // Node's types do not declare `info`.
    const { buffer, engine } = gunzipSync(bytes, options) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    return bytes.subarray(engine.bytesWritten).every((byte) => byte === 0) ? buffer : undefined;
  } catch {
    return undefined;
  }
}

async function* readLayers(raw: RawDocument, layers: number): AsyncGenerator<Buffer> {
  let bytes: AsyncIterable<Buffer> = createReadStream(raw.path, { highWaterMark: chunkBytes });
  for (let layer = 0; layer < layers; layer += 1) bytes = gunzip(bytes, raw, { isFile: layer === 0 });
  if (layers === 0) yield* bytes;
  else yield* freed(bytes);
}

/** The pieces that a gunzip makes, each freed when the next one is pulled. */
async function* freed(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    yield piece;
    const { buffer, byteOffset, length } = piece;
    // A buffer that is full is not written to any more. zlib still fills the rest of others.
    if (buffer.byteLength === chunkBytes && byteOffset + length === chunkBytes) {
      freeMemory(buffer as ArrayBuffer);
    }
  }
}

async function countGzipLayers(raw: RawDocument): Promise<number> {
  for (let layers = 0; layers < 2; layers += 1) {
    const head = await firstBytes(readLayers(raw, layers));
    if (!beginsGzip(head, raw)) return layers;
  }
  return 2;
}

/**
 * A gzip begins with 1f 8b 08, which no text does. With one of these bytes wrong it is a damaged
 * gzip, with only the first a truncated one.
 */
function beginsGzip(head: Buffer, raw: RawDocument): boolean {
  const { documentId } = raw.metadata;
  if (head.length === 1 && head[0] === 0x1f)
    throw new ReportsError('DOCUMENT_TRUNCATED', { documentId, bytes: 0 });
  const right = [0x1f, 0x8b, 0x08].filter((byte, index) => head[index] === byte).length;
  if (right === 2 && head.length > 2) {
    throw new ReportsError('DOCUMENT_CORRUPT', { documentId, found: 'its gzip header is damaged' });
  }
  return head[0] === 0x1f && head[1] === 0x8b;
}

async function* gunzip(
  compressed: AsyncIterable<Buffer>,
  raw: RawDocument,
  { isFile }: { isFile: boolean },
): AsyncGenerator<Buffer> {
  const stream = createGunzip({ chunkSize: chunkBytes });
  // The loop below receives its errors.
  pipeline(compressed, stream, () => {});
  let bytes = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      yield chunk;
    }
  } catch (error) {
    throw gunzipError(error, raw, bytes);
  }
  // zlib takes a zero after a member for padding and stops, so anything after a damaged byte would
  // be lost.
  if (isFile && !(await endsInZeros(raw.path, stream.bytesWritten))) {
    const { documentId } = raw.metadata;
    throw new ReportsError('DOCUMENT_CORRUPT', {
      documentId,
      found: `data other than padding after byte ${stream.bytesWritten}`,
    });
  }
}

/**
 * zlib reports Z_BUF_ERROR if it needs more bytes than there are, and otherwise names the damage.
 */
function gunzipError(error: unknown, raw: RawDocument, bytes: number): unknown {
  const known = knownError(error, raw.path);
  if (known instanceof ReportsError) return known;
  const { code, message } = error as NodeJS.ErrnoException;
  const { documentId } = raw.metadata;
  if (code === 'Z_BUF_ERROR')
    return new ReportsError('DOCUMENT_TRUNCATED', { documentId, bytes }, { cause: error });
  if (code?.startsWith('Z_'))
    return new ReportsError('DOCUMENT_CORRUPT', { documentId, found: message }, { cause: error });
  return error;
}

async function endsInZeros(path: string, start: number): Promise<boolean> {
  for await (const chunk of createReadStream(path, { start }) as AsyncIterable<Buffer>) {
    if (chunk.some((byte) => byte !== 0)) return false;
  }
  return true;
}

async function firstBytes(bytes: AsyncIterable<Buffer>): Promise<Buffer> {
  for await (const chunk of bytes) if (chunk.length > 0) return chunk.subarray(0, 3);
  return Buffer.alloc(0);
}
