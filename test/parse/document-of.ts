import type { DocumentFacts, ExaminedDocument } from '../../src/source/types.js';

/** A document with this text, as `examineDocument` would give it; the text comes in chunks of `chunkCharacters`. */
export function documentOf(
  text: string,
  facts: Partial<DocumentFacts> = {},
  chunkCharacters = 1000,
): ExaminedDocument {
  return {
    raw: {
      facts: { sellerId: 'A1', documentId: 'd1', reportType: 'GET_TEST', marketplaceIds: [], ...facts },
      path: '',
      bytes: text.length,
    },
    gzipped: false,
    charset: 'utf-8',
    charsetSource: 'strict-utf8',
    textBytes: text.length,
    notes: [],
    async *openText() {
      for (let at = 0; at < text.length; at += chunkCharacters) yield text.slice(at, at + chunkCharacters);
    },
    async *openBytes() {
      yield Buffer.from(text);
    },
  };
}
