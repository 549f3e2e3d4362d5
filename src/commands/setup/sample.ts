import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { DocumentLimits } from '../../config/documents-spec.js';
import { defaultMaxDocumentBytes } from '../../config/limits-spec.js';
import { examineDocument } from '../../source/document/examine.js';
import { withTempFolder } from '../../files/temp-folder.js';
import { keepFile } from '../../source/document/raw-store.js';
import type { ExaminedDocument } from '../../source/types.js';
import type { Io } from './io.js';
import { marketplaceOption } from './options.js';
import { openFolderStore } from '../../store/folder-store.js';

/** Metadata that Amazon would state for a document from disk. */
export interface SampleOptions {
  marketplace?: string[];
  contentType?: string;
}

/** Adds the options for this metadata to a command. */
export function sampleOptions(command: Command): Command {
  return command
    .option(
      '--marketplace <ID>',
      'marketplace id or country code; separate several by commas',
      marketplaceOption,
    )
    .option('--content-type <TYPE>', "content type of the download, such as 'text/plain; charset=Cp1252'");
}

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
