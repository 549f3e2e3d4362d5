import { isNotTheDocumentsFault, ReportsError } from '../errors/reports-error.js';
import { openRunJournal } from './failure-policy.js';
import { keepFile } from '../source/document/raw-store.js';
import type { DocumentMetadata } from '../source/types.js';
import { type LedgerEntry, ledgerKey } from '../warehouse/types.js';
import type { PipelineContext, StopSignals } from './context.js';
import { chooseType } from './choose-type.js';
import { buildLoad, quarantinedLoad } from './build-load.js';
import { type Failure, failureOf } from './work-summary.js';

/**
 * What Amazon would say about a document, given by the user instead. Without a report type, each
 * file has the type that its name or its headers show.
 */
export type FileMetadata = Partial<Pick<DocumentMetadata, 'reportType'>> &
  Pick<DocumentMetadata, 'sellerId' | 'marketplaceIds' | 'contentType' | 'compression' | 'reportCreatedAt'>;

/**
 * A file that was loaded or quarantined, or why it was neither. `path`: as given. `before`: the
 * ledger row of the same bytes.
 */
export type LoadedFile = { path: string } & (
  | { entry: LedgerEntry; before: LedgerEntry | undefined }
  | { failure: Failure }
);

/** A document that killed the program so often is quarantined, so that the next ones load. */
const maxCrashes = 2;

/**
 * Loads documents from disk, for example Seller Central downloads, by the same data path as those
 * from Amazon. The document id is derived from the bytes: loading the same file again replaces its
 * rows. Yields each file when it is finished; starts none after the stop signal. Errors: those that
 * every file would meet, such as a locked warehouse; the reason of the abort signal.
 */
export async function* loadFiles(
  paths: string[],
  metadata: FileMetadata,
  context: PipelineContext,
  { maxDocumentBytes, stop, abort }: StopSignals & { maxDocumentBytes: number },
): AsyncGenerator<LoadedFile> {
  const { reportType } = metadata;
  const { commits } = context.shared;
  const journal = openRunJournal(context);
  for (const path of paths) context.onEvent({ event: 'work_found', key: path, reportType });
  for (const path of paths) {
    if (stop.aborted) return;
    context.onEvent({ event: 'work_started', key: path, reportType });
    try {
      const decision =
        reportType === undefined
          ? await chooseType(path, context.schemas, {
              maxTextBytes: maxDocumentBytes,
              contentType: metadata.contentType,
            })
          : undefined;
      const raw = await keepFile(context.raw, path, {
        ...metadata,
        reportType: decision?.value ?? reportType ?? '',
      });
      context.onEvent({ event: 'bytes_downloaded', key: path, bytes: raw.bytes });
      const options = {
        pipeline: null,
        maxDocumentBytes,
        signal: abort,
        isFresh: true,
        decisions: decision ? [decision] : [],
      };
      const key = ledgerKey(raw.metadata);
      const before = (await context.warehouse.seen([key])).get(key);
      const count = journal.crashes(key);
      await journal.begin(key);
      let entry: LedgerEntry;
      try {
        const load =
          count < maxCrashes
            ? await buildLoad(raw, options, context)
            : quarantinedLoad(
                new ReportsError('PROCESS_KILLED', { documentId: raw.metadata.documentId, count }),
                raw,
                options,
                context,
              );
        entry = await commits.submit(load);
      } finally {
        await journal.end(key);
      }
      context.onEvent({ event: 'work_finished', key: path, outcome: entry.status });
      yield { path, entry: await withSuperseded(entry, context), before };
    } catch (error) {
      abort.throwIfAborted();
      if (isNotTheDocumentsFault(error)) throw error;
      const failure = failureOf({ key: path, sellerId: null }, error);
      const err = failure.code === 'UNEXPECTED' ? error : undefined;
      context.log.error({ key: path, code: failure.code, err }, failure.message);
      context.onEvent({ event: 'work_finished', key: path, outcome: 'failed' });
      yield { path, failure };
    }
  }
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
