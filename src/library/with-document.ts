import { defaultMaxDocumentBytes } from '../config/default-limits.js';
import type { DocumentLimits } from '../config/documents-spec.js';
import { withTempFolder } from '../files/temp-folder.js';
import { examineDocument } from '../source/document/examine.js';
import { keepFile } from '../source/document/raw-store.js';
import type { ExaminedDocument } from '../source/types.js';
import { openFolderStore } from '../store/folder-store.js';

/** What is known of a file beside its bytes. */
export interface FileFacts {
  reportType: string;
  /** The marketplaces that the report is about. */
  marketplaceIds?: string[];
  /** Its Content-Type, for example `text/plain; charset=windows-1252`. */
  contentType?: string;
  limits?: DocumentLimits;
}

/**
 * Runs work on a document from disk without loading or keeping it. Errors: FILE_UNREADABLE, and
 * those of `examineDocument`.
 */
export async function withDocument<T>(
  path: string,
  { reportType, marketplaceIds = [], contentType, limits }: FileFacts,
  work: (document: ExaminedDocument) => Promise<T>,
): Promise<T> {
  return withTempFolder(async (folder) => {
    const about = { sellerId: 'local', reportType, marketplaceIds, contentType };
    const raw = await keepFile(openFolderStore(folder), path, about);
    return await work(
      await examineDocument(raw, { maxTextBytes: defaultMaxDocumentBytes, ofContent: limits }),
    );
  });
}
