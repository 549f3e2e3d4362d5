import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ReportsError } from '../errors/reports-error.js';
import { faultPoint } from '../runtime/fault-point.js';
import type { CrashJournal } from '../scheduling/crash-journal.js';
import type { Decision } from '../schema/findings.js';
import { requestFacts } from '../schema/request-facts.js';
import { keepFile, unreadable } from '../source/document/raw-store.js';
import type { DocumentMetadata, RawDocument } from '../source/types.js';
import { chooseMarketplace } from './choose-marketplace.js';
import { chooseType } from './choose-type.js';
import { marketplacesInDocument } from './marketplaces-in-document.js';
import type { PipelineContext, StopSignals } from './context.js';
import { crashRefusal } from './failure-policy.js';
import type { LoadInput } from './load-inputs.js';

/**
 * What Amazon would say about a document, given by the user instead. Without a report type, each
 * file has the type that its name or its headers show.
 */
export type FileMetadata = Partial<Pick<DocumentMetadata, 'reportType'>> &
  Pick<DocumentMetadata, 'sellerId' | 'marketplaceIds' | 'contentType' | 'compression' | 'reportCreatedAt'>;

/** A file that crashed the program so often is not converted again, so that the next ones load. */
const maxCrashes = 2;

/** What the files of one `load` share. */
export interface FileRun extends StopSignals {
  metadata: FileMetadata;
  context: PipelineContext;
  journal: CrashJournal;
  maxDocumentBytes: number;
}

/** An input whose bytes are on this machine. */
export interface OpenedFile {
  input: LoadInput;
  path: string;
  bytes: number;
  /** Its key in the crash journal. */
  journalKey: string;
  /** How often the program crashed while it worked on this file. */
  crashes: number;
}

/** A file whose bytes are in the raw store. */
export interface KeptFile {
  input: LoadInput;
  raw: RawDocument;
  decisions: Decision[];
  /** The reason not to convert it. */
  refusal: ReportsError | undefined;
}

/** Opens an input. Errors: FILE_UNREADABLE, ARCHIVE_UNREADABLE. */
export async function openInput(input: LoadInput, { journal }: FileRun): Promise<OpenedFile> {
  const path = await input.open();
  try {
    const { size, mtimeMs } = await stat(path);
    // Known before anything reads the file. A file that changed is another one.
    const journalKey = `file ${input.key} ${size} ${mtimeMs}`;
    return { input, path, bytes: size, journalKey, crashes: journal.crashes(journalKey) };
  } catch (error) {
    throw unreadable(error, input.key);
  }
}

/**
 * Copies the bytes of a file to the raw store, with its type and its marketplaces. Errors: those of
 * the file and of the store; PROCESS_KILLED.
 */
export async function keepInput({ input, path, crashes }: OpenedFile, run: FileRun): Promise<KeptFile> {
  const { context, metadata } = run;
  // The ledger row of a quarantined file needs its type. If it crashed the program once more than
  // that, choosing the type may be what does so.
  const refusal = crashRefusal(basename(input.name), { crashes, maxCrashes: maxCrashes + 1 });
  if (refusal && metadata.reportType === undefined) throw refusal;
  const known = await describe(input, path, run);
  const raw = await keepFile(context.raw, path, { ...metadata, ...known.metadata });
  context.onEvent({ event: 'bytes_downloaded', key: input.key, bytes: raw.bytes });
  const { documentId } = raw.metadata;
  return {
    input,
    raw,
    decisions: known.decisions,
    refusal: crashRefusal(documentId, { crashes, maxCrashes }),
  };
}

/** The type and the marketplaces of an input: those given, otherwise those that it shows. */
async function describe(
  input: LoadInput,
  path: string,
  { metadata: given, context: { schemas }, maxDocumentBytes, abort }: FileRun,
): Promise<{ metadata: Pick<DocumentMetadata, 'reportType' | 'marketplaceIds'>; decisions: Decision[] }> {
  const { contentType } = given;
  const decisions: Decision[] = [];
  let { reportType, marketplaceIds } = given;
  if (reportType === undefined) {
    const how = { maxTextBytes: maxDocumentBytes, contentType };
    const decision = await chooseType(input, path, schemas, how);
    faultPoint('type-chosen');
    decisions.push(decision);
    reportType = decision.value;
  }
  // Reports of these types are about the whole region.
  const isOfRegion = requestFacts(schemas, reportType).marketplaces === 'ignored';
  if (marketplaceIds.length === 0 && !isOfRegion) {
    const named = chooseMarketplace(input.describedBy, reportType);
    const how = { reportType, schemas, contentType, maxTextBytes: maxDocumentBytes, signal: abort };
    const chosen = named
      ? { marketplaceIds: [named.marketplaceId], decision: named.decision }
      : await marketplacesInDocument(path, how);
    if (chosen) {
      marketplaceIds = chosen.marketplaceIds;
      decisions.push(chosen.decision);
    }
  }
  return { metadata: { reportType, marketplaceIds }, decisions };
}
