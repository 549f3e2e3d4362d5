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
      for (let at = 0; at < bytes.length; at += chunkCharacters)
        yield bytes.subarray(at, at + chunkCharacters);
    },
  };
}
