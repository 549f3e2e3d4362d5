import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { knownError, ReportsError } from '../../errors/reports-error.js';
import type { RawDocument } from '../types.js';
import { freeMemory } from '../../runtime/free-memory.js';
import { readFileBytes } from './read-file.js';

/**
 * Each piece costs a turn of the main thread: at a quarter of this size, a conversion took a fifth
 * longer.
 */
const chunkBytes = 1024 * 1024;

/**
 * The bytes of a raw document without its outer layers of gzip. Several gzip members in a row, and
 * zeros after the last one, are one document, as for gzip itself. Each piece is valid until the
 * next one is pulled. Errors: DOCUMENT_TRUNCATED if the bytes end before the gzip does,
 * DOCUMENT_CORRUPT if they are damaged. Damage in the last bytes may hide the end of the stream,
 * and then counts as truncated.
 */
export function readLayers(raw: RawDocument, layers: number): AsyncGenerator<Buffer> {
  return layers === 0 ? readFileBytes(raw.path) : freed(gunzip(raw, layers));
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

/** The bytes without so many layers of gzip, of which there is at least one. */
async function* gunzip(raw: RawDocument, layers: number): AsyncGenerator<Buffer> {
  const compressed = layers === 1 ? readFileBytes(raw.path) : gunzip(raw, layers - 1);
  // It takes one piece at a time, as each is valid only until the next one is pulled.
  const options = { chunkSize: chunkBytes, writableHighWaterMark: 1 };
  const stream = createGunzip(options);
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
  if (!(await endsInZeros(raw, layers - 1, stream.bytesWritten))) {
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

/** Whether only zeros follow the first bytes of the layer that is left of a document. */
async function endsInZeros(raw: RawDocument, layers: number, start: number): Promise<boolean> {
  const pieces: AsyncIterable<Buffer> =
    layers === 0 ? createReadStream(raw.path, { start }) : gunzip(raw, layers);
  let bytesToSkip = layers === 0 ? 0 : start;
  for await (const piece of pieces) {
    if (piece.subarray(bytesToSkip).some((byte) => byte !== 0)) return false;
    bytesToSkip = Math.max(0, bytesToSkip - piece.length);
  }
  return true;
}
