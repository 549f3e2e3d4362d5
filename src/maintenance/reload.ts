import { ReportsError } from '../errors/reports-error.js';
import { buildLoad } from '../ingest/build-load.js';
import type { PipelineContext } from '../ingest/context.js';
import { type DocumentRun, processDocument } from '../ingest/process-document.js';
import { type Failure, failureOf } from '../ingest/work-summary.js';
import { findRaw, isMetadataUnreadable, type RawId, rawPath } from '../source/document/raw-store.js';
import type { CallOptions } from '../source/types.js';
import { didYouMean } from '../text/nearest-name.js';
import { ledgerPages } from '../warehouse/ledger/ledger-pages.js';
import {
  isPurged,
  type LedgerEntry,
  type LedgerFilter,
  type LedgerRow,
  type Load,
} from '../warehouse/types.js';
import { fetcherOf, refOf } from './fetch-again.js';
import { noteUnchecked } from './unchecked-files.js';

/** A document of the ledger that was loaded again, or why it was not. */
export type Reloaded = { entry: LedgerEntry } | { failure: Failure };

export interface ReloadOptions extends CallOptions {
  maxDocumentBytes: number;
  /** Whether a document may have fewer rows than before, even if its bytes may differ. */
  acceptLoss: boolean;
}

/**
 * Loads documents of the ledger again, from raw, or from Amazon if the raw document is missing or
 * damaged. Replaces what they loaded before, unless they can no longer be loaded. Unloaded
 * documents stay so unless they are selected by id or status. Yields each document when it is
 * finished. Errors: NOT_LOADED if nothing matches; the reason of the signal.
 */
export async function* reload(
  filter: LedgerFilter,
  context: PipelineContext,
  options: ReloadOptions,
): AsyncGenerator<Reloaded> {
  const run: DocumentRun = { context, commits: context.shared.commits, call: options };
  const unchecked = new Set<string>();
  let isEmpty = true;
  // Oldest first, so that the tables pass through the same states as before.
  for await (const rows of ledgerPages(context.warehouse, context.clock, filter)) {
    isEmpty = false;
    for (const row of rows) {
      if (row.status === 'fatal' || row.status === 'cancelled' || row.status === 'skipped') continue;
      if (row.status === 'unloaded' && !isMeant(row, filter)) continue;
      try {
        // If they cannot be loaded again, the warehouse keeps their rows in the table.
        const reloaded = await loadAgain(row, run, options, unchecked);
        options.signal?.throwIfAborted();
        yield reloaded;
      } catch (error) {
        options.signal?.throwIfAborted();
        // A failure of one document must not prevent the loads of the others.
        yield { failure: failureOf(row, error) };
      }
    }
  }
  if (isEmpty) {
    throw new ReportsError('NOT_LOADED', {
      thing: describeFilter(filter),
      nearest: await suggestionFor(filter, context),
    });
  }
  noteUnchecked(context.log, unchecked.size);
}

/** Whether an unloaded document is selected by its id or its status, not by type or table alone. */
function isMeant({ documentId, reportId }: LedgerRow, { statuses, documentOrTable }: LedgerFilter): boolean {
  return (
    statuses?.includes('unloaded') ||
    (documentOrTable !== undefined && [documentId, reportId].includes(documentOrTable))
  );
}

/** Describes the selection, for example `x, of status quarantined, of type GET_...`. */
function describeFilter({ documentOrTable, statuses, reportType }: LedgerFilter): string {
  const words = [
    documentOrTable ?? 'documents',
    ...(statuses ? [`of status ${statuses.join(', ')}`] : []),
    ...(reportType ? [`of type ${reportType}`] : []),
  ];
  return words.join(' ');
}

/** The table or report type that was probably meant, if nothing was loaded for the given one. */
async function suggestionFor(
  { documentOrTable, reportType }: LedgerFilter,
  { warehouse }: PipelineContext,
): Promise<string> {
  const tables = await warehouse.tables();
  const types = new Set(tables.flatMap((table) => table.reportType ?? []));
  if (reportType !== undefined && !types.has(reportType)) return didYouMean(reportType, types);
  const names = tables.map(({ name }) => name);
  return documentOrTable === undefined ? '' : didYouMean(documentOrTable, names);
}

/**
 * Loads the document of one ledger row again, while no run of this process works on it. `unchecked`
 * receives its key if nothing but its size is known of its bytes.
 * Errors: RAW_PURGED, RAW_MISSING, SELLER_UNKNOWN; those of building and committing a load.
 */
export async function loadAgain(
  row: LedgerRow,
  run: DocumentRun,
  options: ReloadOptions,
  unchecked: Set<string>,
): Promise<Reloaded> {
  const { key, sellerId, reportId } = row;
  const { shared, warehouse } = run.context;
  const report = { sellerId: sellerId ?? '', reportId: reportId ?? undefined };
  return await shared.alone({ key, report, messages: [] }, async (hasWaited) => {
    // The run that had it may have committed it.
    const current = hasWaited ? (await warehouse.seen([key])).get(key) : row;
    return await loadAlone(current ?? row, run, options, unchecked);
  });
}

async function loadAlone(
  row: LedgerRow,
  run: DocumentRun,
  options: ReloadOptions,
  unchecked: Set<string>,
): Promise<Reloaded> {
  const { context, commits } = run;
  const { key, sellerId, documentId, reportType } = row;
  // Amazon may still have the document, but purged data must not come back.
  if (isPurged(row)) throw new ReportsError('RAW_PURGED', { documentId: documentId ?? key });
  if (sellerId && documentId && reportType) {
    const load = await buildFromRaw({ sellerId, documentId, reportType }, row, context, options, unchecked);
    if (load) return { entry: await commits.submit(load) };
  }
  const ref = refOf(row, options.maxDocumentBytes);
  const seller = ref && context.sellingPartner(ref.sellerId);
  if (ref && seller) {
    const report = { ...ref, sellerId: seller.sellerId };
    const { acceptLoss } = options;
    return processDocument({ key, report, messages: [], before: row, acceptLoss }, run);
  }
  if (ref && row.reasonCode === 'SELLER_UNKNOWN') {
    throw new ReportsError('SELLER_UNKNOWN', { sellerId: ref.sellerId });
  }
  const id = { sellerId: sellerId ?? '', documentId: documentId ?? key, reportType: reportType ?? '' };
  const path = context.raw.nameOf(rawPath(context.raw.folder, id));
  throw new ReportsError('RAW_MISSING', { documentId: id.documentId, path });
}

/** Builds the load from the raw document; undefined if there is none. */
async function buildFromRaw(
  id: RawId,
  row: LedgerRow,
  context: PipelineContext,
  options: ReloadOptions,
  unchecked: Set<string>,
): Promise<Load | undefined> {
  const fetchAgain = fetcherOf(row, context, options);
  const build = { pipeline: row.pipeline, before: row, ...options };
  try {
    const raw = await findRaw(context.raw, id);
    if (!raw) return undefined;
    if (!raw.kept && row.rawSha256 === null) unchecked.add(row.key);
    return await buildLoad(raw, build, context, { fetchAgain });
  } catch (error) {
    if (!isMetadataUnreadable(error) || !fetchAgain) throw error;
    return buildLoad(await fetchAgain(), { ...build, isFresh: true }, context);
  }
}
