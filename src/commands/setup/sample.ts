import { resolve } from 'node:path';
import type { DocumentLimits } from '../../config/documents-spec.js';
import { defaultMaxDocumentBytes } from '../../config/default-limits.js';
import { examineDocument } from '../../source/document/examine.js';
import { withTempFolder } from '../../files/temp-folder.js';
import { keepFile } from '../../source/document/raw-store.js';
import type { ExaminedDocument } from '../../source/types.js';
import type { Io } from './io.js';
import type { SampleOptions } from './sample-options.js';
import { openFolderStore } from '../../store/folder-store.js';

/** How a document from disk is read. */
interface SampleReading {
  reportType: string;
  limits: DocumentLimits;
}

/**
 * Runs work on a document from disk without loading or keeping it. Errors: FILE_UNREADABLE, and
 * those of `examineDocument`.
 */
export async function withSample<T>(
  io: Io,
  file: string,
  { reportType, marketplace, contentType, limits }: SampleOptions & SampleReading,
  work: (document: ExaminedDocument) => Promise<T>,
): Promise<T> {
  return withTempFolder(async (folder) => {
    const raw = await keepFile(openFolderStore(folder), resolve(io.cwd, file), {
      sellerId: 'local',
      reportType,
      marketplaceIds: marketplace ?? [],
      contentType,
    });
    return await work(
      await examineDocument(raw, { maxTextBytes: defaultMaxDocumentBytes, ofContent: limits }),
    );
  });
}
