import { defaultDocumentLimits } from '../../src/config/documents-spec.js';
import type { DocumentMetadata, ExaminedDocument } from '../../src/source/types.js';

/**
 * A document with this text, as `examineDocument` would return it; the text comes in chunks of
 * `chunkCharacters`.
 */
export function documentOf(
  text: string,
  metadata: Partial<DocumentMetadata> = {},
  chunkCharacters = 1000,
): ExaminedDocument {
  return {
    raw: {
      metadata: { sellerId: 'A1', documentId: 'd1', reportType: 'GET_TEST', marketplaceIds: [], ...metadata },
      path: '',
      bytes: text.length,
      kept: null,
    },
    gzipped: false,
    charset: 'utf-8',
    charsetSource: 'bytes',
    isValidUtf8: true,
    limits: defaultDocumentLimits,
    textBytes: text.length,
    notes: [],
    async *openText() {
      // Decoders never split a surrogate pair.
      const characters = [...text];
      for (let at = 0; at < characters.length; at += chunkCharacters) {
        yield characters.slice(at, at + chunkCharacters).join('');
      }
    },
    async *openBytes() {
      const bytes = Buffer.from(text);
      const starts = Array.from(
        { length: Math.ceil(bytes.length / chunkCharacters) },
        (_, n) => n * chunkCharacters,
      );
      yield* passing(starts.map((at) => bytes.subarray(at, at + chunkCharacters)));
    },
  };
}

/** Pieces of bytes that are wiped when the next one is pulled: nobody may use them afterwards. */
export async function* passing(pieces: Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    const valid = Buffer.from(piece);
    yield valid;
    valid.fill(0);
  }
}
