import { readFileSync, statSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { knownError, ReportsError } from '../../errors/reports-error.js';
import type { RawDocument } from '../types.js';
import { readLayers } from './gunzip.js';

/** A raw document as it was found on disk. */
export interface OpenedRaw {
  /** How often it is gzipped: 0, 1 or 2 times. */
  layers: number;
  /**
   * Its bytes, gunzipped, as `readLayers` returns them. Whoever needs no more than the beginning
   * does not open the file.
   */
  readBytes(): AsyncGenerator<Buffer>;
}

/**
 * Opens a raw document. A small one is read and gunzipped at once, and kept in memory for as long
 * as it is used; of a large one, the beginning. Errors: FILE_SYSTEM_FAILED, and those of
 * `readLayers`.
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
  const { layers, beginning } = await readBeginning(raw);
  return { layers, readBytes: () => readBehind(beginning, raw, layers) };
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
  for (; layers < maxLayers && bytes[0] === 0x1f; layers += 1) {
    const gunzipped = gunzipWhole(bytes);
    if (!gunzipped) return undefined;
    bytes = gunzipped;
  }
  return beginsGzip(bytes, raw) ? undefined : { layers, bytes };
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

const maxLayers = 2;

/** The first piece of the text; empty if there is none. */
async function readBeginning(raw: RawDocument): Promise<{ layers: number; beginning: Buffer }> {
  for (let layers = 0; ; layers += 1) {
    const beginning = await firstPiece(readLayers(raw, layers));
    if (layers === maxLayers || !beginsGzip(beginning, raw)) return { layers, beginning };
  }
}

async function firstPiece(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  for await (const piece of pieces) if (piece.length > 0) return piece;
  return Buffer.alloc(0);
}

async function* readBehind(beginning: Buffer, raw: RawDocument, layers: number): AsyncGenerator<Buffer> {
  if (beginning.length > 0) yield beginning;
  let seenBytes = beginning.length;
  for await (const piece of readLayers(raw, layers)) {
    if (piece.length > seenBytes) yield piece.subarray(seenBytes);
    seenBytes = Math.max(0, seenBytes - piece.length);
  }
}

/**
 * A gzip begins with 1f 8b 08, which no text does. With one of these bytes wrong it is a damaged
 * gzip, with only the first a truncated one.
 */
function beginsGzip(bytes: Buffer, raw: RawDocument): boolean {
  const { documentId } = raw.metadata;
  if (bytes.length === 1 && bytes[0] === 0x1f)
    throw new ReportsError('DOCUMENT_TRUNCATED', { documentId, bytes: 0 });
  const right = [0x1f, 0x8b, 0x08].filter((byte, index) => bytes[index] === byte).length;
  if (right === 2 && bytes.length > 2) {
    throw new ReportsError('DOCUMENT_CORRUPT', { documentId, found: 'its gzip header is damaged' });
  }
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}
