import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { isNotTheDocumentsFault } from '../errors/reports-error.js';
import { faultPoint } from '../runtime/fault-point.js';
import type { CrashJournal } from '../scheduling/crash-journal.js';
import type { Decision } from '../schema/findings.js';
import { requestFacts } from '../schema/request-facts.js';
import { keepFile, unreadable } from '../source/document/raw-store.js';
import type { DocumentMetadata } from '../source/types.js';
import { type LedgerEntry, ledgerKey } from '../warehouse/types.js';
import type { CommitQueue } from './commit-queue.js';
import type { PipelineContext, StopSignals } from './context.js';
import { chooseMarketplace } from './choose-marketplace.js';
import { marketplacesInDocument } from './marketplaces-in-document.js';
import { chooseType } from './choose-type.js';
import type { LoadInput } from './load-inputs.js';
import { buildLoad, quarantinedLoad } from './build-load.js';
import { openAttempt, openRunJournal } from './failure-policy.js';
import { type Failure, failureOf } from './work-summary.js';

/**
 * What Amazon would say about a document, given by the user instead. Without a report type, each
 * file has the type that its name or its headers show.
 */
export type FileMetadata = Partial<Pick<DocumentMetadata, 'reportType'>> &
  Pick<DocumentMetadata, 'sellerId' | 'marketplaceIds' | 'contentType' | 'compression' | 'reportCreatedAt'>;

/**
 * An input that was loaded or quarantined, or why it was neither. `before`: the ledger row of the
 * same bytes.
 */
export type LoadedFile = { input: LoadInput } & LoadResult;

export type LoadResult = { entry: LedgerEntry; before: LedgerEntry | undefined } | { failure: Failure };

/** A file that crashed the program so often is not converted again, so that the next ones load. */
const maxCrashes = 2;

/**
 * Loads documents from disk, for example Seller Central downloads, by the same data path as those
 * from Amazon. The document id is derived from the bytes: loading the same file again replaces its
 * rows. Yields each input when it is finished; starts none after the stop signal. Errors: those
 * that every file would meet, such as a locked warehouse; the reason of the abort signal.
 */
export async function* loadFiles(
  inputs: LoadInput[],
  metadata: FileMetadata,
  context: PipelineContext,
  { maxDocumentBytes, stop, abort }: StopSignals & { maxDocumentBytes: number },
): AsyncGenerator<LoadedFile> {
  const { reportType } = metadata;
  const run: FileRun = {
    context,
    commits: context.shared.commits,
    journal: openRunJournal(context),
    maxDocumentBytes,
    signal: abort,
  };
  for (const { key } of inputs) context.onEvent({ event: 'work_found', key, reportType });
  for (const input of inputs) {
    const { key } = input;
    if (stop.aborted) return;
    context.onEvent({ event: 'work_started', key, reportType });
    try {
      const { entry, before } = await loadInput(input, metadata, run);
      context.onEvent({ event: 'work_finished', key, outcome: entry.status });
      yield { input, entry: await withSuperseded(entry, context), before };
    } catch (error) {
      abort.throwIfAborted();
      if (isNotTheDocumentsFault(error)) throw error;
      const failure = failureOf({ key, sellerId: null }, error);
      const err = failure.code === 'UNEXPECTED' ? error : undefined;
      context.log.error({ key, code: failure.code, err }, failure.message);
      context.onEvent({ event: 'work_finished', key, outcome: 'failed' });
      yield { input, failure };
    }
  }
}

/** What the files of one `load` share. */
interface FileRun {
  context: PipelineContext;
  commits: CommitQueue;
  journal: CrashJournal;
  maxDocumentBytes: number;
  signal: AbortSignal;
}

async function loadInput(
  input: LoadInput,
  metadata: FileMetadata,
  run: FileRun,
): Promise<{ entry: LedgerEntry; before: LedgerEntry | undefined }> {
  const { context, commits, journal, maxDocumentBytes, signal } = run;
  const path = await input.open();
  const key = await keyOfFile(input, path);
  const crashes = journal.crashes(key);
  const attempt = openAttempt({ key, crashes, maxCrashes, journal });
  await attempt.begin();
  try {
    // The ledger row of a quarantined file needs its type. If it crashed the program once more than
    // that, choosing the type may be what does so.
    const refusal = crashes > maxCrashes ? attempt.refusal(basename(input.name)) : undefined;
    if (refusal && metadata.reportType === undefined) throw refusal;
    const known = await describe(input, path, metadata, run);
    const { decisions } = known;
    const raw = await keepFile(context.raw, path, { ...metadata, ...known.metadata });
    context.onEvent({ event: 'bytes_downloaded', key: input.key, bytes: raw.bytes });
    const options = { pipeline: null, maxDocumentBytes, signal, isFresh: true, decisions };
    const before = (await context.warehouse.seen([ledgerKey(raw.metadata)])).get(ledgerKey(raw.metadata));
    const killed = attempt.refusal(raw.metadata.documentId);
    const load = killed
      ? quarantinedLoad(killed, raw, options, context)
      : await buildLoad(raw, options, context);
    return { entry: await commits.submit(load), before };
  } finally {
    await attempt.end();
  }
}

/**
 * The key of an input in the crash journal, known before anything reads it. A file that changed is
 * another one. Errors: FILE_UNREADABLE.
 */
async function keyOfFile({ key }: LoadInput, path: string): Promise<string> {
  try {
    const { size, mtimeMs } = await stat(path);
    return `file ${key} ${size} ${mtimeMs}`;
  } catch (error) {
    throw unreadable(error, key);
  }
}

/** The type and the marketplaces of an input: those given, otherwise those that it shows. */
async function describe(
  input: LoadInput,
  path: string,
  given: FileMetadata,
  { context: { schemas }, maxDocumentBytes, signal }: FileRun,
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
    const how = { reportType, schemas, contentType, maxTextBytes: maxDocumentBytes, signal };
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

/** Only the warehouse knows which rows were left out for newer ones. */
async function withSuperseded(entry: LedgerEntry, { warehouse }: PipelineContext): Promise<LedgerEntry> {
  if (entry.status !== 'loaded') return entry;
  const row = (await warehouse.seen([entry.key])).get(entry.key);
  const supersededOf = (name: string) => row?.tables.find((table) => table.name === name)?.superseded ?? 0;
  const tables = entry.tables.map((table) => {
    const superseded = supersededOf(table.name);
    return superseded > 0 ? { ...table, superseded } : table;
  });
  return { ...entry, tables };
}
