import { keepFile } from '../source/document/raw-store.js';
import type { DocumentFacts } from '../source/types.js';
import type { LedgerEntry } from '../warehouse/types.js';
import { CommitQueue } from './commit-queue.js';
import type { PipelineContext } from './context.js';
import { prepareRaw } from './load-document.js';

/** What Amazon would have said about a document, said by the user instead. */
export type FileFacts = Pick<
  DocumentFacts,
  'sellerId' | 'reportType' | 'marketplaceIds' | 'contentType' | 'compression'
>;

/**
 * Loads a document from disk, a Seller Central download say, by the same path as one from Amazon. Its document id comes from its bytes:
 * the same file again replaces what it loaded before.
 * Errors: FILE_UNREADABLE. What is wrong with the document itself is in the entry returned.
 */
export async function loadFile(
  path: string,
  facts: FileFacts,
  context: PipelineContext,
  maxDocumentBytes: number,
): Promise<LedgerEntry> {
  const raw = await keepFile(context.config.raw, path, {
    ...facts,
    reportCreatedAt: new Date().toISOString(),
  });
  const load = await prepareRaw(raw, { pipeline: null, maxDocumentBytes }, context);
  return new CommitQueue(context).submit(load, []);
}
