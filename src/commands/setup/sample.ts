import { resolve } from 'node:path';
import type { DocumentLimits } from '../../config/documents-spec.js';
import { withDocument } from '../../library/with-document.js';
import type { ExaminedDocument } from '../../source/types.js';
import type { Io } from './io.js';
import type { SampleOptions } from './sample-options.js';

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
  const about = { reportType, marketplaceIds: marketplace, contentType, limits };
  return withDocument(resolve(io.cwd, file), about, work);
}
